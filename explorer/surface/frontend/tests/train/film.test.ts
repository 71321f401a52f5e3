/** Does the film stay small and whole: in order, from the first moment to the last? */

import { expect, test } from "vitest";
import type { Kept } from "../../src/engine/learning/messages";
import { DEFAULTS } from "../../src/engine/learning/records";
import { type Film, filmUntil, MOST_MOMENTS, NO_FILM, withKept } from "../../src/train/film";

function kept(step: number, numbers = 4): Kept {
  const none = new Float32Array(0);
  const blocks = [new Float32Array(numbers)];
  return {
    kind: "snapshot",
    snapshot: { seed: 1, step, settings: DEFAULTS, generator: [], blocks },
    mu: none,
    logvar: none,
  };
}

const filmOf = (steps: readonly number[], numbers = 4): Film =>
  steps.reduce((film, step) => withKept(film, kept(step, numbers)), NO_FILM);
const stepsOf = ({ moments }: Film): number[] => moments.map(({ snapshot }) => snapshot.step);

test("it is thinned evenly, and keeps its ends", () => {
  const film = filmOf(Array.from({ length: 1000 }, (_, i) => i));
  const steps = stepsOf(film);
  expect(steps.length).toBeLessThanOrEqual(MOST_MOMENTS);
  expect(steps.length).toBeGreaterThan(MOST_MOMENTS / 3);
  expect([steps[0], steps.at(-1)]).toEqual([0, 999]);
  expect(steps).toEqual([...steps].sort((a, b) => a - b));
  expect(film.everyMs).toBeGreaterThan(NO_FILM.everyMs);
});

test("large networks keep fewer moments", () => {
  const film = filmOf([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 4e6); // 16 MB each
  expect(film.moments.length).toBeLessThanOrEqual(4);
  expect([stepsOf(film)[0], stepsOf(film).at(-1)]).toEqual([0, 10]);
});

test("a moment that comes again, or after a step back, replaces what came after it", () => {
  expect(stepsOf(filmOf([0, 10, 20, 30, 10, 15]))).toEqual([0, 10, 15]);
  expect(stepsOf(filmUntil(filmOf([0, 10, 20]), 10))).toEqual([0, 10]);
});
