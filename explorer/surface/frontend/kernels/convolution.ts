/**
 * How is a convolution computed? As a product of the weights (M × K) with patches (K × N) that are never written out: eight output places at a
 * time are read from the picture.
 *
 * Where number k of the patch at place n lies is taps[k] + places[n], both in bytes from the beginning of a padded picture. So kernels,
 * strides, dilation and the phases of a transposed convolution are tables, not code.
 */

import { FLOAT, LANES, madd, VECTOR } from "./lanes";
import { COLUMNS, DEPTH, overBlock, product, WIDTH } from "./product";

const NOWHERE: u32 = 0xffffffff; // of a number that is padding

/**
 * C (M × N) += A (M × K) · patches, C filled before. `panels`: room for a block, a slab and a tile.
 *
 * Where every eight places are two runs of four neighbours, which they are wherever an output's width is a multiple of four, the picture is read
 * as it lies; else places are gathered into the panels of the product.
 */
export function convolve(
  M: i32,
  N: i32,
  K: i32,
  a: usize,
  picture: usize,
  taps: usize,
  places: usize,
  c: usize,
  panels: usize,
): void {
  const isDirect = areRuns(N, places);
  const columns = isDirect ? WIDTH : COLUMNS;
  for (let k = 0; k < K; k += DEPTH) {
    const depth = min(DEPTH, K - k);
    const own = taps + (k as usize) * 4;
    const rows = a + (k as usize) * FLOAT;
    for (let n = 0; n < N; n += columns) {
      const at = places + (n as usize) * 4;
      const to = c + (n as usize) * FLOAT;
      if (isDirect) {
        overPicture(M, K, depth, rows, picture + load<u32>(at), picture + load<u32>(at, VECTOR), own, to, N);
        continue;
      }
      const width = min(COLUMNS, N - n);
      for (let j = 0; j < width; j += WIDTH) {
        const panel = panels + ((j * depth) as usize) * FLOAT;
        gather(picture, own, depth, at + (j as usize) * 4, min(WIDTH, width - j), panel);
      }
      overBlock(M, depth, width, rows, K, 1, panels, to, N);
    }
  }
}

/** Whether all places are runs of four neighbours, two and two: they ascend, so first and last of a run say it. */
function areRuns(N: i32, places: usize): bool {
  if (N % WIDTH) return false;
  for (const end = places + (N as usize) * 4; places < end; places += VECTOR)
    if (load<u32>(places, 12) != load<u32>(places) + 12) return false;
  return true;
}

/** All rows of A over eight places, four from each address on; a row that is missing is computed like the first and not written. */
function overPicture(
  M: i32,
  K: i32,
  depth: i32,
  a: usize,
  low: usize,
  high: usize,
  taps: usize,
  c: usize,
  N: i32,
): void {
  const row = (K as usize) * FLOAT;
  const down = (N as usize) * FLOAT;
  const last = taps + (depth as usize) * 4;
  for (let i = 0; i < M; i += LANES) {
    const rows = min(LANES, M - i);
    let p = a;
    let q = rows > 1 ? a + row : a;
    let r = rows > 2 ? a + 2 * row : a;
    let s = rows > 3 ? a + 3 * row : a;
    let c00 = f32x4.splat(0);
    let c01 = c00;
    let c10 = c00;
    let c11 = c00;
    let c20 = c00;
    let c21 = c00;
    let c30 = c00;
    let c31 = c00;
    for (let tap = taps; tap < last; tap += 4) {
      const at = load<u32>(tap) as usize;
      const b0 = v128.load(low + at);
      const b1 = v128.load(high + at);
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
      p += FLOAT;
      q += FLOAT;
      r += FLOAT;
      s += FLOAT;
    }
    add(c, c00, c01);
    if (rows > 1) add(c + down, c10, c11);
    if (rows > 2) add(c + 2 * down, c20, c21);
    if (rows > 3) add(c + 3 * down, c30, c31);
    a += 4 * row;
    c += 4 * down;
  }
}

@inline
function add(to: usize, low: v128, high: v128): void {
  v128.store(to, f32x4.add(v128.load(to), low));
  v128.store(to + VECTOR, f32x4.add(v128.load(to + VECTOR), high));
}

function gather(picture: usize, taps: usize, depth: i32, places: usize, width: i32, panel: usize): void {
  for (const end = taps + (depth as usize) * 4; taps < end; taps += 4) {
    const from = picture + (load<u32>(taps) as usize);
    for (let j = 0; j < WIDTH; j++) {
      const value = j < width ? load<f32>(from + (load<u32>(places + (j as usize) * 4) as usize)) : 0;
      store<f32>(panel + (j as usize) * FLOAT, value);
    }
    panel += 2 * VECTOR;
  }
}

