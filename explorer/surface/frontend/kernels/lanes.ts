/**
 * Which arithmetic do the kernels use, four numbers at a time? AssemblyScript, compiled twice: for plain SIMD, and for relaxed SIMD, whose
 * fused multiply-add rounds once where plain SIMD rounds twice.
 */

export const FLOAT: usize = 4; // bytes of a number
export const LANES: i32 = 4;
export const VECTOR: usize = 16; // bytes of four

@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** Four numbers of which only the first n are there: the others are 0, and no byte beyond is read. */
export function loadSome(from: usize, n: i32): v128 {
  let found = f32x4.splat(0);
  if (n > 0) found = f32x4.replace_lane(found, 0, load<f32>(from));
  if (n > 1) found = f32x4.replace_lane(found, 1, load<f32>(from, 4));
  if (n > 2) found = f32x4.replace_lane(found, 2, load<f32>(from, 8));
  return found;
}

/** Writes the first n of four numbers. */
export function storeSome(to: usize, value: v128, n: i32): void {
  if (n > 0) store<f32>(to, f32x4.extract_lane(value, 0));
  if (n > 1) store<f32>(to, f32x4.extract_lane(value, 1), 4);
  if (n > 2) store<f32>(to, f32x4.extract_lane(value, 2), 8);
}

@inline
export function loadUpTo(from: usize, n: i32): v128 {
  return n >= LANES ? v128.load(from) : loadSome(from, n);
}

@inline
export function storeUpTo(to: usize, value: v128, n: i32): void {
  if (n >= LANES) v128.store(to, value);
  else storeSome(to, value, n);
}

@inline
export function sumOf(value: v128): f32 {
  return (
    f32x4.extract_lane(value, 0) +
    f32x4.extract_lane(value, 1) +
    (f32x4.extract_lane(value, 2) + f32x4.extract_lane(value, 3))
  );
}

/**
 * eˣ to 2 units of the last place, 0 and infinity beyond what a number holds: x = n log 2 + r, a polynomial for r (Cephes, S. Moshier), and 2ⁿ in
 * two factors, because the largest and the smallest are no powers of 2 themselves.
 */
export function expOf(value: v128): v128 {
  const x = f32x4.max(f32x4.min(value, f32x4.splat(89)), f32x4.splat(-104));
  const n = f32x4.nearest(f32x4.mul(x, f32x4.splat(1.4426950408889634)));
  let r = f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375)));
  r = f32x4.sub(r, f32x4.mul(n, f32x4.splat(-2.12194440e-4)));
  let p = f32x4.splat(1.9875691500e-4);
  p = madd(p, r, f32x4.splat(1.3981999507e-3));
  p = madd(p, r, f32x4.splat(8.3334519073e-3));
  p = madd(p, r, f32x4.splat(4.1665795894e-2));
  p = madd(p, r, f32x4.splat(1.6666665459e-1));
  p = madd(p, r, f32x4.splat(5.0000001201e-1));
  p = f32x4.add(madd(p, f32x4.mul(r, r), r), f32x4.splat(1));
  const whole = i32x4.trunc_sat_f32x4_s(n);
  const half = i32x4.shr_s(whole, 1);
  return f32x4.mul(f32x4.mul(p, powerOf2(half)), powerOf2(i32x4.sub(whole, half)));
}

/** 2ⁿ, written into the exponent, for −127 < n < 128. */
@inline
function powerOf2(n: v128): v128 {
  return i32x4.shl(i32x4.add(n, i32x4.splat(127)), 23);
}

/** log x of positive numbers to 2 units of the last place (Cephes, S. Moshier). */
export function logOf(x: v128): v128 {
  let e = f32x4.convert_i32x4_s(i32x4.sub(i32x4.shr_u(x, 23), i32x4.splat(126)));
  let m = v128.or(v128.and(x, i32x4.splat(0x007fffff)), f32x4.splat(0.5));
  const isLow = f32x4.lt(m, f32x4.splat(0.7071067811865476));
  e = f32x4.sub(e, v128.and(isLow, f32x4.splat(1)));
  m = f32x4.sub(f32x4.add(m, v128.and(isLow, m)), f32x4.splat(1));
  const square = f32x4.mul(m, m);
  let p = f32x4.splat(7.0376836292e-2);
  p = madd(p, m, f32x4.splat(-1.1514610310e-1));
  p = madd(p, m, f32x4.splat(1.1676998740e-1));
  p = madd(p, m, f32x4.splat(-1.2420140846e-1));
  p = madd(p, m, f32x4.splat(1.4249322787e-1));
  p = madd(p, m, f32x4.splat(-1.6668057665e-1));
  p = madd(p, m, f32x4.splat(2.0000714765e-1));
  p = madd(p, m, f32x4.splat(-2.4999993993e-1));
  p = madd(p, m, f32x4.splat(3.3333331174e-1));
  let y = f32x4.mul(f32x4.mul(p, m), square);
  y = madd(e, f32x4.splat(-2.12194440e-4), y);
  y = f32x4.sub(y, f32x4.mul(square, f32x4.splat(0.5)));
  return madd(e, f32x4.splat(0.693359375), f32x4.add(m, y));
}

/** 1 / (1 + e⁻ˣ). */
@inline
export function sigmoidOf(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, expOf(f32x4.neg(x))));
}

/** log(1 + eˣ) = max(x, 0) + log(1 + e^−|x|). */
@inline
export function softplusOf(x: v128): v128 {
  const small = expOf(f32x4.neg(f32x4.abs(x)));
  return f32x4.add(f32x4.max(x, f32x4.splat(0)), logOf(f32x4.add(small, f32x4.splat(1))));
}

/** Where x is not 0 in any bit: `yes`, else `no`. */
@inline
export function choose(yes: v128, no: v128, where: v128): v128 {
  return v128.bitselect(yes, no, where);
}
