/** Which quadratic surface is the light on the paper? Weighted least squares over 1, x, y, x², xy, y² with coordinates in [−1, 1]. */

import { FIT_PX, MAX_GRAIN, SAME_GREY } from "../wire/schema";
import { chosen, median, type Plane, plane, resize } from "./plane";

const N = 6;

/** level (h, w): the grey of the paper everywhere, also under the ink · grain: standard deviation around it. */
export interface Paper {
  readonly level: Plane;
  readonly grain: number;
}

export function paperOf(grey: Plane): Paper {
  const small = resize(grey, Math.min(grey.h, FIT_PX), Math.min(grey.w, FIT_PX));
  const { h, w, v } = small;
  const terms = quadratic(h, w),
    rim = rimOf(h, w);
  const corners = Float64Array.of(v[0], v[w - 1], v[(h - 1) * w], v[h * w - 1]);
  const flat = (value: number): Float64Array => new Float64Array(v.length).fill(value);
  const starts = [
    at(terms, leastAbsolute(rows(terms, rim), values(v, rim))),
    flat(median(values(v, rim))),
    flat(median(corners)),
  ];
  let best: Fit | null = null,
    most = -1;
  for (const [k, start] of starts.entries()) {
    if (starts.slice(0, k).some((earlier) => isSame(earlier, start))) continue;
    const fit = settle(terms, v, start),
      surface = at(terms, fit.factors);
    let n = 0;
    for (let i = 0; i < v.length; i++) if (Math.abs(v[i] - surface[i]) < SAME_GREY) n++;
    if (n > most) [best, most] = [fit, n];
  }
  const { factors, onIt } = best as Fit;
  const level = new Float64Array(grey.v.length),
    residual = new Float64Array(grey.v.length);
  const shown = resize(plane(h, w, new Float64Array(onIt)), grey.h, grey.w).v;
  const isPaper = new Uint8Array(shown.length);
  eachTerm(grey.h, grey.w, (i, x, y) => {
    const value =
      factors[0] + x * factors[1] + y * factors[2] + x * x * factors[3] + x * y * factors[4] + y * y * factors[5];
    level[i] = value < 0 ? 0 : Math.min(value, 255);
    residual[i] = Math.abs(grey.v[i] - level[i]);
    if (shown[i] > 0.5) isPaper[i] = 1;
  });
  const onPaper = chosen(residual, isPaper);
  return { level: plane(grey.h, grey.w, level), grain: onPaper.length ? 1.4826 * median(onPaper) : 0 };
}

/** The outer tenth, as places in the picture. */
function rimOf(h: number, w: number): number[] {
  const most = Math.max(1, 0.1 * Math.min(h, w)),
    found: number[] = [];
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++) if (Math.min(y, h - 1 - y, x, w - 1 - x) < most) found.push(y * w + x);
  return found;
}

interface Fit {
  readonly factors: Float64Array;
  readonly onIt: Uint8Array;
}

/** Refit to the pixels that lie on the surface until they stay the same: ink drops out, all paper joins in. */
function settle(terms: Float64Array, v: Float64Array, start: Float64Array): Fit {
  let factors: Float64Array = new Float64Array(N),
    onIt = new Uint8Array(v.length),
    surface = start,
    spread = MAX_GRAIN;
  for (let turn = 0; turn < 10; turn++) {
    const nearer = new Uint8Array(v.length);
    let isStable = true;
    for (let i = 0; i < v.length; i++) {
      if (Math.abs(v[i] - surface[i]) < 3 * spread) nearer[i] = 1;
      isStable &&= nearer[i] === onIt[i];
    }
    if (isStable) break;
    onIt = nearer;
    factors = solve(terms, v, new Float64Array(nearer));
    surface = at(terms, factors);
    const residual = chosen(distances(v, surface), nearer);
    spread = Math.min(MAX_GRAIN, Math.max(1, 1.4826 * (residual.length ? median(residual) : NaN)));
  }
  return { factors, onIt };
}

/** Least absolute deviations by reweighted least squares: a weight 1/|residual| makes squares absolute values. */
function leastAbsolute(terms: Float64Array, v: Float64Array): Float64Array {
  let factors = solve(terms, v, new Float64Array(v.length).fill(1));
  let before: Float64Array = new Float64Array(v.length);
  for (let turn = 0; turn < 20; turn++) {
    const weights = distances(v, at(terms, factors));
    for (let i = 0; i < weights.length; i++) weights[i] = 1 / Math.max(weights[i], 0.5);
    if (isSame(before, weights)) break; // so are the factors
    before = weights;
    factors = solve(terms, v, weights);
  }
  return factors;
}

function isSame(a: Float64Array, b: Float64Array): boolean {
  for (let i = 0; i < a.length; i++) if (Math.abs(a[i] - b[i]) > 1e-9) return false;
  return true;
}

function distances(v: Float64Array, surface: Float64Array): Float64Array {
  const out = new Float64Array(v.length);
  for (let i = 0; i < v.length; i++) out[i] = Math.abs(v[i] - surface[i]);
  return out;
}

function quadratic(h: number, w: number): Float64Array {
  const out = new Float64Array(h * w * N);
  eachTerm(h, w, (i, x, y) => out.set([1, x, y, x * x, x * y, y * y], i * N));
  return out;
}

/** Coordinates in [−1, 1] of every pixel. */
function eachTerm(h: number, w: number, take: (i: number, x: number, y: number) => void): void {
  for (let row = 0, i = 0; row < h; row++)
    for (let column = 0; column < w; column++, i++) take(i, ((column + 0.5) / w) * 2 - 1, ((row + 0.5) / h) * 2 - 1);
}

function rows(terms: Float64Array, which: readonly number[]): Float64Array {
  const out = new Float64Array(which.length * N);
  which.forEach((i, to) => out.set(terms.subarray(i * N, (i + 1) * N), to * N));
  return out;
}

function values(v: Float64Array, which: readonly number[]): Float64Array {
  const out = new Float64Array(which.length);
  for (let k = 0; k < out.length; k++) out[k] = v[which[k]];
  return out;
}

function at(terms: Float64Array, factors: Float64Array): Float64Array {
  const out = new Float64Array(terms.length / N);
  for (let i = 0, t = 0; i < out.length; i++) {
    let sum = 0;
    for (let k = 0; k < N; k++) sum += terms[t++] * factors[k];
    out[i] = sum;
  }
  return out;
}

/** Σ w t tᵀ f = Σ w t v, the least f where there are several. */
function solve(terms: Float64Array, v: Float64Array, weights: Float64Array): Float64Array {
  const matrix = Array.from({ length: N }, () => new Float64Array(N)),
    right = new Float64Array(N);
  for (let i = 0, t = 0; i < v.length; i++, t += N) {
    const w = weights[i];
    if (w === 0) continue;
    for (let a = 0; a < N; a++) {
      const own = w * terms[t + a];
      right[a] += own * v[i];
      for (let b = a; b < N; b++) matrix[a][b] += own * terms[t + b];
    }
  }
  for (let a = 0; a < N; a++) for (let b = 0; b < a; b++) matrix[a][b] = matrix[b][a];
  return pseudoSolved(matrix, right);
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
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1)),
          c = 1 / Math.hypot(t, 1),
          s = t * c;
        for (const m of [a, q]) {
          for (let k = 0; k < N; k++) [m[k][i], m[k][j]] = [c * m[k][i] - s * m[k][j], s * m[k][i] + c * m[k][j]];
        }
        for (let k = 0; k < N; k++) [a[i][k], a[j][k]] = [c * a[i][k] - s * a[j][k], s * a[i][k] + c * a[j][k]];
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
