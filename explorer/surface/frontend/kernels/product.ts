/**
 * How are two matrices multiplied? C (M × N) = A (M × K) · B (K × N), each with strides of its own, so that a transpose is free.
 *
 * A block of B is copied into panels of eight columns, in the order in which they are read; then slabs of some rows of A are copied in the same
 * way, and a slab and a panel give a tile of sums that lie in registers (Goto & van de Geijn 2008). Lines of a slab or panel that hold nothing but
 * zeros are left out: of handwriting more than half. Sizes and strides count numbers, addresses bytes.
 */

import { FLOAT, LANES, loadUpTo, madd, storeUpTo, VECTOR } from "./lanes";

export const WIDTH: i32 = 8; // columns of a panel
export const COLUMNS: i32 = 256; // of a block
export const DEPTH: i32 = 256; // rows of a block: its panels are 8 kB each
/** Rows of a slab: as many as leave registers for what is multiplied; a product that is not fused needs one more. */
const ROWS: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 5;

/** Bytes of a list of lines: how many, then their numbers. */
const LIST: usize = VECTOR + (DEPTH as usize);

/** Lines of which none is zero before the others are taken to be so too. */
const TRIED: i32 = 64;

/** Up to so many rows, dot products of each with the columns of B are faster than slabs, for which B is copied first. */
const DOTS: i32 = 10;

/** C = A·B, or C += A·B where `adds`. `panels`: room for a block, a slab and a tile. */
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
  panels: usize,
): void {
  // sums pay for one row alone, of which they leave out what is 0
  if (aColumn == 1 && (bRow == 1 ? M <= DOTS : M == 1 && bColumn == 1)) {
    for (let i = 0; i < M; i++) {
      const from = a + ((i * aRow) as usize) * FLOAT;
      const to = c + ((i * cRow) as usize) * FLOAT;
      if (bRow == 1) rowByDots(N, K, from, b, bColumn, to, adds);
      else rowBySums(N, K, from, b, bRow, to, adds);
    }
    return;
  }
  if (!adds) for (let i = 0; i < M; i++) memory.fill(c + ((i * cRow) as usize) * FLOAT, 0, (N as usize) * FLOAT);
  for (let k = 0; k < K; k += DEPTH) {
    const depth = min(DEPTH, K - k);
    const rows = a + ((k * aColumn) as usize) * FLOAT;
    for (let n = 0; n < N; n += COLUMNS) {
      const columns = min(COLUMNS, N - n);
      for (let j = 0; j < columns; j += WIDTH) {
        const from = b + ((k * bRow + (n + j) * bColumn) as usize) * FLOAT;
        pack(from, bRow, bColumn, depth, columns - j, WIDTH, panels + ((j * depth) as usize) * FLOAT);
      }
      overBlock(M, depth, columns, rows, aRow, aColumn, panels, c + (n as usize) * FLOAT, cRow);
    }
  }
}

/** Lists the lines that hold another number than 0; gives how many. Where the first hold one, so do all: weights do. */
function list(depth: i32, lines: usize, wide: i32, to: usize): i32 {
  const next = (wide as usize) * FLOAT;
  const first = to + VECTOR;
  let put = first;
  for (let k = 0; k < depth; k++) {
    if (k == TRIED && put == first + TRIED) {
      put = first + depth;
      break;
    }
    store<u8>(put, k);
    put += v128.any_true(v128.or(v128.load(lines), v128.load(lines + next - VECTOR))) as usize;
    lines += next;
  }
  const n = (put - first) as i32;
  store<i32>(to, n);
  return n;
}

