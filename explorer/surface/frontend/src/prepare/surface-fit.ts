/** Which quadratic surface is the light on the paper? Weighted least squares over 1, x, y, x², xy, y² with coordinates in [−1, 1]. */

import { FIT_PX, MAX_GRAIN, SAME_GREY } from "../wire/schema";
import { floats } from "./memory";
import { median, medianInPlace, type Plane, plane, resize } from "./plane";

const N = 6;
/** Grey levels: a median residual up to here is a standard deviation of at most 1, below which none is counted. */
const FINE = 1 / 1.4826;
/** Exponents of x and y in the terms 1, x, y, x², xy, y². */
const POWERS = [
  [0, 0],
  [1, 0],
  [0, 1],
  [2, 0],
  [1, 1],
  [0, 2],
] as const;

/** level (h, w): the grey of the paper everywhere, also under the ink · grain: standard deviation around it. */
export interface Paper {
  readonly level: Plane;
  readonly grain: number;
}

export function paperOf(grey: Plane): Paper {
  const small = resize(grey, Math.min(grey.h, FIT_PX), Math.min(grey.w, FIT_PX));
  const { factors, onIt } = bestFit(small);
  const level = surfaceOf(gridOf(grey.h, grey.w), factors);
  const isPaper = resize(plane(small.h, small.w, onIt), grey.h, grey.w).v;
  const residual = floats(level.length);
  let n = 0;
  for (let i = 0; i < level.length; i++) {
    const value = level[i] < 0 ? 0 : Math.min(level[i], 255);
    level[i] = value;
    if (isPaper[i] > 0.5) residual[n++] = Math.abs(grey.v[i] - value);
  }
  return { level: plane(grey.h, grey.w, level), grain: n ? 1.4826 * medianInPlace(residual.subarray(0, n)) : 0 };
}

/** Of the fits from up to three beginnings, the one that most pixels lie on. */
function bestFit({ h, w, v }: Plane): Fit {
  const grid = gridOf(h, w),
    starts = startsOf(grid, v);
  if (starts.length === 1) return (starts[0][0] === 0 ? settleOnBlack(grid, v) : null) ?? settle(grid, v, starts[0]);
  let best: Fit | null = null,
    most = -1;
  for (const start of starts) {
    const fit = settle(grid, v, start),
      surface = surfaceOf(grid, fit.factors);
    let n = 0;
    for (let i = 0; i < v.length; i++) if (Math.abs(v[i] - surface[i]) < SAME_GREY) n++;
    if (n > most) [best, most] = [fit, n];
  }
  return best as Fit;
}

/** Surfaces to begin with, each once: through the border, and the even grey of the border and of the corners. */
function startsOf(grid: Grid, v: Float64Array): Float64Array[] {
  const [h, w] = [grid.y.length, grid.x.length],
    isRim = rimOf(h, w),
    rim = v.filter((_, i) => isRim[i] === 1);
  const flat = (value: number): Float64Array => floats(v.length).fill(value);
  if (rim.every((value) => value === rim[0])) return [flat(rim[0])];
  const starts = [
    surfaceOf(grid, leastAbsolute(grid, v, isRim)),
    flat(medianInPlace(rim)),
    flat(median(Float64Array.of(v[0], v[w - 1], v[(h - 1) * w], v[h * w - 1]))),
  ];
  return starts.filter((start, k) => !starts.slice(0, k).some((earlier) => isSame(earlier, start)));
}

/** 1 in the outer tenth. */
function rimOf(h: number, w: number): Float64Array {
  const most = Math.max(1, 0.1 * Math.min(h, w)),
    rim = floats(h * w);
  for (let y = 0, i = 0; y < h; y++)
    for (let x = 0; x < w; x++, i++) if (Math.min(y, h - 1 - y, x, w - 1 - x) < most) rim[i] = 1;
  return rim;
}

interface Fit {
  readonly factors: Float64Array;
  /** 1 where the pixel lies on the surface, else 0. */
  readonly onIt: Float64Array;
}

/** Refit to the pixels that lie on the surface until they stay the same: ink drops out, all paper joins in. */
function settle(grid: Grid, v: Float64Array, start: Float64Array): Fit {
  const surface = start.slice(),
    onIt = floats(v.length);
  let factors: Float64Array = new Float64Array(N),
    spread = MAX_GRAIN;
  for (let turn = 0; turn < 10; turn++) {
    let isStable = true;
    for (let i = 0; i < v.length; i++) {
      const nearer = Math.abs(v[i] - surface[i]) < 3 * spread ? 1 : 0;
      if (nearer !== onIt[i]) isStable = false;
      onIt[i] = nearer;
    }
    if (isStable) break;
    factors = solve(grid, v, onIt);
    surfaceOf(grid, factors, surface);
    spread = Math.min(MAX_GRAIN, Math.max(1, 1.4826 * middleOf(v, surface, onIt)));
  }
  return { factors, onIt };
}