/** The patches written out, (K × N): what the gradient of the weights is multiplied with. */
export function patches(N: i32, K: i32, picture: usize, taps: usize, places: usize, to: usize): void {
  for (let k = 0; k < K; k++) {
    const from = picture + (load<u32>(taps + (k as usize) * 4) as usize);
    for (let n = 0; n < N; n++) {
      store<f32>(to, load<f32>(from + (load<u32>(places + (n as usize) * 4) as usize)));
      to += FLOAT;
    }
  }
}

/** The transpose of `patches`: every number is added where it was taken from. */
export function unpatch(N: i32, K: i32, from: usize, taps: usize, places: usize, picture: usize): void {
  for (let k = 0; k < K; k++) {
    const base = picture + (load<u32>(taps + (k as usize) * 4) as usize);
    for (let n = 0; n < N; n++) {
      const to = base + (load<u32>(places + (n as usize) * 4) as usize);
      store<f32>(to, load<f32>(to) + load<f32>(from));
      from += FLOAT;
    }
  }
}

/** Copies the planes of a picture into one with a margin. */
export function frame(
  planes: i32,
  H: i32,
  W: i32,
  from: usize,
  to: usize,
  top: i32,
  left: i32,
  toH: i32,
  toW: i32,
): void {
  for (let plane = 0; plane < planes; plane++) {
    let row = to + ((plane * toH * toW + top * toW + left) as usize) * FLOAT;
    for (let y = 0; y < H; y++) {
      memory.copy(row, from, (W as usize) * FLOAT);
      from += (W as usize) * FLOAT;
      row += (toW as usize) * FLOAT;
    }
  }
}

/** The planes of a picture without its margin. */
export function unframe(
  planes: i32,
  H: i32,
  W: i32,
  from: usize,
  to: usize,
  top: i32,
  left: i32,
  fromH: i32,
  fromW: i32,
): void {
  for (let plane = 0; plane < planes; plane++) {
    let row = from + ((plane * fromH * fromW + top * fromW + left) as usize) * FLOAT;
    for (let y = 0; y < H; y++) {
      memory.copy(to, row, (W as usize) * FLOAT);
      to += (W as usize) * FLOAT;
      row += (fromW as usize) * FLOAT;
    }
  }
}

/** Numbers go to places: y[places[n]] = x[n] for rows of N, `stride` numbers between two rows of y; the phases of a transposed convolution. */
export function scatter(rows: i32, N: i32, from: usize, places: usize, to: usize, stride: i32): void {
  for (let row = 0; row < rows; row++) {
    for (let n = 0; n < N; n++) {
      store<f32>(to + (load<u32>(places + (n as usize) * 4) as usize), load<f32>(from));
      from += FLOAT;
    }
    to += (stride as usize) * FLOAT;
  }
}

/** The reverse: x[n] = y[places[n]], and 0 where the place is NOWHERE. */
export function collect(rows: i32, N: i32, from: usize, places: usize, to: usize, stride: i32): void {
  for (let row = 0; row < rows; row++) {
    for (let n = 0; n < N; n++) {
      const place = load<u32>(places + (n as usize) * 4);
      store<f32>(to, place == NOWHERE ? 0 : load<f32>(from + (place as usize)));
      to += FLOAT;
    }
    from += (stride as usize) * FLOAT;
  }
}

/** The transpose of `collect`: y[places[n]] += x[n]. */
export function spread(rows: i32, N: i32, from: usize, places: usize, to: usize, stride: i32): void {
  for (let row = 0; row < rows; row++) {
    for (let n = 0; n < N; n++) {
      const place = load<u32>(places + (n as usize) * 4);
      if (place != NOWHERE) {
        const at = to + (place as usize);
        store<f32>(at, load<f32>(at) + load<f32>(from));
      }
      from += FLOAT;
    }
    to += (stride as usize) * FLOAT;
  }
}

/** Every row filled with a number of its own (a channel's bias). */
export function fillRows(rows: i32, N: i32, bias: usize, to: usize): void {
  for (let row = 0; row < rows; row++) {
    const value = f32x4.splat(load<f32>(bias + (row as usize) * FLOAT));
    const end = to + (N as usize) * FLOAT;
    for (; to + VECTOR <= end; to += VECTOR) v128.store(to, value);
    for (; to < end; to += FLOAT) store<f32>(to, f32x4.extract_lane(value, 0));
  }
}

/** Every row a copy of one (a dense layer's bias). */
export function copyRows(rows: i32, N: i32, row: usize, to: usize): void {
  for (let i = 0; i < rows; i++) memory.copy(to + ((i * N) as usize) * FLOAT, row, (N as usize) * FLOAT);
}

export { product };
