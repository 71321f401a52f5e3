/** Which codes lie between two codes? `trainer.latent.geometry.interpolate` in the browser; the tests hold them against each other. */

import type { PathChoice } from "../wire/payload";
import type { PathKind } from "../wire/schema";

/** Below this angle the sine ratio of slerp is noise and the chord is the arc. */
const PARALLEL = 1e-4;
type Code = readonly number[];

/** As many as the app plays. */
export const N_FRAMES = 61;

/** The pins of a path, in the order in which it meets them. */
export function stopsOf({ from, to, all }: PathChoice): number[] {
  if (!all) return [from, to];
  const step = from < to ? 1 : -1;
  return Array.from({ length: Math.abs(to - from) + 1 }, (_, i) => from + step * i);
}

/** Codes through all stops, `n` moments from each to the next; a stop between two legs is met once. */
export function through(stops: readonly (readonly number[])[], kind: PathKind, n = N_FRAMES): Code[] {
  return joined(stops.slice(1).map((stop, i) => interpolate(stops[i], stop, kind, n)));
}

/** The codes of all legs one after the other. */
export function joined(legs: readonly (readonly Code[])[]): Code[] {
  return legs.flatMap((leg, i) => leg.slice(i === 0 ? 0 : 1));
}

/** Codes on the way from `a` to `b`, both (K,), at `n` moments evenly from 0 to 1. */
export function interpolate(a: readonly number[], b: readonly number[], kind: PathKind, n = N_FRAMES): number[][] {
  const way = kind === "spherical" ? slerp(a, b) : null;
  return Array.from({ length: n }, (_, i) => {
    const t = n > 1 ? i / (n - 1) : 0;
    if (way) return way(t);
    const length = kind === "variance-preserving" ? Math.hypot(1 - t, t) : 1;
    return a.map((value, k) => ((1 - t) * value + t * b[k]) / length);
  });
}

/** Shoemake 1985 for the directions, lengths evenly between; null where there is no one shortest arc, or none to speak of. */
function slerp(a: readonly number[], b: readonly number[]): ((t: number) => number[]) | null {
  const lengthA = Math.hypot(...a),
    lengthB = Math.hypot(...b);
  if (Math.min(lengthA, lengthB) === 0) return null;
  const u = a.map((value) => value / lengthA),
    v = b.map((value) => value / lengthB);
  // half chords keep the digits that the arc cosine loses near 0 and π (Kahan)
  const angle = 2 * Math.atan2(Math.hypot(...u.map((x, k) => x - v[k])), Math.hypot(...u.map((x, k) => x + v[k])));
  if (angle < PARALLEL || Math.PI - angle < PARALLEL) return null;
  return (t) => {
    const length = (1 - t) * lengthA + t * lengthB;
    const s = Math.sin((1 - t) * angle) / Math.sin(angle),
      r = Math.sin(t * angle) / Math.sin(angle);
    return u.map((x, k) => (s * x + r * v[k]) * length);
  };
}
