/** Where on the map is a code? `trainer.projection.Projection.to_map` in the browser. */

import type { Payload, Point } from "./blob";

const NEIGHBOURS = 15;

export type ToMap = (z: ArrayLike<number>) => Point;

export function makeToMap(payload: Payload): ToMap {
  const { projection, run } = payload.header;
  const K = run.latent_dim;
  if (projection.kind === "identity") return (z) => [z[0], z[1]];
  if (projection.kind === "linear") return linear(payload.floats("basis"), payload.floats("origin"), K);
  return blend(payload.floats("points_mu"), payload.floats("points_map"), K);
}

/** Least squares on the plane origin + x·basis[0] + y·basis[1]; a direction of length 0 (a line's) gets 0. */
export function linear(basis: Float32Array, origin: Float32Array, K: number): ToMap {
  const dot = (a: number, b: number): number => sum(K, (k) => basis[a * K + k] * basis[b * K + k]);
  const aa = dot(0, 0), ab = dot(0, 1), bb = dot(1, 1);
  const determinant = aa * bb - ab * ab;
  return (z) => {
    const p = sum(K, (k) => (z[k] - origin[k]) * basis[k]);
    const q = sum(K, (k) => (z[k] - origin[k]) * basis[K + k]);
    if (determinant > 1e-12) return [(p * bb - q * ab) / determinant, (q * aa - p * ab) / determinant];
    return [aa > 0 ? p / aa : 0, bb > 0 ? q / bb : 0];
  };
}

/** A layout has no formula: the Gaussian-weighted mean of the places of the nearest real codes. */
function blend(mu: Float32Array, places: Float32Array, K: number): ToMap {
  const n = mu.length / K;
  const squares = new Float64Array(n);
  return (z) => {
    for (let i = 0; i < n; i++) {
      let total = 0;
      for (let k = 0, at = i * K; k < K; k++, at++) total += (mu[at] - z[k]) ** 2;
      squares[i] = total;
    }
    const nearest = smallest(squares, Math.min(NEIGHBOURS, n));
    const least = squares[nearest[0]];
    // as in Python: the bandwidth follows the neighbourhood, and far from all points the nearest one decides
    const width = nearest.reduce((total, i) => total + Math.sqrt(squares[i]), 0) / nearest.length / 2 + 1e-9;
    const weights = nearest.map((i) => Math.exp((-0.5 * (squares[i] - least)) / width ** 2));
    const all = weights.reduce((total, weight) => total + weight, 0);
    const mean = (axis: 0 | 1): number => nearest.reduce((total, i, j) => total + weights[j] * places[2 * i + axis], 0) / all;
    return [mean(0), mean(1)];
  };
}

/** The numbers of the `n` smallest values, smallest first. */
function smallest(values: Float64Array, n: number): number[] {
  const kept: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if (kept.length === n && values[i] >= values[kept[n - 1]]) continue;
    let at = kept.length;
    while (at > 0 && values[kept[at - 1]] > values[i]) at--;
    kept.splice(at, 0, i);
    if (kept.length > n) kept.pop();
  }
  return kept;
}

function sum(n: number, term: (k: number) => number): number {
  let total = 0;
  for (let k = 0; k < n; k++) total += term(k);
  return total;
}