/** C += A · a block's panels, all rows. */
export function overBlock(
  M: i32,
  depth: i32,
  columns: i32,
  a: usize,
  aRow: i32,
  aColumn: i32,
  panels: usize,
  c: usize,
  cRow: i32,
): void {
  const slab = panels + ((COLUMNS * DEPTH) as usize) * FLOAT;
  const part = slab + ((ROWS * DEPTH) as usize) * FLOAT;
  const own = part + ((ROWS * WIDTH) as usize) * FLOAT;
  const lists = own + LIST;
  const down = (cRow as usize) * FLOAT;
  // to be worth it, a list has to be used often
  const isListed = M > 8 * ROWS;
  if (isListed)
    for (let j = 0; j < columns; j += WIDTH)
      list(depth, panels + ((j * depth) as usize) * FLOAT, WIDTH, lists + ((j / WIDTH) as usize) * LIST);
  for (let i = 0; i < M; i += ROWS) {
    const rows = min(ROWS, M - i);
    pack(a + ((i * aRow) as usize) * FLOAT, aColumn, aRow, depth, rows, ROWS, slab);
    const ownLines = list(depth, slab, ROWS, own);
    for (let j = 0; j < columns; j += WIDTH) {
      const panel = panels + ((j * depth) as usize) * FLOAT;
      const to = c + ((i * cRow + j) as usize) * FLOAT;
      const bytes = (min(WIDTH, columns - j) as usize) * FLOAT;
      const isWhole = rows == ROWS && bytes == 2 * VECTOR;
      // else only a part of the tile lies in C
      if (!isWhole) copy(rows, bytes, to, down, part, 2 * VECTOR);
      const at = isWhole ? to : part;
      const stride = isWhole ? down : 2 * VECTOR;
      let lines = own;
      let n = ownLines;
      if (isListed) {
        const others = lists + ((j / WIDTH) as usize) * LIST;
        if (load<i32>(others) < n) {
          lines = others;
          n = load<i32>(others);
        }
      }
      // a list takes time too
      if (n > depth - (depth >> 3)) tile<u32>(depth, slab, panel, 0, at, stride);
      else tile<u8>(n, slab, panel, lines + VECTOR, at, stride);
      if (!isWhole) copy(rows, bytes, part, 2 * VECTOR, to, down);
    }
  }
}

