/**
 * Which planes can be laid through the latent space on the spot? Through three pins, along two dimensions, along a direction.
 *
 * Letters: K latent dimensions, N points. A plane is z = origin + x·basis[0] + y·basis[1] with orthonormal basis (2, K), so that a unit
 * on the map is a unit of the latent space and the prior's rings stay circles.
 */

import { dimension } from "../ui/format";
import type { Extent, Point } from "../wire/schema";

export interface Plane {
  /** Says which one it is: two planes of one key are the same. */
  readonly key: string;
  readonly title: string;
  readonly note: string;
  readonly labels: readonly [x: string, y: string];
  readonly origin: Float32Array;
  readonly basis: Float32Array;
  /** Codes that are to be in view from the start. */
  readonly shows?: readonly Code[];
}

type Code = ArrayLike<number>;

/** Shorter than this a vector has no direction. */
const NO_LENGTH = 1e-6;
const POWER_STEPS = 200;

/** The plane on which three codes lie: the first is the middle, the second lies to its right, the third above. Null for codes on a line. */
export function throughThree(a: Code, b: Code, c: Code, names: readonly [string, string, string]): Plane | null {
  const right = unit(minus(b, a));
  if (!right) return null;
  const rest = minus(c, a);
  const up = unit(without(rest, right), Math.hypot(...rest));
  if (!up) return null;
  const [one, two, three] = names;
  return {
    key: `three ${[a, b, c].map((z) => Array.from(z).join()).join(" ")}`,
    title: `Plane through ${one}, ${two}, ${three}`,
    note: `Each map point is a code on the plane of pins ${one}, ${two} and ${three}; codes are projected onto it.`,
    labels: [`from ${one} to ${two}`, `towards ${three}`],
    origin: Float32Array.from(a),
    basis: joined(right, up),
    shows: [a, b, c],
  };
}

/** Dimensions `first` and `second` (from 0) vary, all others stay as in `at`. */
export function slice(first: number, second: number, at: Code, name: string): Plane {
  const K = at.length;
  const origin = Float32Array.from(at);
  origin[first] = origin[second] = 0; // the axes show the two numbers themselves
  const basis = new Float32Array(2 * K);
  basis[first] = basis[K + second] = 1;
  const [x, y] = [dimension(first), dimension(second)];
  return {
    key: `slice ${first} ${second} ${origin.join()}`,
    title: `${x} and ${y} at ${name}`,
    note: `Each map point sets ${x} and ${y}; all others are as in ${name}. Codes are projected onto this plane.`,
    labels: [x, y],
    origin,
    basis,
  };
}

/**
 * Across: the direction (K,), in latent units from the mean of the codes mu (N·K). Up: the first principal axis of what the direction
 * leaves of them. Null for a direction of no length, or codes of one dimension.
 */
export function alongDirection(direction: Code, mu: Float32Array, name: string): Plane | null {
  const K = direction.length;
  const across = unit(Array.from(direction));
  if (!across || K < 2) return null;
  const origin = mean(mu, K);
  const up = firstAxis(mu, origin, across) ?? anyAcross(across);
  return {
    key: `direction ${across.join()}`,
    title: `Along ${name}`,
    note: `Across: the direction ${name}. Up: the main axis of the remaining variance of the codes. The other directions stay at their mean.`,
    labels: [name, "main axis orthogonal to it"],
    origin: Float32Array.from(origin),
    basis: joined(across, up),
  };
}

/** Coordinates (N·2) of codes (N·K), dropped onto the plane at right angles. */
export function dropped({ origin, basis }: Plane, codes: ArrayLike<number>): Float32Array {
  const K = origin.length;
  const n = codes.length / K;
  const places = new Float32Array(2 * n);
  for (let i = 0; i < n; i++) {
    let x = 0;
    let y = 0;
    for (let k = 0, at = i * K; k < K; k++, at++) {
      const value = codes[at] - origin[k];
      x += value * basis[k];
      y += value * basis[K + k];
    }
    places[2 * i] = x;
    places[2 * i + 1] = y;
  }
  return places;
}

/** Where the first camera looks: all but the outermost half per cent, with a margin; as Python does for its own maps. */
export function robustExtent(places: Float32Array): Extent {
  const range = (axis: 0 | 1): Point => {
    const values = places.filter((_, i) => i % 2 === axis).sort();
    if (values.length === 0) return [-1, 1];
    const at = (share: number): number => values[Math.round(share * (values.length - 1))];
    const [low, high] = [at(0.0025), at(0.9975)];
    const margin = 0.06 * Math.max(high - low, 1e-3);
    return [low - margin, high + margin];
  };
  return [...range(0), ...range(1)];
}

