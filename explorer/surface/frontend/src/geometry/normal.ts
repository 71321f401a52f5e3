/** Where do equal shares of a standard normal lie? */

// P. J. Acklam's rational approximation of the inverse normal, relative error below 1.15e-9.
const A = [
  -3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2, -3.066479806614716e1,
  2.506628277459239,
];
const B = [
  -5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1, -1.328068155288572e1, 1,
];
const C = [
  -7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968,
  2.938163982698783,
];
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

/** Φ(x), by its series near 0 and by Laplace's continued fraction in the tail, which keeps its digits (Marsaglia 2004). */
export function normalCdf(x: number): number {
  if (x > 0) return 1 - normalCdf(-x);
  const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  if (x < -3) {
    let fraction = 0;
    for (let n = 60; n > 0; n--) fraction = n / (fraction - x);
    return density / (fraction - x);
  }
  let sum = x;
  for (let n = 1, term = x; Math.abs(term) > 1e-17; n++) {
    term *= (x * x) / (2 * n + 1);
    sum += term;
  }
  return 0.5 + density * sum;
}

/** Cells along an axis, ascending: middles (n,) and borders (n + 1,). */
export interface Cells {
  readonly middles: Float64Array;
  readonly borders: Float64Array;
}

/** n cells of the same length. */
export function equalSteps(low: number, high: number, n: number): Cells {
  const at = (share: number): number => low + share * (high - low);
  return {
    middles: Float64Array.from({ length: n }, (_, i) => at((i + 0.5) / n)),
    borders: Float64Array.from({ length: n + 1 }, (_, i) => at(i / n)),
  };
}

/** Cells are halved at most so often: beyond that a cell is rarer than a number can tell. */
const MOST_HALVINGS = 40;

/**
 * Equally likely cells of N(0, 1): middles Φ⁻¹((i − 1/2) / n), borders Φ⁻¹(i / n), the outermost as far from its middle as the inner one.
 *
 * `seen`: only what is there, all cells halved in probability so often that about `n` of them are seen.
 */
export function equalShares(n: number, seen: readonly [low: number, high: number] = [-Infinity, Infinity]): Cells {
  const [low, high] = seen;
  if (low > 0) return mirrored(equalShares(n, [-high, -low])); // the lower tail keeps its digits
  const [from, to] = [low === -Infinity ? 0 : normalCdf(low), high === Infinity ? 1 : normalCdf(high)];
  const halvings = Math.min(
    MOST_HALVINGS,
    Math.max(0, Math.ceil(Math.log2(FEWEST_SEEN / Math.max(to - from, 1e-300)))),
  );
  const all = n * 2 ** halvings;
  const first = Math.min(all - 1, Math.floor(from * all));
  const count = Math.max(1, Math.ceil(to * all) - first);
  const middles = Float64Array.from({ length: count }, (_, i) => normalQuantile((first + i + 0.5) / all));
  const border = (i: number): number => {
    if (i === 0) return 2 * middles[0] - normalQuantile(1 / all);
    if (i === all) return 2 * middles[count - 1] - normalQuantile(1 - 1 / all);
    return normalQuantile(i / all);
  };
  return { middles, borders: Float64Array.from({ length: count + 1 }, (_, i) => border(first + i)) };
}

/** Of the wanted cells: fewer than this, and they are halved. */
const FEWEST_SEEN = 0.6;

function mirrored({ middles, borders }: Cells): Cells {
  const flip = (values: Float64Array): Float64Array => values.map((value) => -value).reverse();
  return { middles: flip(middles), borders: flip(borders) };
}
