/**
 * How are two matrices multiplied? C (M × N) = A (M × K) · B (K × N), each with strides of its own, so that a transpose is free.
 *
 * Eight columns of B at a time are copied into a panel that lies in the cache in the order in which it is read; four rows of A go over it,
 * with 4 × 8 sums in registers. Sizes and strides count numbers, addresses bytes.
 */

import { FLOAT, LANES, loadUpTo, madd, storeUpTo, sumOf, VECTOR } from "./lanes";

const WIDTH: i32 = 8; // columns of a panel
const DEPTH: i32 = 512; // rows of a panel: 16 kB

/** C = A·B, or C += A·B where `adds`. `panel`: room for 8 · 512 numbers. */
export function product(
  M: i32,
  N: i32,
  K: i32,
  a: usize,
  aRow: i32,
  aColumn: i32,
  b: usize,
  bRow: i32,
  bColumn: i32,
  c: usize,
  cRow: i32,
  adds: bool,
  panel: usize,
): void {
  if (M < LANES && aColumn == 1 && (bRow == 1 || bColumn == 1)) {
    for (let i = 0; i < M; i++) {
      const from = a + ((i * aRow) as usize) * FLOAT;
      const to = c + ((i * cRow) as usize) * FLOAT;
      if (bRow == 1) rowByDots(N, K, from, b, bColumn, to, adds);
      else rowBySums(N, K, from, b, bRow, to, adds);
    }
    return;
  }
  for (let k = 0; k < K; k += DEPTH) {
    const depth = min(DEPTH, K - k);
    const rows = a + ((k * aColumn) as usize) * FLOAT;
    for (let j = 0; j < N; j += WIDTH) {
      fillPanel(b + ((k * bRow + j * bColumn) as usize) * FLOAT, bRow, bColumn, depth, min(WIDTH, N - j), panel);
      overPanel(M, depth, min(WIDTH, N - j), rows, aRow, aColumn, panel, c + (j as usize) * FLOAT, cRow, adds || k > 0);
    }
  }
}

/** One row of C where the columns of B are contiguous: dot products, four columns at a time. */
function rowByDots(N: i32, K: i32, a: usize, b: usize, bColumn: i32, c: usize, adds: bool): void {
  const step = (bColumn as usize) * FLOAT;
  const whole = K & ~3;
  let j = 0;
  for (; j + LANES <= N; j += LANES) {
    const b0 = b + (j as usize) * step;
    const b1 = b0 + step;
    const b2 = b1 + step;
    const b3 = b2 + step;
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    for (let k = 0; k < whole; k += LANES) {
      const at = (k as usize) * FLOAT;
      const x = v128.load(a + at);
      s0 = madd(x, v128.load(b0 + at), s0);
      s1 = madd(x, v128.load(b1 + at), s1);
      s2 = madd(x, v128.load(b2 + at), s2);
      s3 = madd(x, v128.load(b3 + at), s3);
    }
    if (whole < K) {
      const at = (whole as usize) * FLOAT;
      const left = K - whole;
      const x = loadUpTo(a + at, left);
      s0 = madd(x, loadUpTo(b0 + at, left), s0);
      s1 = madd(x, loadUpTo(b1 + at, left), s1);
      s2 = madd(x, loadUpTo(b2 + at, left), s2);
      s3 = madd(x, loadUpTo(b3 + at, left), s3);
    }
    const low = f32x4.add(v128.shuffle<f32>(s0, s1, 0, 4, 2, 6), v128.shuffle<f32>(s0, s1, 1, 5, 3, 7));
    const high = f32x4.add(v128.shuffle<f32>(s2, s3, 0, 4, 2, 6), v128.shuffle<f32>(s2, s3, 1, 5, 3, 7));
    const sum = f32x4.add(v128.shuffle<f32>(low, high, 0, 1, 4, 5), v128.shuffle<f32>(low, high, 2, 3, 6, 7));
    const to = c + (j as usize) * FLOAT;
    v128.store(to, adds ? f32x4.add(v128.load(to), sum) : sum);
  }
  for (; j < N; j++) {
    const bj = b + (j as usize) * step;
    let sum = f32x4.splat(0);
    for (let k = 0; k < K; k += LANES) {
      const at = (k as usize) * FLOAT;
      sum = madd(loadUpTo(a + at, K - k), loadUpTo(bj + at, K - k), sum);
    }
    const to = c + (j as usize) * FLOAT;
    store<f32>(to, (adds ? load<f32>(to) : 0) + sumOf(sum));
  }
}