/** The least extent with all places (x, y pairs) and some more in it; of nothing it is inside out. */
export function bounds(places: Float32Array, more: readonly Point[] = []): Extent {
  let x0 = Infinity,
    x1 = -Infinity,
    y0 = Infinity,
    y1 = -Infinity;
  const take = (x: number, y: number): void => {
    x0 = Math.min(x0, x);
    x1 = Math.max(x1, x);
    y0 = Math.min(y0, y);
    y1 = Math.max(y1, y);
  };
  for (let i = 0; i < places.length; i += 2) take(places[i], places[i + 1]);
  for (const [x, y] of more) take(x, y);
  return [x0, x1, y0, y1];
}

/** A square around all places and a little more: on it the support is known. */
export function squareExtent(places: Float32Array): Extent {
  const [x0, x1, y0, y1] = bounds(places);
  if (!(x1 >= x0)) return [-1, 1, -1, 1];
  const half = Math.max(x1 - x0, y1 - y0, 2e-3) * 0.62;
  const [x, y] = [(x0 + x1) / 2, (y0 + y1) / 2];
  return [x - half, x + half, y - half, y + half];
}

/** The main axis of codes in all directions but `across`, by power iteration on their covariance; null where nothing is left. */
function firstAxis(mu: Float32Array, origin: readonly number[], across: readonly number[]): number[] | null {
  const K = origin.length;
  const covariance = covarianceOf(mu, origin);
  // the column of the largest variance is a start that is not at right angles to the main axis but for bad luck
  let axis = unit(without(largestColumn(covariance, K), across));
  for (let step = 0; axis && step < POWER_STEPS; step++) {
    const next: number[] = unit(without(times(covariance, axis), across)) ?? axis;
    const moved = Math.hypot(...next.map((value, k) => value - (axis as number[])[k]));
    axis = next;
    if (moved < 1e-9) break;
  }
  return axis && signed(axis);
}

function covarianceOf(mu: Float32Array, origin: readonly number[]): Float64Array {
  const K = origin.length;
  const out = new Float64Array(K * K);
  const row = new Float64Array(K);
  for (let at = 0; at < mu.length; at += K) {
    for (let k = 0; k < K; k++) row[k] = mu[at + k] - origin[k];
    for (let i = 0; i < K; i++) for (let j = 0; j <= i; j++) out[i * K + j] += row[i] * row[j];
  }
  for (let i = 0; i < K; i++) for (let j = 0; j < i; j++) out[j * K + i] = out[i * K + j];
  return out;
}

function largestColumn(matrix: Float64Array, K: number): number[] {
  let best = 0;
  for (let k = 1; k < K; k++) if (matrix[k * K + k] > matrix[best * K + best]) best = k;
  const column = Array.from({ length: K }, (_, i) => matrix[i * K + best]);
  const others = Array.from({ length: K }, (_, i) => 1e-3 * matrix[i * K + i]); // never quite along `across` itself
  return column.map((value, k) => value + others[k]);
}

function times(matrix: Float64Array, vector: readonly number[]): number[] {
  const K = vector.length;
  return vector.map((_, i) => vector.reduce((sum, value, j) => sum + matrix[i * K + j] * value, 0));
}

/** Some direction at right angles, where the codes show none. */
function anyAcross(across: readonly number[]): number[] {
  const least = across.reduce((best, value, k) => (Math.abs(value) < Math.abs(across[best]) ? k : best), 0);
  return unit(
    without(
      across.map((_, k) => (k === least ? 1 : 0)),
      across,
    ),
  ) as number[];
}

/** The largest number is positive, so that the same data always give the same picture. */
function signed(vector: number[]): number[] {
  const largest = vector.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
  return largest < 0 ? vector.map((value) => -value) : vector;
}

function mean(mu: Float32Array, K: number): number[] {
  const sum = new Array<number>(K).fill(0);
  for (let at = 0; at < mu.length; at += K) for (let k = 0; k < K; k++) sum[k] += mu[at + k];
  return sum.map((value) => value / Math.max(1, mu.length / K));
}

function minus(a: Code, b: Code): number[] {
  return Array.from(a, (value, k) => value - b[k]);
}

function without(vector: readonly number[], direction: readonly number[]): number[] {
  const along = vector.reduce((sum, value, k) => sum + value * direction[k], 0);
  return vector.map((value, k) => value - along * direction[k]);
}

/** Null for a vector that is no longer than rounding errors of `scale`. */
function unit(vector: readonly number[], scale = 1): number[] | null {
  const length = Math.hypot(...vector);
  return length > NO_LENGTH * Math.max(scale, NO_LENGTH) ? vector.map((value) => value / length) : null;
}

function joined(across: readonly number[], up: readonly number[]): Float32Array {
  return Float32Array.from([...across, ...up]);
}
