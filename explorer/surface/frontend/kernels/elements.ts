/**
 * How are activations computed, and their derivatives? Kinds are numbered as `engine/kernels.ts` says.
 *
 * Loops over whole tensors read and write four numbers at a time, up to three beyond the last: every tensor has room for them.
 */

import { choose, expOf, FLOAT, LANES, loadUpTo, madd, sigmoidOf, softplusOf, storeUpTo, sumOf, VECTOR } from "./lanes";

const RELU = 0;
const LEAKY = 1;
const ELU = 2;
const TANH = 3;
const SIGMOID = 4;
const SILU = 5;
const GELU = 6;
const GELU_ERF = 7;
const SOFTPLUS = 8;
const MISH = 9;
const EXP = 10;

/** y = f(x), number by number; in place where y is x. */
export function activate(kind: i32, n: i32, x: usize, y: usize, slope: f32): void {
  if (kind == RELU) {
    const zero = f32x4.splat(0);
    const end = x + (n as usize) * FLOAT;
    for (; x < end; x += VECTOR, y += VECTOR) v128.store(y, f32x4.max(v128.load(x), zero));
    return;
  }
  for (let i = 0; i < n; i += LANES) {
    const at = (i as usize) * FLOAT;
    v128.store(y + at, valueOf(kind, v128.load(x + at), slope));
  }
}

function valueOf(kind: i32, x: v128, slope: f32): v128 {
  const zero = f32x4.splat(0);
  switch (kind) {
    case LEAKY:
      return choose(x, f32x4.mul(x, f32x4.splat(slope)), f32x4.gt(x, zero));
    case ELU:
      return choose(x, f32x4.mul(f32x4.sub(expOf(x), f32x4.splat(1)), f32x4.splat(slope)), f32x4.gt(x, zero));
    case TANH:
      return tanhOf(x);
    case SIGMOID:
      return sigmoidOf(x);
    case SILU:
      return f32x4.mul(x, sigmoidOf(x));
    case GELU:
      return f32x4.mul(x, sigmoidOf(geluInner(x)));
    case GELU_ERF:
      return f32x4.mul(x, normalCdf(x));
    case SOFTPLUS:
      return softplusOf(x);
    case MISH:
      return f32x4.mul(x, tanhOf(softplusOf(x)));
    default:
      return expOf(x);
  }
}

/** 2σ(2x) − 1; x itself where that would lose its digits. */
@inline
function tanhOf(x: v128): v128 {
  const far = f32x4.sub(f32x4.mul(f32x4.splat(2), sigmoidOf(f32x4.mul(x, f32x4.splat(2)))), f32x4.splat(1));
  const square = f32x4.mul(x, x);
  let p = madd(square, f32x4.splat(-17.0 / 315.0), f32x4.splat(2.0 / 15.0));
  p = madd(p, square, f32x4.splat(-1.0 / 3.0));
  const near = madd(f32x4.mul(p, square), x, x);
  return choose(near, far, f32x4.lt(f32x4.abs(x), f32x4.splat(0.15)));
}

/** 2·√(2/π)·(x + 0.044715 x³). */
@inline
function geluInner(x: v128): v128 {
  const cube = f32x4.mul(f32x4.mul(x, x), f32x4.mul(x, f32x4.splat(0.044715)));
  return f32x4.mul(f32x4.splat(1.5957691216057308), f32x4.add(x, cube));
}

/** Φ(x) to 1e-7 (Abramowitz & Stegun 1964, 7.1.26, of x/√2). */
function normalCdf(x: v128): v128 {
  const size = f32x4.mul(f32x4.abs(x), f32x4.splat(0.70710678118654752));
  const t = f32x4.div(f32x4.splat(1), madd(size, f32x4.splat(0.3275911), f32x4.splat(1)));
  let p = madd(t, f32x4.splat(1.061405429), f32x4.splat(-1.453152027));
  p = madd(p, t, f32x4.splat(1.421413741));
  p = madd(p, t, f32x4.splat(-0.284496736));
  p = madd(p, t, f32x4.splat(0.254829592));
  const tail = f32x4.mul(f32x4.mul(f32x4.mul(p, t), expOf(f32x4.neg(f32x4.mul(size, size)))), f32x4.splat(0.5));
  return choose(tail, f32x4.sub(f32x4.splat(1), tail), f32x4.lt(x, f32x4.splat(0)));
}