/** One row of C where the columns of B are contiguous: dot products, four columns at a time; one that is missing is computed like the first. */
function rowByDots(N: i32, K: i32, a: usize, b: usize, bColumn: i32, c: usize, adds: bool): void {
  const step = (bColumn as usize) * FLOAT;
  const whole = K & ~3;
  for (let j = 0; j < N; j += LANES) {
    const columns = N - j;
    const b0 = b + (j as usize) * step;
    const b1 = columns > 1 ? b0 + step : b0;
    const b2 = columns > 2 ? b0 + 2 * step : b0;
    const b3 = columns > 3 ? b0 + 3 * step : b0;
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    let at: usize = 0;
    for (const end = (whole as usize) * FLOAT; at < end; at += VECTOR) {
      const x = v128.load(a + at);
      s0 = madd(x, v128.load(b0 + at), s0);
      s1 = madd(x, v128.load(b1 + at), s1);
      s2 = madd(x, v128.load(b2 + at), s2);
      s3 = madd(x, v128.load(b3 + at), s3);
    }
    const low = f32x4.add(v128.shuffle<f32>(s0, s1, 0, 4, 2, 6), v128.shuffle<f32>(s0, s1, 1, 5, 3, 7));
    const high = f32x4.add(v128.shuffle<f32>(s2, s3, 0, 4, 2, 6), v128.shuffle<f32>(s2, s3, 1, 5, 3, 7));
    let sum = f32x4.add(v128.shuffle<f32>(low, high, 0, 1, 4, 5), v128.shuffle<f32>(low, high, 2, 3, 6, 7));
    for (const end = (K as usize) * FLOAT; at < end; at += FLOAT) {
      let column = v128.load32_zero(b0 + at);
      column = v128.load_lane<f32>(b1 + at, column, 1);
      column = v128.load_lane<f32>(b2 + at, column, 2);
      column = v128.load_lane<f32>(b3 + at, column, 3);
      sum = madd(v128.load32_splat(a + at), column, sum);
    }
    const to = c + (j as usize) * FLOAT;
    storeUpTo(to, adds ? f32x4.add(loadUpTo(to, columns), sum) : sum, columns);
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

/**
 * Copies `wide` lines of `depth` numbers each, side by side: number k of all lines, then number k + 1. Of lines that are not there 0. `along`:
 * from one number of a line to the next, `across`: from one line to the next.
 */
function pack(from: usize, along: i32, across: i32, depth: i32, lines: i32, wide: i32, to: usize): void {
  const step = (along as usize) * FLOAT;
  const line = (across as usize) * FLOAT;
  const next = (wide as usize) * FLOAT;
  let packed = 0;
  // four lines from the first on, and the four up to the last: they overlap where there are fewer than eight
  const second = next - VECTOR;
  if (lines >= wide && across == 1) {
    for (; packed < depth; packed++) {
      v128.store(to, v128.load(from));
      v128.store(to + second, v128.load(from + second));
      from += step;
      to += next;
    }
    return;
  }
  if (lines >= wide && along == 1) {
    for (; packed + LANES <= depth; packed += LANES) {
      turn(from, line, to, next);
      turn(from + line * ((wide - LANES) as usize), line, to + second, next);
      from += VECTOR;
      to += next * LANES;
    }
  }
  for (let i = 0; i < wide; i++) {
    let at = from + (i as usize) * line;
    let put = to + (i as usize) * FLOAT;
    for (let k = packed; k < depth; k++) {
      store<f32>(put, i < lines ? load<f32>(at) : 0);
      at += step;
      put += next;
    }
  }
}

/** The transpose of 4 × 4 numbers. */
function turn(from: usize, line: usize, to: usize, next: usize): void {
  const a = v128.load(from);
  const b = v128.load(from + line);
  const c = v128.load(from + 2 * line);
  const d = v128.load(from + 3 * line);
  const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  v128.store(to, v128.shuffle<f32>(ab, cd, 0, 1, 4, 5));
  v128.store(to + next, v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
  const ab2 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cd2 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(to + 2 * next, v128.shuffle<f32>(ab2, cd2, 0, 1, 4, 5));
  v128.store(to + 3 * next, v128.shuffle<f32>(ab2, cd2, 2, 3, 6, 7));
}

/**
 * C += slab · panel, a whole tile: of the n lines whose numbers are listed in bytes, or of the first n where T is no byte. It calls nothing: what lies in registers would be written to the stack in every turn of the loop, to be there
 * after the call.
 */
function tile<T>(n: i32, slab: usize, panel: usize, lines: usize, c: usize, down: usize): void {
  const isListed = sizeof<T>() == 1;
  const c1 = c + down;
  const c2 = c1 + down;
  const c3 = c2 + down;
  const c4 = c3 + down;
  const c5 = c4 + down;
  let c00 = v128.load(c);
  let c01 = v128.load(c, 16);
  let c10 = v128.load(c1);
  let c11 = v128.load(c1, 16);
  let c20 = v128.load(c2);
  let c21 = v128.load(c2, 16);
  let c30 = v128.load(c3);
  let c31 = v128.load(c3, 16);
  let c40 = v128.load(c4);
  let c41 = v128.load(c4, 16);
  let c50 = ROWS > 5 ? v128.load(c5) : c00;
  let c51 = ROWS > 5 ? v128.load(c5, 16) : c00;
  let a = slab;
  let b = panel;
  for (; n > 0; n--) {
    if (isListed) {
      const k = load<u8>(lines++) as usize;
      a = slab + k * (ROWS as usize) * FLOAT;
      b = panel + k * 2 * VECTOR;
    }
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let x = v128.load32_splat(a);
    c00 = madd(x, b0, c00);
    c01 = madd(x, b1, c01);
    x = v128.load32_splat(a, 4);
    c10 = madd(x, b0, c10);
    c11 = madd(x, b1, c11);
    x = v128.load32_splat(a, 8);
    c20 = madd(x, b0, c20);
    c21 = madd(x, b1, c21);
    x = v128.load32_splat(a, 12);
    c30 = madd(x, b0, c30);
    c31 = madd(x, b1, c31);
    x = v128.load32_splat(a, 16);
    c40 = madd(x, b0, c40);
    c41 = madd(x, b1, c41);
    if (ROWS > 5) {
      x = v128.load32_splat(a, 20);
      c50 = madd(x, b0, c50);
      c51 = madd(x, b1, c51);
    }
    if (!isListed) {
      a += (ROWS as usize) * FLOAT;
      b += 2 * VECTOR;
    }
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  v128.store(c1, c10);
  v128.store(c1, c11, 16);
  v128.store(c2, c20);
  v128.store(c2, c21, 16);
  v128.store(c3, c30);
  v128.store(c3, c31, 16);
  v128.store(c4, c40);
  v128.store(c4, c41, 16);
  if (ROWS > 5) {
    v128.store(c5, c50);
    v128.store(c5, c51, 16);
  }
}

/** Copies rows, each `stride` bytes after the one before. */
function copy(rows: i32, bytes: usize, from: usize, stride: usize, to: usize, next: usize): void {
  for (; rows > 0; rows--) {
    memory.copy(to, from, bytes);
    from += stride;
    to += next;
  }
}