/**
 * The same from 0 on, for a drawing on black: where the picture is 0 its pixels lie on the surface as long as that is low everywhere, and
 * only the others, a tenth of a drawing, are gone through. Null where the surface rises so high that it has to be looked at everywhere.
 */
function settleOnBlack(grid: Grid, v: Float64Array): Fit | null {
  const drawn = indicesOf(v),
    onIt = floats(v.length).fill(1),
    surface = floats(v.length),
    whole = momentsOf(grid);
  let factors: Float64Array = new Float64Array(N),
    spread = MAX_GRAIN;
  for (let turn = 0; turn < 10; turn++) {
    if (factors.reduce((sum, value) => sum + Math.abs(value), 0) >= 3 * spread) return null;
    let isStable = turn > 0;
    for (const i of drawn) {
      const nearer = Math.abs(v[i] - surface[i]) < 3 * spread ? 1 : 0;
      if (nearer !== onIt[i]) isStable = false;
      onIt[i] = nearer;
    }
    if (isStable) break;
    factors = solved(...sparseSums(grid, v, drawn, onIt, whole));
    surfaceOf(grid, factors, surface);
    spread = Math.min(MAX_GRAIN, Math.max(1, 1.4826 * middleOf(v, surface, onIt)));
  }
  return { factors, onIt };
}

/** Median distance from the surface of those that lie on it; FINE where it is no more than that. */
function middleOf(v: Float64Array, surface: Float64Array, onIt: Float64Array): number {
  const residual = floats(v.length);
  let n = 0,
    small = 0;
  for (let i = 0; i < v.length; i++) {
    if (onIt[i] === 0) continue;
    const rest = Math.abs(v[i] - surface[i]);
    residual[n++] = rest;
    if (rest <= FINE) small++;
  }
  // most of them so small: the median is too, and need not be looked for
  return small > n / 2 + 1 ? FINE : n ? medianInPlace(residual.subarray(0, n)) : NaN;
}

/** Where a value is not 0. */
function indicesOf(v: Float64Array): Int32Array {
  const found = new Int32Array(v.length);
  let n = 0;
  for (let i = 0; i < v.length; i++) if (v[i] !== 0) found[n++] = i;
  return found.subarray(0, n);
}

/** Moments and right side where all pixels but those that are not on the surface count, the pixels that were not drawn being 0. */
function sparseSums(
  { x, y }: Grid,
  v: Float64Array,
  drawn: Int32Array,
  onIt: Float64Array,
  whole: Float64Array,
): [moments: Float64Array, right: Float64Array] {
  const moments = whole.slice(),
    right = new Float64Array(N);
  for (const at of drawn) {
    const across = x[at % x.length],
      up = y[Math.trunc(at / x.length)];
    if (onIt[at] === 1) {
      right[0] += v[at];
      right[1] += v[at] * across;
      right[2] += v[at] * up;
      right[3] += v[at] * across * across;
      right[4] += v[at] * across * up;
      right[5] += v[at] * up * up;
      continue;
    }
    for (let i = 0, left = 1; i < 5; i++, left *= across)
      for (let j = 0, both = left; j < 5 - i; j++, both *= up) moments[5 * i + j] -= both;
  }
  return [moments, right];
}

/** Least absolute deviations where the mask is 1, by reweighted least squares: a weight 1/|residual| makes squares absolute values. */
function leastAbsolute(grid: Grid, v: Float64Array, mask: Float64Array): Float64Array {
  let factors = solve(grid, v, mask);
  const weights = floats(v.length),
    surface = floats(v.length);
  for (let turn = 0; turn < 20; turn++) {
    surfaceOf(grid, factors, surface);
    let change = 0;
    for (let i = 0; i < v.length; i++) {
      if (mask[i] === 0) continue;
      const weight = 1 / Math.max(Math.abs(v[i] - surface[i]), 0.5);
      change = Math.max(change, Math.abs(weight - weights[i]));
      weights[i] = weight;
    }
    if (change <= 1e-9) break; // so are the factors
    factors = solve(grid, v, weights);
  }
  return factors;
}

function isSame(a: Float64Array, b: Float64Array): boolean {
  for (let i = 0; i < a.length; i++) if (Math.abs(a[i] - b[i]) > 1e-9) return false;
  return true;
}

/** Coordinates in [−1, 1] of the columns and of the rows. */
interface Grid {
  readonly x: Float64Array;
  readonly y: Float64Array;
}

function gridOf(h: number, w: number): Grid {
  const along = (n: number): Float64Array => Float64Array.from({ length: n }, (_, i) => ((i + 0.5) / n) * 2 - 1);
  return { x: along(w), y: along(h) };
}

