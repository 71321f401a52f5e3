/**
 * How are eˣ − 1 and log x computed so that every browser finds the same digits? From additions, multiplications and divisions alone: browsers
 * may round `Math.exp` and `Math.log` as they like.
 */

const LOG2_HIGH = 0.6931471803691238; // its last 32 bits are 0, so that a small multiple of it is exact
const LOG2_LOW = 1.9082149292705877e-10;
const TERMS = 14;
/** 1 / k! from k = 1. */
const INVERSE_FACTORIALS = Array.from({ length: TERMS }, (_, i) => {
  let found = 1;
  for (let k = 2; k <= i + 1; k++) found *= k;
  return 1 / found;
});

const bits = new DataView(new ArrayBuffer(8));

/** eˣ − 1 to an error in the last place, near 0 too: x = n log 2 + r, a polynomial for r. */
export function expm1(x: number): number {
  if (x < -40) return -1; // to more digits than there are
  if (!(x < 709)) return x > 0 ? Number.POSITIVE_INFINITY : Number.NaN;
  const n = Math.round(x * Math.LOG2E);
  const r = x - n * LOG2_HIGH - n * LOG2_LOW;
  let p = 0;
  for (let k = TERMS - 1; k >= 0; k--) p = (p + INVERSE_FACTORIALS[k]) * r;
  if (n === 0) return p;
  bits.setUint32(0, (n + 1023) << 20);
  bits.setUint32(4, 0);
  const scale = bits.getFloat64(0);
  return scale * p + (scale - 1);
}

/** log x of a positive number that is not tiny beyond normal numbers: x = 2ⁿ m, 2 artanh((m − 1)/(m + 1)) for m. */
export function log(x: number): number {
  bits.setFloat64(0, x);
  let n = (bits.getUint32(0) >>> 20) - 1023;
  bits.setUint32(0, (bits.getUint32(0) & 0xfffff) | (1023 << 20));
  let m = bits.getFloat64(0);
  if (m > Math.SQRT2) {
    m /= 2;
    n++;
  }
  const s = (m - 1) / (m + 1);
  const square = s * s;
  let p = 0;
  for (let k = 21; k >= 1; k -= 2) p = p * square + 1 / k;
  return n * LOG2_HIGH + (2 * s * p + n * LOG2_LOW);
}

/** baseⁿ for a whole number n ≥ 0, by squaring. */
export function power(base: number, n: number): number {
  let found = 1;
  for (let left = n, square = base; left > 0; left = Math.floor(left / 2), square *= square)
    if (left % 2) found *= square;
  return found;
}