/** One row of C where the rows of B are contiguous: they are added up, those of a zero left out. */
function rowBySums(N: i32, K: i32, a: usize, b: usize, bRow: i32, c: usize, adds: bool): void {
  if (!adds) memory.fill(c, 0, (N as usize) * FLOAT);
  for (let k = 0; k < K; k++) {
    const value = load<f32>(a + (k as usize) * FLOAT);
    if (value == 0) continue;
    const x = f32x4.splat(value);
    const from = b + ((k * bRow) as usize) * FLOAT;
    for (let j = 0; j < N; j += LANES) {
      const at = (j as usize) * FLOAT;
      storeUpTo(c + at, madd(x, loadUpTo(from + at, N - j), loadUpTo(c + at, N - j)), N - j);
    }
  }
}

/** Copies up to eight columns of B row by row; the columns that are missing are 0. */
function fillPanel(b: usize, bRow: i32, bColumn: i32, depth: i32, width: i32, panel: usize): void {
  const row = (bRow as usize) * FLOAT;
  if (bColumn == 1) {
    for (let k = 0; k < depth; k++) {
      v128.store(panel, loadUpTo(b, width));
      v128.store(panel + VECTOR, loadUpTo(b + VECTOR, width - LANES));
      panel += 2 * VECTOR;
      b += row;
    }
    return;
  }
  const column = (bColumn as usize) * FLOAT;
  for (let j = 0; j < WIDTH; j++) {
    let to = panel + (j as usize) * FLOAT;
    let from = b + (j as usize) * column;
    for (let k = 0; k < depth; k++) {
      store<f32>(to, j < width ? load<f32>(from) : 0);
      to += 2 * VECTOR;
      from += row;
    }
  }
}

/** All rows of A over one panel. */
export function overPanel(
  M: i32,
  depth: i32,
  width: i32,
  a: usize,
  aRow: i32,
  aColumn: i32,
  panel: usize,
  c: usize,
  cRow: i32,
  adds: bool,
): void {
  const row = (aRow as usize) * FLOAT;
  const column = (aColumn as usize) * FLOAT;
  const down = (cRow as usize) * FLOAT;
  const last = panel + (depth as usize) * 2 * VECTOR;
  let i = 0;
  for (; i + LANES <= M; i += LANES) {
    let p = a + (i as usize) * row;
    let q = p + row;
    let r = q + row;
    let s = r + row;
    let c00 = f32x4.splat(0);
    let c01 = c00;
    let c10 = c00;
    let c11 = c00;
    let c20 = c00;
    let c21 = c00;
    let c30 = c00;
    let c31 = c00;
    for (let at = panel; at < last; at += 2 * VECTOR) {
      const b0 = v128.load(at);
      const b1 = v128.load(at + VECTOR);
      let x = v128.load32_splat(p);
      c00 = madd(x, b0, c00);
      c01 = madd(x, b1, c01);
      x = v128.load32_splat(q);
      c10 = madd(x, b0, c10);
      c11 = madd(x, b1, c11);
      x = v128.load32_splat(r);
      c20 = madd(x, b0, c20);
      c21 = madd(x, b1, c21);
      x = v128.load32_splat(s);
      c30 = madd(x, b0, c30);
      c31 = madd(x, b1, c31);
      p += column;
      q += column;
      r += column;
      s += column;
    }
    let to = c + (i as usize) * down;
    put(to, c00, c01, width, adds);
    to += down;
    put(to, c10, c11, width, adds);
    to += down;
    put(to, c20, c21, width, adds);
    to += down;
    put(to, c30, c31, width, adds);
  }
  for (; i < M; i++) {
    let p = a + (i as usize) * row;
    let c0 = f32x4.splat(0);
    let c1 = c0;
    for (let at = panel; at < last; at += 2 * VECTOR) {
      const x = v128.load32_splat(p);
      c0 = madd(x, v128.load(at), c0);
      c1 = madd(x, v128.load(at + VECTOR), c1);
      p += column;
    }
    put(c + (i as usize) * down, c0, c1, width, adds);
  }
}

@inline
function put(to: usize, low: v128, high: v128, width: i32, adds: bool): void {
  if (width == WIDTH) {
    v128.store(to, adds ? f32x4.add(v128.load(to), low) : low);
    v128.store(to + VECTOR, adds ? f32x4.add(v128.load(to + VECTOR), high) : high);
    return;
  }
  storeUpTo(to, adds ? f32x4.add(loadUpTo(to, width), low) : low, width);
  storeUpTo(to + VECTOR, adds ? f32x4.add(loadUpTo(to + VECTOR, width - LANES), high) : high, width - LANES);
}
