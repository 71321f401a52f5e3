/**
 * Along which directions do images vary most? The largest eigenvalues of their covariance, found by subspace iteration with Rayleigh's quotients,
 * in small pieces of work between which a page can draw.
 */

import { Random } from "../../engine/learning/random";

/** Images without their mean, one after the other. */
export interface Centred {
  readonly n: number;
  /** Numbers of an image. */
  readonly size: number;
  readonly values: Float32Array;
}

type Values = Float64Array<ArrayBufferLike>;

/** More directions than are asked for: the last ones settle slowly. */
const SPARE = 4;
const MOST_ROUNDS = 200;
/** Of an eigenvalue, from round to round. */
const SETTLED = 1e-4;
/** Multiplications between two pauses. */
const PIECE = 1e6;
const SEED = 1;

/**
 * Of bytes of which 255 is 1. Bernoulli pixels are divided by √(m(1−m)), m their mean: then the noise of each has the variance 1 near the mean
 * image, and pixels that never change say nothing.
 */
export function centred(images: Uint8Array, size: number, isBernoulli: boolean): Centred {
  const n = images.length / size;
  const means = new Float64Array(size);
  for (let at = 0; at < images.length; at++) means[at % size] += images[at] / (255 * n);
  const scales = means.map((mean) => (isBernoulli ? 1 / Math.sqrt(mean * (1 - mean)) : 1));
  const values = Float32Array.from(images, (byte, at) => {
    const scale = scales[at % size];
    return Number.isFinite(scale) ? (byte / 255 - means[at % size]) * scale : 0;
  });
  return { n, size, values };
}

/** The `count` largest, largest first; fewer where there are fewer dimensions. Pauses after every piece of work. */
export function* largestEigenvalues(rows: Centred, count: number): Generator<void, Values> {
  const K = Math.min(count + SPARE, rows.size, rows.n);
  let basis = orthonormal(drawn(K, rows.size));
  let before: Values = new Float64Array(K);
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const images = yield* times(rows, basis);
    const found = symmetricEigenvalues(inner(basis, images));
    if (isSettled(found, before, Math.min(count, K))) return found.slice(0, count);
    before = found;
    basis = orthonormal(images);
  }
  return before.slice(0, count);
}

/** The covariance (divided by n) times each of the directions. */
function* times({ n, size, values }: Centred, basis: readonly Float64Array[]): Generator<void, Float64Array[]> {
  const out = basis.map(() => new Float64Array(size));
  const piece = Math.max(1, Math.floor(PIECE / (2 * size * basis.length)));
  for (let i = 0; i < n; i++) {
    const row = values.subarray(i * size, (i + 1) * size);
    basis.forEach((direction, k) => {
      const along = dot(row, direction) / n;
      const sum = out[k];
      for (let j = 0; j < size; j++) sum[j] += along * row[j];
    });
    if (i % piece === piece - 1) yield;
  }
  return out;
}

function isSettled(found: Values, before: Values, count: number): boolean {
  const largest = found[0];
  return found
    .subarray(0, count)
    .every((value, k) => Math.abs(value - before[k]) <= SETTLED * (value + 1e-6 * largest));
}

function drawn(count: number, size: number): Float64Array[] {
  const random = new Random(SEED, 0);
  const all = new Float32Array(count * size);
  random.fillNormal(all);
  return Array.from({ length: count }, (_, k) => Float64Array.from(all.subarray(k * size, (k + 1) * size)));
}

/** Gram–Schmidt, twice against rounding; what is nothing beside the others becomes 0. */
function orthonormal(directions: readonly Float64Array[]): Float64Array[] {
  const done: Float64Array[] = [];
  for (const direction of directions) {
    const rest = direction.slice();
    const length = Math.sqrt(dot(rest, rest));
    for (const _ of [1, 2])
      for (const other of done) {
        const along = dot(rest, other);
        for (let j = 0; j < rest.length; j++) rest[j] -= along * other[j];
      }
    const left = Math.sqrt(dot(rest, rest));
    const scale = left > 1e-10 * length ? 1 / left : 0;
    done.push(rest.map((value) => value * scale));
  }
  return done;
}

function inner(left: readonly Float64Array[], right: readonly Float64Array[]): Float64Array[] {
  return left.map((one) => Float64Array.from(right, (other) => dot(one, other)));
}

/** Of a small symmetric matrix, largest first, by Jacobi's rotations. */
export function symmetricEigenvalues(matrix: readonly Float64Array[]): Values {
  const a = matrix.map((row) => row.slice());
  const n = a.length;
  for (let sweep = 0; sweep < 30; sweep++) {
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotate(a, p, q);
  }
  return Float64Array.from(a, (row, i) => row[i]).sort((x, y) => y - x);
}

function rotate(a: Float64Array[], p: number, q: number): void {
  const off = (a[p][q] + a[q][p]) / 2;
  if (off === 0) return;
  const theta = (a[q][q] - a[p][p]) / (2 * off);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (const row of a) [row[p], row[q]] = [c * row[p] - s * row[q], s * row[p] + c * row[q]];
  for (let k = 0; k < a.length; k++) [a[p][k], a[q][k]] = [c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k]];
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
