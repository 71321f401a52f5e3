/** How did the terms of the bound go? A mean for every stretch of steps; where there are too many stretches, two neighbours become one. */

import type { Terms } from "../engine/learning/records";

/** Means over the steps after the stretch before it, up to `step`; of images that are held back, those at `step`. */
export interface Stretch {
  readonly step: number;
  readonly reconstruction: number;
  readonly kl: number;
  readonly klPerDim: Float32Array;
}

export type History = readonly Stretch[];

export const NO_HISTORY: History = [];
/** More than pixels of a chart would not be seen. */
export const MOST_STRETCHES = 600;

/** terms: means over the steps since the last stretch. */
export function withMoment(history: History, step: number, { reconstruction, kl, klPerDim }: Terms): History {
  const next = [...history, { step, reconstruction, kl, klPerDim }];
  return next.length > MOST_STRETCHES ? halved(next) : next;
}

/** One that was measured at a step; where there are too many every second one goes, the first and the last stay. */
export function withMeasured(history: History, step: number, { reconstruction, kl, klPerDim }: Terms): History {
  const next = [...history, { step, reconstruction, kl, klPerDim }];
  return next.length > MOST_STRETCHES ? next.filter((_, i) => i % 2 === 0 || i === next.length - 1) : next;
}

/** As it was when so many steps had been taken. */
export function cutAt(history: History, step: number): History {
  return history.filter((stretch) => stretch.step <= step);
}

/** Neighbours joined, each with the weight of its steps; what is left over stays. */
function halved(history: History): History {
  const joined: Stretch[] = [];
  for (let i = 0; i < history.length; i += 2) {
    const [first, second] = [history[i], history[i + 1]];
    joined.push(second ? joinedTo(first, second, history[i - 1]?.step ?? 0) : first);
  }
  return joined;
}

/** before: the step after which the first stretch began. */
function joinedTo(first: Stretch, second: Stretch, before: number): Stretch {
  const share = (first.step - before) / (second.step - before);
  const mean = (a: number, b: number): number => share * a + (1 - share) * b;
  return {
    step: second.step,
    reconstruction: mean(first.reconstruction, second.reconstruction),
    kl: mean(first.kl, second.kl),
    klPerDim: first.klPerDim.map((value, k) => mean(value, second.klPerDim[k])),
  };
}
