/**
 * On which path from one code to another does the picture change least? The twin of `trainer.latent.geodesics`, without its cost of low support.
 *
 * It begins with every formula and with the shortest path through each graph of decoded codes, smooths the shortest of them, and answers with
 * the shortest of all: no other path that is offered is shorter. A browser has less time than a server: paths are compared by the chords between
 * their codes, which are never longer than the path, and many dimensions are smoothed on few points first.
 */

import { type DecodedGraph, shortestPath } from "../geometry/decoded-graph";
import {
  atEqualSteps,
  chordLength,
  curveLength,
  type Decode,
  distance,
  type InParts,
  type Path,
  pictures,
  resampled,
} from "../geometry/decoded-length";
import { smoothed } from "../geometry/smoothing";
import { PATH_KINDS } from "../wire/schema";
import { interpolate, N_FRAMES } from "./interpolation";

/** Points that are moved, and at which relative fall of the energy that ends: of two dimensions, where a step costs little and a coarse path cuts corners. */
const FINE_LEVELS: readonly Level[] = [{ n: 33, enough: 1e-3 }];
const LEVELS: readonly Level[] = [
  { n: 9, enough: 3e-3 },
  { n: 17, enough: 3e-3 },
  { n: 33, enough: 5e-3 },
];
/** Of the starts, the shortest ones, are smoothed; the shorter one goes on to more points. */
const REFINED = 2;
/** Points by whose chords smoothed paths are compared. */
const COMPARED = 33;

interface Level {
  readonly n: number;
  readonly enough: number;
}

export interface Geodesic {
  /** (n, K), at equal decoded distances; both ends exactly. */
  readonly z: Path;
  /** Grey levels, of this path and of the straight line. */
  readonly decodedLength: number;
  readonly straightLength: number;
}

interface Candidate {
  readonly z: Path;
  /** Of its chords: its length is no less. */
  readonly chords: number;
}

/** The shortest path that is found from a to b, both (K,), in decoded distance; `others`: further ways from a to b. */
export function* geodesic(
  a: readonly number[],
  b: readonly number[],
  graphs: readonly DecodedGraph[],
  decode: Decode,
  n = N_FRAMES,
  others: readonly Path[] = [],
): InParts<Geodesic> {
  if (a.every((value, k) => value === b[k]))
    return { z: Array.from({ length: n }, () => a), decodedLength: 0, straightLength: 0 };
  const ways: Path[] = [];
  for (const z of [...PATH_KINDS.map((kind) => interpolate(a, b, kind, n)), ...others])
    if (!ways.some((other) => isSame(other, z))) ways.push(z);
  const straightLength = yield* curveLength(ways[0], decode);
  for (const graph of graphs) {
    const rough = yield* shortestPath(a, b, graph, decode);
    if (rough) ways.push(yield* atEqualSteps(rough, decode, n, 1));
  }
  const found: Candidate[] = [];
  for (const z of ways) found.push({ z, chords: yield* chordLength(z, decode) });
  found.sort((one, other) => one.chords - other.chords);
  const smooth = n > 2 ? yield* refined(found.slice(0, REFINED), decode, n) : [];
  let best: Geodesic = { z: ways[0], decodedLength: straightLength, straightLength };
  for (const { z, chords } of [...smooth, ...found]) {
    if (chords >= best.decodedLength) continue;
    const decodedLength = yield* curveLength(z, decode);
    if (decodedLength < best.decodedLength) best = { z, decodedLength, straightLength };
  }
  return best;
}

/** The starts, smoothed and at equal steps. */
function* refined(starts: readonly Candidate[], decode: Decode, n: number): InParts<Candidate[]> {
  const [{ z }] = starts;
  const levels = (z[0].length > 2 ? LEVELS : FINE_LEVELS).map((level) => ({ ...level, n: Math.min(level.n, n) }));
  let found: Candidate[] = [];
  for (const start of starts) found.push({ z: yield* atEqualSteps(start.z, decode, levels[0].n, 1), chords: 0 });
  for (const { n, enough } of levels) {
    const smooth: Candidate[] = [];
    for (const { z } of found) {
      const path = yield* smoothed(resampled(z, n), decode, enough);
      smooth.push({ z: path, chords: yield* chordLength(resampled(path, COMPARED), decode) });
    }
    smooth.sort((one, other) => one.chords - other.chords);
    found = levels.length > 1 ? smooth.slice(0, 1) : smooth;
  }
  const even: Candidate[] = [];
  for (const { z } of found) even.push({ z: yield* atEqualSteps(z, decode, n), chords: 0 });
  return even;
}

/** A spherical path may be the line. */
function isSame(one: Path, other: Path): boolean {
  return one.every((code, i) => code.every((value, k) => Math.abs(value - other[i][k]) <= 1e-12));
}

/** What a geodesic is looked for with, of one class of the decoder. */
export interface Ground {
  readonly graphs: readonly DecodedGraph[];
  readonly decode: Decode;
}

/**
 * The twin of `trainer.latent.paths.shortest_leg`: the geodesic from a to b. Between two classes the switch is in the middle, where the best path
 * of a formula has it, and both halves are geodesics: so the leg, with its jump, is no longer than any formula's.
 */
export function* shortestLeg(
  a: readonly number[],
  b: readonly number[],
  first: Ground,
  then: Ground,
  n = N_FRAMES,
): InParts<Path> {
  if (then === first) return (yield* geodesic(a, b, first.graphs, first.decode, n)).z;
  const middle = Math.floor(n / 2);
  let best: { readonly length: number; readonly halves: readonly [Path, Path] } | null = null;
  for (const kind of PATH_KINDS) {
    const z = interpolate(a, b, kind, n);
    const [x, y] = [yield* pictures([z[middle]], first.decode), yield* pictures([z[middle]], then.decode)];
    const halves = [z.slice(0, middle + 1), z.slice(middle)] as const;
    const within = (yield* curveLength(halves[0], first.decode)) + (yield* curveLength(halves[1], then.decode));
    const length = within + distance(x, 0, y, 0, x.length);
    if (!best || length < best.length) best = { length, halves };
  }
  const [one, other] = best?.halves ?? [[], []];
  const from = yield* geodesic(a, other[0], first.graphs, first.decode, one.length, [one]);
  const to = yield* geodesic(other[0], b, then.graphs, then.decode, other.length, [other]);
  return [...from.z, ...to.z.slice(1)];
}
