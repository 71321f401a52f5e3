/**
 * How is a convolution computed? As a product of the weights (M × K) with patches (K × N) that are never written out: eight output places at a
 * time are gathered into the panel of the product.
 *
 * Where number k of the patch at place n lies is taps[k] + places[n], both in bytes from the beginning of a padded picture. So kernels,
 * strides, dilation and the phases of a transposed convolution are tables, not code.
 */

import { FLOAT, VECTOR } from "./lanes";
import { overPanel, product } from "./product";

const WIDTH: i32 = 8;
const DEPTH: i32 = 512;
const NOWHERE: u32 = 0xffffffff; // of a number that is padding

/** C (M × N) += A (M × K) · patches, C filled before. `panel`: room for 8 · 512 numbers. */
export function convolve(
  M: i32,
  N: i32,
  K: i32,
  a: usize,
  picture: usize,
  taps: usize,
  places: usize,
  c: usize,
  panel: usize,
): void {
  for (let k = 0; k < K; k += DEPTH) {
    const depth = min(DEPTH, K - k);
    for (let n = 0; n < N; n += WIDTH) {
      const width = min(WIDTH, N - n);
      gather(picture, taps + (k as usize) * 4, depth, places + (n as usize) * 4, width, panel);
      overPanel(M, depth, width, a + (k as usize) * FLOAT, K, 1, panel, c + (n as usize) * FLOAT, N, true);
    }
  }
}

function gather(picture: usize, taps: usize, depth: i32, places: usize, width: i32, panel: usize): void {
  const first = load<u32>(places) as usize;
  const isRow = width == WIDTH && (load<u32>(places, 28) as usize) == first + 28;
  const end = taps + (depth as usize) * 4;
  if (isRow) {
    for (; taps < end; taps += 4) {
      const from = picture + (load<u32>(taps) as usize) + first;
      v128.store(panel, v128.load(from));
      v128.store(panel + VECTOR, v128.load(from + VECTOR));
      panel += 2 * VECTOR;
    }
    return;
  }
  for (; taps < end; taps += 4) {
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
