/**
 * Where does the prior put much probability and no encoded image is near? Found by the prior's mass, not by a colour of the map.
 *
 * In two latent dimensions: around every place of a grid the disc that reaches to the 5th nearest code. It holds four codes; the prior puts
 * n · P(‖z − place‖ < r) of as many samples there. Holes are the discs where that is many more, none inside another; first those of low
 * support, and of these the ones with most. In more dimensions there is no grid: samples of the prior are drawn, and those with few encoded
 * images around are holes, all equally probable, the farthest from codes first.
 */

import { regularisedGamma } from "../geometry/gamma";
import type { Near } from "../geometry/nearest-codes";
import { isLow, norm } from "../geometry/support";
import { SUPPORT_MEDIUM, SUPPORT_NEIGHBOUR } from "../wire/schema";

/** Where the prior still has one per cent of its samples outside, and how finely it is looked at. */
const REACH = Math.sqrt(-2 * Math.log(0.01));
const CELLS = 100;
/** Fewer expected samples in a disc of four codes may be chance: P(at most 4 | 25) is 3 in 10 million. */
const FEWEST_EXPECTED = 25;
const MOST_HOLES = 12;
const SAMPLES = 500;

export interface Hole {
  readonly z: readonly number[];
  /** To the 5th nearest code. */
  readonly radius: number;
  readonly support: number;
  /** Samples of as many as there are codes that the prior puts within the radius; null where only the sample itself is known. */
  readonly expected: number | null;
}

/** What is asked of the codes. */
export interface Codes {
  readonly n: number;
  near(z: ArrayLike<number>, k: number): readonly Near[];
  support(z: ArrayLike<number>, near: readonly Near[]): number;
}

/** Of the latent plane, low density first, then medium, by expected samples. */
export function holesOfPlane({ n, near, support }: Codes): Hole[] {
  if (n < SUPPORT_NEIGHBOUR) return [];
  const found: Hole[] = [];
  for (let row = 0; row < CELLS; row++) {
    for (let column = 0; column < CELLS; column++) {
      const z = [REACH * (2 * ((column + 0.5) / CELLS) - 1), REACH * (2 * ((row + 0.5) / CELLS) - 1)];
      if (norm(z) > REACH) continue;
      const nearest = near(z, SUPPORT_NEIGHBOUR);
      const radius = nearest[SUPPORT_NEIGHBOUR - 1].distance;
      if (0.5 * n * radius * radius < FEWEST_EXPECTED) continue; // the prior's density is at most 1/2π
      const expected = n * discMass(norm(z), radius);
      if (expected < FEWEST_EXPECTED) continue;
      const here = support(z, nearest);
      if (here < SUPPORT_MEDIUM) found.push({ z, radius, support: here, expected });
    }
  }
  const mass = ({ expected }: Hole): number => expected ?? 0;
  found.sort((a, b) => Number(isLow(b.support)) - Number(isLow(a.support)) || mass(b) - mass(a));
  return apart(found);
}

/** Of more dimensions: samples of the prior with low density, those with the farthest codes first; `share`: how many of all samples are such. */
export function holesAmongSamples(
  { near, support }: Codes,
  K: number,
  k: number,
  n = SAMPLES,
): { readonly holes: Hole[]; readonly share: number } {
  const normal = normals(1);
  const found: Hole[] = [];
  for (let i = 0; i < n; i++) {
    const z = Array.from({ length: K }, normal);
    const nearest = near(z, k);
    const here = support(z, nearest);
    if (isLow(here))
      found.push({ z, radius: nearest[nearest.length - 1]?.distance ?? 0, support: here, expected: null });
  }
  found.sort((a, b) => b.radius - a.radius);
  return { holes: found.slice(0, MOST_HOLES), share: found.length / n };
}

/** P(‖ε − d‖ < r) for ε ~ N(0, I₂) and a place at distance d: noncentral χ² with two degrees of freedom, a Poisson mixture of central ones. */
export function discMass(d: number, r: number): number {
  const half = (d * d) / 2;
  let [weight, total] = [Math.exp(-half), 0];
  for (let j = 0, left = 1; left > 1e-12 && j < 400; j++) {
    total += weight * regularisedGamma(1 + j, (r * r) / 2);
    left -= weight;
    weight *= half / (j + 1);
  }
  return Math.min(1, total);
}

/** The first ones, none with its middle inside another or the other way round. */
function apart(holes: readonly Hole[]): Hole[] {
  const kept: Hole[] = [];
  for (const hole of holes) {
    if (kept.length === MOST_HOLES) break;
    if (kept.every((one) => Math.hypot(one.z[0] - hole.z[0], one.z[1] - hole.z[1]) > Math.max(one.radius, hole.radius)))
      kept.push(hole);
  }
  return kept;
}

/** Standard normals from a seed, the same in every browser (mulberry32; Box & Muller 1958). */
function normals(seed: number): () => number {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

export interface FoundHoles {
  readonly holes: readonly Hole[];
  /** Of samples from the prior, where they were drawn. */
  readonly share: number;
}

/** On a plane all of it is looked at, in more dimensions samples are drawn. k: neighbours that make the support. */
export function holesOf(codes: Codes, latentDim: number, k: number): FoundHoles {
  return latentDim === 2 ? { holes: holesOfPlane(codes), share: 0 } : holesAmongSamples(codes, latentDim, k);
}
