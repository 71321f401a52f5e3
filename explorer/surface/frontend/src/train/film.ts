/**
 * What of a training is kept, so that one can look back and go on from there? Moments with all that decides the steps to come, evenly thinned so
 * that they stay few and small: where they are too many every second one goes, and from then on they are kept half as often. The newest are
 * exact; older ones are rounded to 16 bits.
 */

import type { Kept } from "../engine/learning/messages";
import type { Snapshot } from "../engine/learning/records";
import { floatsToHalves, halvesToFloats } from "../wire/float16";

/** One that was kept: exact, or rounded. */
export interface Moment {
  readonly step: number;
  readonly settings: Snapshot["settings"];
  readonly exact: Kept | null;
  /** Null where it is exact. */
  readonly rounded: Rounded | null;
}

/** Numbers that were divided by `scale` and rounded to binary16. */
interface Halves {
  readonly scale: number;
  readonly values: Uint16Array;
}

interface Rounded {
  readonly snapshot: Omit<Snapshot, "blocks">;
  /** Weights, Adam's first moments, and the roots of the second ones, which are too small for 16 bits as they are. */
  readonly blocks: readonly Halves[];
  readonly mu: Halves;
  readonly logvar: Halves;
}

/** Ascending by step. */
export interface Film {
  readonly moments: readonly Moment[];
  /** Between two moments at least, milliseconds. */
  readonly everyMs: number;
}

export const MOST_MOMENTS = 200;
/** Of all moments together. */
export const MOST_BYTES = 64e6;
/** The newest, as long as they are no more than so many bytes; one in any case. */
export const MOST_EXACT = 32;
const MOST_EXACT_BYTES = 16e6;
const FIRST_EVERY_MS = 250;

export const NO_FILM: Film = { moments: [], everyMs: FIRST_EVERY_MS };

export function withKept({ moments, everyMs }: Film, kept: Kept): Film {
  const { step, settings } = kept.snapshot;
  const bytes = bytesOfKept(kept);
  const exact = Math.max(1, Math.min(MOST_EXACT, Math.floor(MOST_EXACT_BYTES / bytes)));
  const before = moments.filter((moment) => moment.step < step);
  const next = [
    ...before.map((moment, i) => (i <= before.length - exact ? rounded(moment) : moment)),
    { step, settings, exact: kept, rounded: null },
  ];
  // a rounded moment has half the bytes
  const most = Math.max(2, Math.min(MOST_MOMENTS, Math.floor((MOST_BYTES - exact * bytes) / (bytes / 2)) + exact));
  if (next.length <= most) return { moments: next, everyMs };
  // the first and the last stay
  const thinned = next.filter((_, i) => i % 2 === 0 || i === next.length - 1);
  return { moments: thinned, everyMs: 2 * everyMs };
}

/** Without what came after a step. */
export function filmUntil({ moments, everyMs }: Film, step: number): Film {
  return { moments: moments.filter((moment) => moment.step <= step), everyMs };
}

/** The step of the moment that is nearest to a step; null where there is none. */
export function nearestMoment({ moments }: Film, step: number): number | null {
  return moments.reduce<number | null>(
    (best, one) => (best === null || Math.abs(one.step - step) < Math.abs(best - step) ? one.step : best),
    null,
  );
}

/** As it was kept, or as near as 16 bits are. */
export function keptOf({ exact, rounded: old }: Moment): Kept {
  if (exact) return exact;
  if (!old) throw new Error("A moment of the film has no weights.");
  const [weights, first, roots] = old.blocks.map(floatsOf);
  const blocks = [weights, first, roots.map((root) => root * root)];
  return {
    kind: "snapshot",
    snapshot: { ...old.snapshot, blocks },
    mu: floatsOf(old.mu),
    logvar: floatsOf(old.logvar),
  };
}

/** The codes of that moment alone. */
export function codesOf({ exact, rounded: old }: Moment): Float32Array {
  return exact ? exact.mu : old ? floatsOf(old.mu) : new Float32Array(0);
}

export function bytesOfFilm({ moments }: Film): number {
  return moments.reduce((sum, { exact, rounded: old }) => {
    if (exact) return sum + bytesOfKept(exact);
    return (
      sum + (old ? [...old.blocks, old.mu, old.logvar].reduce((all, { values }) => all + values.byteLength, 0) : 0)
    );
  }, 0);
}

function bytesOfKept({ snapshot, mu, logvar }: Kept): number {
  return [...snapshot.blocks, mu, logvar].reduce((sum, { byteLength }) => sum + byteLength, 0);
}

function rounded(moment: Moment): Moment {
  if (!moment.exact) return moment;
  const { snapshot, mu, logvar } = moment.exact;
  const { blocks, ...rest } = snapshot;
  const [weights, first, second] = blocks;
  const roots = second.map(Math.sqrt);
  return {
    ...moment,
    exact: null,
    rounded: {
      snapshot: rest,
      blocks: [weights, first, roots].map(halvesOf),
      mu: halvesOf(mu),
      logvar: halvesOf(logvar),
    },
  };
}

/** The largest number becomes the largest of binary16, so that small ones are not lost. */
function halvesOf(floats: Float32Array): Halves {
  let most = 0;
  for (const value of floats) if (Math.abs(value) > most && value !== -Infinity) most = Math.abs(value);
  const scale = most / LARGEST_HALF || 1;
  return { scale, values: floatsToHalves(floats.map((value) => value / scale)) };
}

const LARGEST_HALF = 65504;

function floatsOf({ scale, values }: Halves): Float32Array<ArrayBuffer> {
  return Float32Array.from(halvesToFloats(values), (value) => value * scale);
}
