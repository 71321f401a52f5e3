/**
 * What of a training is kept, so that one can look back and go on from there? Moments with all that decides the steps to come, evenly thinned so
 * that they stay few and small: where they are too many every second one goes, and from then on they are kept half as often.
 */

import type { Kept } from "../engine/learning/messages";

/** Ascending by step. */
export interface Film {
  readonly moments: readonly Kept[];
  /** Between two moments at least, milliseconds. */
  readonly everyMs: number;
}

export const MOST_MOMENTS = 120;
/** Of all moments together. */
const MOST_BYTES = 64e6;
const FIRST_EVERY_MS = 250;

export const NO_FILM: Film = { moments: [], everyMs: FIRST_EVERY_MS };

export function withKept({ moments, everyMs }: Film, kept: Kept): Film {
  const next = [...moments.filter(({ snapshot }) => snapshot.step < kept.snapshot.step), kept];
  const most = Math.max(2, Math.min(MOST_MOMENTS, Math.floor(MOST_BYTES / bytesOf(kept))));
  if (next.length <= most) return { moments: next, everyMs };
  // the first and the last stay
  const thinned = next.filter((_, i) => i % 2 === 0 || i === next.length - 1);
  return { moments: thinned, everyMs: 2 * everyMs };
}

/** Without what came after a step. */
export function filmUntil({ moments, everyMs }: Film, step: number): Film {
  return { moments: moments.filter(({ snapshot }) => snapshot.step <= step), everyMs };
}

function bytesOf({ snapshot, mu, logvar }: Kept): number {
  return [...snapshot.blocks, mu, logvar].reduce((sum, { byteLength }) => sum + byteLength, 0);
}
