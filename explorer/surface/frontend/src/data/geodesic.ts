/**
 * On which path from one code to another does the picture change least? The twin of `trainer.latent.geodesics`, without its cost of low support.
 *
 * It begins with every formula and with the shortest path through each graph of decoded codes, smooths the shortest of them, and answers with
 * the shortest of all: no other path that is offered is shorter.
 */

import { type DecodedGraph, shortestPath } from "../geometry/decoded-graph";
import { atEqualSteps, curveLength, type Decode, type InParts, type Path } from "../geometry/decoded-length";
import { smoothed } from "../geometry/smoothing";
import { PATH_KINDS } from "../wire/schema";
import { interpolate, N_FRAMES } from "./interpolation";

/** Points that are moved. */
const N_SMOOTHED = 33;
/** Of the starts, the shortest ones, are smoothed. */
const REFINED = 2;

export interface Geodesic {
  /** (n, K), at equal decoded distances; both ends exactly. */
  readonly z: Path;
  /** Grey levels, of this path and of the straight line. */
  readonly decodedLength: number;
  readonly straightLength: number;
}

interface Candidate {
  readonly z: Path;
  readonly length: number;
}

/** The shortest path that is found from a to b, both (K,), in decoded distance. */
export function* geodesic(
  a: readonly number[],
  b: readonly number[],
  graphs: readonly DecodedGraph[],
  decode: Decode,
  n = N_FRAMES,
): InParts<Geodesic> {
  if (a.every((value, k) => value === b[k]))
    return { z: Array.from({ length: n }, () => a), decodedLength: 0, straightLength: 0 };
  const found: Candidate[] = [];
  for (const kind of PATH_KINDS) {
    const z = interpolate(a, b, kind, n);
    if (!found.some((other) => isSame(other.z, z))) found.push(yield* measured(z, decode));
  }
  const straightLength = found[0].length;
  for (const graph of graphs) {
    const rough = yield* shortestPath(a, b, graph, decode);
    if (rough) found.push(yield* measured(yield* atEqualSteps(rough, decode, n), decode));
  }
  for (const { z } of sorted(found).slice(0, REFINED)) {
    const start = yield* atEqualSteps(z, decode, Math.min(n, N_SMOOTHED));
    if (start.length <= 2) continue;
    found.push(yield* measured(yield* atEqualSteps(yield* smoothed(start, decode), decode, n), decode));
  }
  const [best] = sorted(found);
  return { z: best.z, decodedLength: best.length, straightLength };
}

function* measured(z: Path, decode: Decode): InParts<Candidate> {
  return { z, length: yield* curveLength(z, decode) };
}

function sorted(found: readonly Candidate[]): Candidate[] {
  return [...found].sort((one, other) => one.length - other.length);
}

/** A spherical path may be the line. */
function isSame(one: Path, other: Path): boolean {
  return one.every((code, i) => code.every((value, k) => Math.abs(value - other[i][k]) <= 1e-12));
}
