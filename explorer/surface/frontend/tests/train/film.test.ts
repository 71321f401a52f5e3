/** Does the film stay small and whole: in order, from the first moment to the last? */

import { expect, test } from "vitest";
import { dense } from "../../src/engine/learning/architectures";
import { Learner } from "../../src/engine/learning/learner";
import type { Kept } from "../../src/engine/learning/messages";
import { DEFAULTS } from "../../src/engine/learning/records";
import {
  bytesOfFilm,
  type Film,
  filmUntil,
  keptOf,
  MOST_BYTES,
  MOST_EXACT,
  MOST_MOMENTS,
  NO_FILM,
  withKept,
} from "../../src/train/film";
import { floats } from "../helpers";

function kept(step: number, numbers = 4): Kept {
  const none = new Float32Array(0);
  const blocks = [1, 2, 3].map(() => new Float32Array(numbers));
  return {
    kind: "snapshot",
    snapshot: { seed: 1, step, settings: DEFAULTS, generator: [], blocks },
    mu: none,
    logvar: none,
  };
}

const filmOf = (steps: readonly number[], numbers = 4): Film =>
  steps.reduce((film, step) => withKept(film, kept(step, numbers)), NO_FILM);
const stepsOf = ({ moments }: Film): number[] => moments.map(({ step }) => step);

test("it is thinned evenly, and keeps its ends", () => {
  const film = filmOf(Array.from({ length: 1000 }, (_, i) => i));
  const steps = stepsOf(film);
  expect(steps.length).toBeLessThanOrEqual(MOST_MOMENTS);
  expect(steps.length).toBeGreaterThan(MOST_MOMENTS / 3);
  expect([steps[0], steps.at(-1)]).toEqual([0, 999]);
  expect(steps).toEqual([...steps].sort((a, b) => a - b));
  expect(film.everyMs).toBeGreaterThan(NO_FILM.everyMs);
});

test.each([
  [100, 700],
  [20_000, 300],
  [300_000, 16],
])("a training of %i weights keeps a film of so many bytes at most, however long it lasts", (numbers, moments) => {
  let film = NO_FILM;
  for (let step = 0; step < moments; step++) {
    film = withKept(film, kept(step, numbers));
    expect(bytesOfFilm(film)).toBeLessThanOrEqual(MOST_BYTES);
  }
  expect([stepsOf(film)[0], stepsOf(film).at(-1)]).toEqual([0, moments - 1]);
  const exact = film.moments.filter((moment) => moment.exact !== null).map(({ step }) => step);
  expect(exact).toEqual(stepsOf(film).slice(-exact.length));
  expect(exact.length).toBeGreaterThan(0);
});

const IMAGES = floats(256 * 16, 5).map((value) => Math.abs(value));
const RECORD = dense({ imageShape: [1, 4, 4], latentDim: 2, hidden: [12], likelihood: "bernoulli" });

/** After some steps; told to the film often enough that the first moment is rounded. */
function trained(): { readonly film: Film; readonly learner: Learner } {
  const learner = new Learner(RECORD, IMAGES, { seed: 3, batchSize: 32 });
  let film = NO_FILM;
  for (let i = 0; i < MOST_EXACT + 8; i++) {
    for (let k = 0; k < 10; k++) learner.next();
    const [mu, logvar] = [new Float32Array(512), new Float32Array(512)];
    learner.encode(IMAGES, 0, 256, mu, logvar);
    film = withKept(film, { kind: "snapshot", snapshot: learner.snapshot(), mu, logvar });
  }
  return { film, learner };
}

test("the newest moments are exact, older ones go on to the same loss", () => {
  const { film, learner } = trained();
  const ends = film.moments.map((moment) => {
    learner.restore(keptOf(moment).snapshot);
    while (learner.step < 10 * (MOST_EXACT + 8)) learner.next();
    return learner.evaluate().loss;
  });
  const last = ends[ends.length - 1];
  const exact = ends.slice(-MOST_EXACT);
  expect(new Set(exact)).toEqual(new Set([last]));
  expect(film.moments[0].rounded).not.toBe(null);
  for (const end of ends) expect(Math.abs(end / last - 1)).toBeLessThan(1e-3);
});

test("a moment that was rounded is where it was, to 11 bits of each number", () => {
  const { film } = trained();
  const learner = new Learner(RECORD, IMAGES, { seed: 3, batchSize: 32 });
  for (let k = 0; k < 10; k++) learner.next();
  const found = keptOf(film.moments[0]);
  learner.snapshot().blocks.forEach((block, i) => {
    const most = Math.max(...block.map(Math.abs));
    block.forEach((value, k) => {
      expect(Math.abs(found.snapshot.blocks[i][k] - value)).toBeLessThanOrEqual(
        2 ** -9 * Math.abs(value) + 1e-8 * most,
      );
    });
  });
});

test("a moment that comes again, or after a step back, replaces what came after it", () => {
  expect(stepsOf(filmOf([0, 10, 20, 30, 10, 15]))).toEqual([0, 10, 15]);
  expect(stepsOf(filmUntil(filmOf([0, 10, 20]), 10))).toEqual([0, 10]);
});
