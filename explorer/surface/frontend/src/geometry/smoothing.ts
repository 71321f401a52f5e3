/**
 * How is a path through latent space moved so that the picture changes less along it? The twin of `trainer.latent.smoothing`.
 *
 * The path of least energy Σ ‖x_{i+1} − x_i‖² is the shortest one at constant speed. Damped Gauss-Newton steps (Marquardt 1963) with numerical
 * derivatives of the pictures lower it. Letters: T moments, K latent dimensions, P pixels, J (K, P) the derivatives at an inner point.
 */

import { type Decode, type InParts, type Path, pictures } from "./decoded-length";

const MAX_STEPS = 40;
const MAX_DAMPING = 1e6;
/** Step of a numerical derivative, as a share of the path's width. */
const DIFFERENCE = 1e-3;

/** A path of less energy near the given one; the ends stay. `enough`: relative fall of the energy at which it ends. */
export function* smoothed(given: Path, decode: Decode, enough = 1e-3): InParts<Path> {
  let path = given;
  let damping = 1e-3;
  let x = yield* pictures(path, decode);
  let energy = energyOf(x, path.length);
  for (let turn = 0; turn < MAX_STEPS; turn++) {
    const { gradient, matrix } = yield* normalEquations(path, x, decode);
    const scale = matrix.trace / gradient.length;
    if (!(scale > 0)) return path; // the picture does not change: every path is as good
    let fall = 0;
    while (fall <= 0 && damping < MAX_DAMPING) {
      const step = matrix.solve(damping * scale, gradient);
      if (!step) {
        damping *= 5; // rounding ate a damping that small
        continue;
      }
      const candidate = moved(path, step);
      const then = yield* pictures(candidate, decode);
      const energyThen = energyOf(then, path.length);
      fall = Number.isFinite(energyThen) ? energy - energyThen : 0;
      damping = fall > 0 ? damping / 5 : damping * 5;
      if (fall > 0) [path, x, energy] = [candidate, then, energyThen];
    }
    if (fall <= 0) return path;
    damping = Math.max(damping, 1e-9);
    if (fall < enough * energy) return path;
  }
  return path;
}

/** The inner points, moved against the gradient. */
function moved(path: Path, step: Float64Array): Path {
  return path.map((code, i) =>
    i > 0 && i < path.length - 1 ? code.map((value, k) => value - step[(i - 1) * code.length + k]) : code,
  );
}

function energyOf(x: Float32Array, T: number): number {
  const P = x.length / T;
  let sum = 0;
  for (let at = P; at < x.length; at++) sum += (x[at] - x[at - P]) ** 2;
  return sum;
}

/** Gradient and Gauss-Newton matrix of half the energy in the inner points: blocks 2·J Jᵀ, beside them −J_j J_{j+1}ᵀ. */
function* normalEquations(
  path: Path,
  x: Float32Array,
  decode: Decode,
): InParts<{ readonly gradient: Float64Array; readonly matrix: Banded }> {
  const K = path[0].length;
  const P = x.length / path.length;
  const n = (path.length - 2) * K;
  const widths = path[0].map((_, k) => {
    const along = path.map((code) => code[k]);
    return Math.max(...along) - Math.min(...along);
  });
  const h = DIFFERENCE * Math.max(...widths);
  const beside = path.slice(1, -1).flatMap((code) => code.map((_, k) => code.map((v, i) => (i === k ? v + h : v))));
  const slope = yield* pictures(beside, decode); // (T − 2)·K rows of P
  const gradient = new Float64Array(n);
  for (let row = 0; row < n; row++) {
    const own = (Math.floor(row / K) + 1) * P;
    let sum = 0;
    for (let p = 0, at = row * P; p < P; p++, at++) {
      slope[at] = (slope[at] - x[own + p]) / h;
      sum += slope[at] * (2 * x[own + p] - x[own - P + p] - x[own + P + p]);
    }
    gradient[row] = sum;
  }
  const matrix = new Banded(n, Math.min(2 * K - 1, n - 1));
  for (let i = 0; i < n; i++) {
    for (let j = Math.max(0, (Math.floor(i / K) - 1) * K); j <= i; j++) {
      const weight = Math.floor(j / K) === Math.floor(i / K) ? 2 : -1;
      matrix.set(i, j, weight * dot(slope, i * P, j * P, P));
    }
    if (i % K === K - 1) yield;
  }
  return { gradient, matrix };
}

function dot(rows: Float32Array, a: number, b: number, P: number): number {
  let [one, two] = [0, 0];
  let p = 0;
  for (; p + 1 < P; p += 2) {
    one += rows[a + p] * rows[b + p];
    two += rows[a + p + 1] * rows[b + p + 1];
  }
  return p < P ? one + two + rows[a + p] * rows[b + p] : one + two;
}

/** A symmetric matrix with `width` diagonals on either side. */
class Banded {
  trace = 0;
  /** Row i holds columns i − width … i. */
  private readonly rows: Float64Array;

  constructor(
    private readonly n: number,
    private readonly width: number,
  ) {
    this.rows = new Float64Array(n * (width + 1));
  }

  set(i: number, j: number, value: number): void {
    this.rows[i * (this.width + 1) + this.width - i + j] = value;
    if (i === j) this.trace += value;
  }

  /** y with (this + ridge·1) y = right, by Cholesky; null where that is not positive definite. */
  solve(ridge: number, right: Float64Array): Float64Array | null {
    const { n, width } = this;
    const at = (i: number, j: number): number => i * (width + 1) + width - i + j;
    const lower = this.rows.slice();
    for (let i = 0; i < n; i++) {
      for (let j = Math.max(0, i - width); j <= i; j++) {
        let sum = lower[at(i, j)] + (i === j ? ridge : 0);
        for (let k = Math.max(0, i - width); k < j; k++) sum -= lower[at(i, k)] * lower[at(j, k)];
        if (i === j && !(sum > 0)) return null;
        lower[at(i, j)] = i === j ? Math.sqrt(sum) : sum / lower[at(j, j)];
      }
    }
    const y = right.slice();
    for (let i = 0; i < n; i++) {
      for (let k = Math.max(0, i - width); k < i; k++) y[i] -= lower[at(i, k)] * y[k];
      y[i] /= lower[at(i, i)];
    }
    for (let i = n - 1; i >= 0; i--) {
      for (let k = i + 1; k <= Math.min(n - 1, i + width); k++) y[i] -= lower[at(k, i)] * y[k];
      y[i] /= lower[at(i, i)];
    }
    return y;
  }
}
