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

/** Numbers that lie in memory: four copies of one are read faster than they are made of a constant in the program. */
const EXP = memory.data<f32>([
  89, -104, 1.4426950408889634, 12582912, 0.693359375, -2.1219444e-4, 1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3,
  4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1, 1,
]);
const LOG = memory.data<f32>([
  7.0376836292e-2, -1.151461031e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1, 2.0000714765e-1,
  -2.4999993993e-1, 3.3333331174e-1, 0.5, 0.7071067811865476, 126,
]);
/** The bits after the exponent. */
const FRACTION = memory.data<u32>([0x007fffff]);
export const ONE = EXP + 48;

/**
 * eˣ to 2 units of the last place, 0 and infinity beyond what a number holds: x = n log 2 + r, a polynomial for r (Cephes, S. Moshier), and 2ⁿ in
 * two factors, because the largest and the smallest are no powers of 2 themselves.
 */
export function expOf(value: v128): v128 {
  // the first operand stays where neither is less: what is no number stays none
  const x = f32x4.pmax(f32x4.pmin(value, v128.load32_splat(EXP)), v128.load32_splat(EXP, 4));
  // added to 1.5 · 2²³ a number becomes whole, and lies in the last bits
  const shift = v128.load32_splat(EXP, 12);
  const shifted = f32x4.add(f32x4.mul(x, v128.load32_splat(EXP, 8)), shift);
  const n = f32x4.sub(shifted, shift);
  let r = f32x4.sub(x, f32x4.mul(n, v128.load32_splat(EXP, 16)));
  r = f32x4.sub(r, f32x4.mul(n, v128.load32_splat(EXP, 20)));
  let p = v128.load32_splat(EXP, 24);
  p = madd(p, r, v128.load32_splat(EXP, 28));
  p = madd(p, r, v128.load32_splat(EXP, 32));
  p = madd(p, r, v128.load32_splat(EXP, 36));
  p = madd(p, r, v128.load32_splat(EXP, 40));
  p = madd(p, r, v128.load32_splat(EXP, 44));
  const one = v128.load32_splat(ONE);
  p = f32x4.add(madd(p, f32x4.mul(r, r), r), one);
  const whole = i32x4.sub(shifted, shift);
  const half = i32x4.shr_s(whole, 1);
  return f32x4.mul(f32x4.mul(p, powerOf2(half, one)), powerOf2(i32x4.sub(whole, half), one));
}

/** 2ⁿ, added to the exponent of 1, for −127 < n < 128. */
@inline
function powerOf2(n: v128, one: v128): v128 {
  return i32x4.add(i32x4.shl(n, 23), one);
}

/** log x of positive numbers to 2 units of the last place (Cephes, S. Moshier). */
export function logOf(x: v128): v128 {
  const one = v128.load32_splat(ONE);
  const half = v128.load32_splat(LOG, 36);
  let e = f32x4.sub(f32x4.convert_i32x4_s(i32x4.shr_u(x, 23)), v128.load32_splat(LOG, 44));
  let m = v128.or(v128.and(x, v128.load32_splat(FRACTION)), half);
  const isLow = f32x4.lt(m, v128.load32_splat(LOG, 40));
  e = f32x4.sub(e, v128.and(isLow, one));
  m = f32x4.sub(f32x4.add(m, v128.and(isLow, m)), one);
  const square = f32x4.mul(m, m);
  let p = v128.load32_splat(LOG);
  p = madd(p, m, v128.load32_splat(LOG, 4));
  p = madd(p, m, v128.load32_splat(LOG, 8));
  p = madd(p, m, v128.load32_splat(LOG, 12));
  p = madd(p, m, v128.load32_splat(LOG, 16));
  p = madd(p, m, v128.load32_splat(LOG, 20));
  p = madd(p, m, v128.load32_splat(LOG, 24));
  p = madd(p, m, v128.load32_splat(LOG, 28));
  p = madd(p, m, v128.load32_splat(LOG, 32));
  let y = f32x4.mul(f32x4.mul(p, m), square);
  y = madd(e, v128.load32_splat(EXP, 20), y);
  y = f32x4.sub(y, f32x4.mul(square, half));
  return madd(e, v128.load32_splat(EXP, 16), f32x4.add(m, y));
}

/** 1 / (1 + e⁻ˣ). */
@inline
export function sigmoidOf(x: v128): v128 {
  const one = v128.load32_splat(ONE);
  return f32x4.div(one, f32x4.add(one, expOf(f32x4.neg(x))));
}

/** log(1 + eˣ) = max(x, 0) + log(1 + e^−|x|). */
@inline
export function softplusOf(x: v128): v128 {
  const small = expOf(f32x4.neg(f32x4.abs(x)));
  return f32x4.add(f32x4.pmax(x, f32x4.splat(0)), logOf(f32x4.add(small, v128.load32_splat(ONE))));
}

/** Where x is not 0 in any bit: `yes`, else `no`. */
@inline
export function choose(yes: v128, no: v128, where: v128): v128 {
  return v128.bitselect(yes, no, where);
}
