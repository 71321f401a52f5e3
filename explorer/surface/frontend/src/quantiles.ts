/** Where do equal shares of a standard normal lie? */

// P. J. Acklam's rational approximation of the inverse normal, relative error below 1.15e-9.
const A = [-3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2, -3.066479806614716e1, 2.506628277459239];
const B = [-5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1, -1.328068155288572e1, 1];
const C = [-7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783];
const D = [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416, 1];
const TAIL = 0.02425;

function polynomial(coefficients: readonly number[], x: number): number {
  return coefficients.reduce((sum, c) => sum * x + c, 0);
}

/** Φ⁻¹(p) for 0 < p < 1. */
export function normalQuantile(p: number): number {
  if (p > 0.5) return -normalQuantile(1 - p);
  if (p < TAIL) {
    const q = Math.sqrt(-2 * Math.log(p));
    return polynomial(C, q) / polynomial(D, q);
  }
  const q = p - 0.5;
  const r = q * q;
  return (polynomial(A, r) * q) / polynomial(B, r);
}

/** Φ⁻¹((i − 1/2) / n), i = 1 … n: the middles of n equally likely shares, ascending. */
export function normalQuantiles(n: number): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => normalQuantile((i + 0.5) / n));
}

/** Cell borders midway between the centres; the outer cells are as wide outwards as inwards. */
export function cellBorders(centres: Float64Array): Float64Array {
  const n = centres.length;
  const borders = new Float64Array(n + 1);
  for (let i = 1; i < n; i++) borders[i] = (centres[i - 1] + centres[i]) / 2;
  borders[0] = 2 * centres[0] - borders[1];
  borders[n] = 2 * centres[n - 1] - borders[n - 1];
  return borders;
}