/** dx += f′(x)·dy, x what the activation was given. */
export function activateBack(kind: i32, n: i32, x: usize, dy: usize, dx: usize, slope: f32): void {
  for (let i = 0; i < n; i += LANES) {
    const at = (i as usize) * FLOAT;
    v128.store(dx + at, madd(slopeOf(kind, v128.load(x + at), slope), v128.load(dy + at), v128.load(dx + at)));
  }
}

function slopeOf(kind: i32, x: v128, slope: f32): v128 {
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  const isUp = f32x4.gt(x, zero);
  switch (kind) {
    case RELU:
      return v128.and(isUp, one);
    case LEAKY:
      return choose(one, f32x4.splat(slope), isUp);
    case ELU:
      return choose(one, f32x4.mul(expOf(x), f32x4.splat(slope)), isUp);
    case TANH: {
      const y = tanhOf(x);
      return f32x4.sub(one, f32x4.mul(y, y));
    }
    case SIGMOID: {
      const y = sigmoidOf(x);
      return f32x4.mul(y, f32x4.sub(one, y));
    }
    case SILU: {
      const y = sigmoidOf(x);
      return f32x4.mul(y, madd(x, f32x4.sub(one, y), one));
    }
    case GELU: {
      const y = sigmoidOf(geluInner(x));
      const inner = madd(f32x4.mul(x, x), f32x4.splat(3 * 0.044715), one);
      return f32x4.mul(y, madd(f32x4.mul(x, f32x4.mul(f32x4.splat(1.5957691216057308), inner)), f32x4.sub(one, y), one));
    }
    case GELU_ERF: {
      const density = f32x4.mul(f32x4.splat(0.3989422804014327), expOf(f32x4.mul(f32x4.mul(x, x), f32x4.splat(-0.5))));
      return madd(x, density, normalCdf(x));
    }
    case SOFTPLUS:
      return sigmoidOf(x);
    case MISH: {
      const y = tanhOf(softplusOf(x));
      return madd(f32x4.mul(x, f32x4.sub(one, f32x4.mul(y, y))), sigmoidOf(x), y);
    }
    default:
      return expOf(x);
  }
}

/** y += by · x. */
export function addScaled(n: i32, by: f32, x: usize, y: usize): void {
  const scale = f32x4.splat(by);
  for (let i = 0; i < n; i += LANES) {
    const at = (i as usize) * FLOAT;
    storeUpTo(y + at, madd(scale, loadUpTo(x + at, n - i), loadUpTo(y + at, n - i)), n - i);
  }
}

/** sums[j] += Σᵢ x[i, j] over the rows of x (rows × N): the gradient of a dense layer's bias. */
export function addColumns(rows: i32, N: i32, x: usize, sums: usize): void {
  for (let i = 0; i < rows; i++) addScaled(N, 1, x + ((i * N) as usize) * FLOAT, sums);
}

/** sums[i] += Σⱼ x[i, j]: the gradient of a channel's bias. */
export function addRows(rows: i32, N: i32, x: usize, sums: usize): void {
  for (let i = 0; i < rows; i++) {
    let sum = f32x4.splat(0);
    let other = sum;
    let j = 0;
    // two sums, because one alone waits for its own last addition
    for (; j + 2 * LANES <= N; j += 2 * LANES) {
      sum = f32x4.add(sum, v128.load(x));
      other = f32x4.add(other, v128.load(x, 16));
      x += 2 * VECTOR;
    }
    sum = f32x4.add(sum, other);
    for (; j < N; j++) {
      sum = f32x4.add(sum, v128.load32_zero(x));
      x += FLOAT;
    }
    const to = sums + (i as usize) * FLOAT;
    store<f32>(to, load<f32>(to) + sumOf(sum));
  }
}
