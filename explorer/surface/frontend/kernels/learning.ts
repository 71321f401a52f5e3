/** What does a training step need besides products and activations? Losses with their gradients, and Adam. */

import { choose, expOf, FLOAT, LANES, logOf, madd, ONE, sumOf } from "./lanes";

/** Bytes of pictures as numbers from 0 to 1. */
export function fromBytes(n: i32, bytes: usize, to: usize): void {
  const white = f32x4.splat(255);
  for (const end = bytes + (n as usize); bytes < end; bytes += 4, to += 4 * FLOAT) {
    const four = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(bytes)));
    v128.store(to, f32x4.div(f32x4.convert_i32x4_s(four), white));
  }
}

/**
 * −log p of n pixels of a Bernoulli likelihood, nats: Σ softplus(l) − x·l for logits l and x in [0, 1]. Where `gradient` is not 0, by·(σ(l) − x)
 * is written there.
 */
export function bernoulli(n: i32, logits: usize, x: usize, gradient: usize, by: f32): f64 {
  let total: f64 = 0;
  const scale = f32x4.splat(by);
  const one = v128.load32_splat(ONE);
  for (let i = 0; i < n; ) {
    // a few hundred terms in single precision, their sums in double; 1 + e^−|l| is at most 2, so that one logarithm does for 64 factors
    let sum = f32x4.splat(0);
    let factors = one;
    const end = min(i + 64 * LANES, n);
    for (; i < end; i += LANES) {
      const at = (i as usize) * FLOAT;
      const l = v128.load(logits + at);
      const target = v128.load(x + at);
      // one exponential for the loss and its gradient: e = e^−|l|
      const e = expOf(f32x4.neg(f32x4.abs(l)));
      let both = f32x4.add(e, one);
      if (gradient) {
        const mean = f32x4.div(choose(one, e, f32x4.gt(l, f32x4.splat(0))), both);
        v128.store(gradient + at, f32x4.mul(scale, f32x4.sub(mean, target)));
      }
      let term = madd(f32x4.neg(target), l, f32x4.pmax(l, f32x4.splat(0)));
      if (n - i < LANES) {
        // what lies beyond the last number does not count
        term = v128.and(term, firstLanes(n - i));
        both = choose(both, one, firstLanes(n - i));
      }
      sum = f32x4.add(sum, term);
      factors = f32x4.mul(factors, both);
    }
    total += sumOf(f32x4.add(sum, logOf(factors))) as f64;
  }
  return total;
}

/** Σ (m − x)² of n pixels, x held against means m. Where `gradient` is not 0, by·(m − x) is written there. */
export function squares(n: i32, means: usize, x: usize, gradient: usize, by: f32): f64 {
  let total: f64 = 0;
  const scale = f32x4.splat(by);
  for (let i = 0; i < n; ) {
    let sum = f32x4.splat(0);
    const end = min(i + 256, n);
    for (; i < end; i += LANES) {
      const at = (i as usize) * FLOAT;
      let d = f32x4.sub(v128.load(means + at), v128.load(x + at));
      if (n - i < LANES) d = v128.and(d, firstLanes(n - i));
      sum = madd(d, d, sum);
      if (gradient) v128.store(gradient + at, f32x4.mul(scale, d));
    }
    total += sumOf(sum) as f64;
  }
  return total;
}

/** Ones in the bits of the first n numbers. */
function firstLanes(n: i32): v128 {
  return i32x4.gt_s(i32x4.splat(n), i32x4(0, 1, 2, 3));
}

/**
 * One step of Adam (Kingma & Ba 2015, algorithm 1) on n numbers: m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², w ← w − rate·m̂ / (√v̂ + ε), where
 * m̂ = m·first and v̂ = v·second undo the start at 0.
 */
export function adam(
  n: i32,
  w: usize,
  g: usize,
  m: usize,
  v: usize,
  rate: f32,
  beta1: f32,
  beta2: f32,
  epsilon: f32,
  first: f32,
  second: f32,
): void {
  const b1 = f32x4.splat(beta1);
  const b2 = f32x4.splat(beta2);
  const r1 = f32x4.splat(1 - beta1);
  const r2 = f32x4.splat(1 - beta2);
  const step = f32x4.splat(rate * first);
  const by = f32x4.splat(second);
  const e = f32x4.splat(epsilon);
  for (let i = 0; i < n; i += LANES) {
    const at = (i as usize) * FLOAT;
    const gradient = v128.load(g + at);
    const mean = madd(b1, v128.load(m + at), f32x4.mul(r1, gradient));
    const square = madd(b2, v128.load(v + at), f32x4.mul(r2, f32x4.mul(gradient, gradient)));
    v128.store(m + at, mean);
    v128.store(v + at, square);
    const scale = f32x4.add(f32x4.sqrt(f32x4.mul(square, by)), e);
    v128.store(w + at, f32x4.sub(v128.load(w + at), f32x4.div(f32x4.mul(step, mean), scale)));
  }
}