function surfaceOf({ x, y }: Grid, f: Float64Array, out = floats(x.length * y.length)): Float64Array {
  for (let row = 0, i = 0; row < y.length; row++) {
    const level = f[0] + y[row] * (f[2] + y[row] * f[5]),
      slope = f[1] + y[row] * f[4];
    for (let column = 0; column < x.length; column++, i++) out[i] = level + x[column] * (slope + x[column] * f[3]);
  }
  return out;
}

/** Σ w t tᵀ f = Σ w t v, the least f where there are several. Every product of terms is a power of x times one of y. */
function solve({ x, y }: Grid, v: Float64Array, weights: Float64Array): Float64Array {
  const moments = new Float64Array(25), // Σ w xⁱ yʲ at 5 i + j
    right = new Float64Array(N),
    sums = new Float64Array(8);
  for (let row = 0; row < y.length; row++) {
    sumRow(x, v, weights, row * x.length, sums);
    const up = y[row];
    for (let j = 0, power = 1; j < 5; j++, power *= up)
      for (let i = 0; i < 5; i++) moments[5 * i + j] += sums[i] * power;
    right[0] += sums[5];
    right[1] += sums[6];
    right[2] += sums[5] * up;
    right[3] += sums[7];
    right[4] += sums[6] * up;
    right[5] += sums[5] * up * up;
  }
  return solved(moments, right);
}

function solved(moments: Float64Array, right: Float64Array): Float64Array {
  const matrix = POWERS.map(([i, j]) => Float64Array.from(POWERS, ([k, l]) => moments[5 * (i + k) + j + l]));
  return pseudoSolved(matrix, right);
}

/** Σ xⁱ yʲ over all pixels at 5 i + j. */
function momentsOf({ x, y }: Grid): Float64Array {
  const powers = (along: Float64Array): number[] =>
    [0, 1, 2, 3, 4].map((power) => along.reduce((sum, value) => sum + value ** power, 0));
  const [across, up] = [powers(x), powers(y)];
  return Float64Array.from({ length: 25 }, (_, at) => across[Math.trunc(at / 5)] * up[at % 5]);
}

/** Of one row that begins at `from`: Σ w, Σ w x, … Σ w x⁴, then Σ w v, Σ w v x, Σ w v x². */
function sumRow(x: Float64Array, v: Float64Array, weights: Float64Array, from: number, sums: Float64Array): void {
  let [s0, s1, s2, s3, s4, v0, v1, v2] = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let column = 0; column < x.length; column++) {
    const w0 = weights[from + column];
    if (w0 === 0) continue;
    const at = x[column],
      w1 = w0 * at,
      w2 = w1 * at,
      w3 = w2 * at,
      value = v[from + column];
    s0 += w0;
    s1 += w1;
    s2 += w2;
    s3 += w3;
    s4 += w3 * at;
    v0 += w0 * value;
    v1 += w1 * value;
    v2 += w2 * value;
  }
  sums[0] = s0;
  sums[1] = s1;
  sums[2] = s2;
  sums[3] = s3;
  sums[4] = s4;
  sums[5] = v0;
  sums[6] = v1;
  sums[7] = v2;
}

/** Symmetric: by Jacobi's rotations; eigenvalues below numpy's bound for lstsq count as 0. */
function pseudoSolved(a: Float64Array[], right: Float64Array): Float64Array {
  const q = a.map((_, i) => Float64Array.from({ length: N }, (_unused, k) => (i === k ? 1 : 0)));
  for (let sweep = 0; sweep < 30; sweep++) {
    let off = 0;
    for (let i = 0; i < N; i++) {
      for (let j = i + 1; j < N; j++) {
        if (a[i][j] === 0) continue;
        off += a[i][j] ** 2;
        const theta = (a[j][j] - a[i][i]) / (2 * a[i][j]);
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1)),
          c = 1 / Math.sqrt(t * t + 1),
          s = t * c;
        for (let k = 0; k < N; k++) rotate(a[k], i, a[k], j, c, s);
        for (let k = 0; k < N; k++) rotate(q[k], i, q[k], j, c, s);
        for (let k = 0; k < N; k++) rotate(a[i], k, a[j], k, c, s);
      }
    }
    if (off === 0) break;
  }
  const largest = Math.max(...a.map((row, i) => Math.abs(row[i])));
  const out = new Float64Array(N);
  for (let e = 0; e < N; e++) {
    if (Math.abs(a[e][e]) <= 2 ** -52 * N * largest) continue;
    let along = 0;
    for (let k = 0; k < N; k++) along += q[k][e] * right[k];
    for (let k = 0; k < N; k++) out[k] += (q[k][e] * along) / a[e][e];
  }
  return out;
}

function rotate(first: Float64Array, i: number, second: Float64Array, j: number, c: number, s: number): void {
  const one = first[i],
    other = second[j];
  first[i] = c * one - s * other;
  second[j] = s * one + c * other;
}
