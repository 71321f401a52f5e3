/** Does a training on the server become the record that the Train page shows, moment by moment, and after a reload the same? */

import { expect, test } from "vitest";
import { planeFor, standing, watched } from "../../src/train/server/watched";
import { lookedAt } from "../../src/train/state";
import type { LiveMoment } from "../../src/wire/live";
import type { LiveHeader } from "../../src/wire/schema";

const HEADER: LiveHeader = {
  id: "a",
  number: 1,
  run: "mine",
  phase: "running",
  steers: true,
  is_begun: true,
  dataset: "digits",
  image_shape: [1, 2, 2],
  latent_dim: 3,
  class_names: [],
  is_deterministic: false,
  likelihood: "gaussian",
  decoder: [],
  decoded_as: null,
  why_no_decoder: "",
  step: 0,
  n_steps: 400,
  epoch: 0,
  beta: 0.5,
  learning_rate: 0.001,
  set_beta: 2,
  set_learning_rate: 0.002,
  reconstruction: 10,
  kl: 3,
  arrays: {},
};

/** After a step; epochs of ten steps each, whose terms tell their number. */
function momentAt(step: number, more: Partial<LiveHeader> = {}): LiveMoment {
  const n = Math.floor(step / 10);
  return {
    header: { ...HEADER, step, epoch: step / 10, id: `${step}`, ...more },
    mu: Float32Array.of(step, 0, 0),
    labels: Int16Array.of(0),
    klPerDim: Float32Array.of(0, 1, 2),
    epochs: Array.from({ length: n }, (_, i) => ({
      step: 10 * (i + 1),
      train: { reconstruction: i, kl: 1 },
      test: { reconstruction: 100 + i, kl: 1 },
    })),
    places: [],
    weights: Float32Array.of(step),
  };
}

test("curves have every epoch, and what was measured since the last", () => {
  const steps = [4, 8, 13, 17, 22];
  const state = steps.reduce<ReturnType<typeof watched> | null>(
    (before, step) => watched(before, momentAt(step), true),
    null,
  );
  expect(state?.history.map(({ step }) => step)).toEqual([10, 20]);
  expect(state?.heldBack.map(({ step, reconstruction }) => [step, reconstruction])).toEqual([
    [10, 100],
    [20, 101],
    [22, 10],
  ]);
  const reloaded = watched(null, momentAt(22), true);
  expect(reloaded.heldBack).toEqual(state?.heldBack);
  expect(reloaded.history).toEqual(state?.history);
  expect(state?.terms?.kl).toBe(3);
  expect(state?.axes).toEqual([1, 2]); // those with the most KL
});

test("its film has the moments that came, with their codes and weights", () => {
  let state = watched(null, momentAt(1), true);
  state = watched(state, momentAt(2), false);
  state = watched({ ...state, look: 1 }, momentAt(3), true);
  expect(state.film.moments.map(({ step }) => step)).toEqual([1, 3]);
  const looked = lookedAt(state);
  expect(looked?.step).toBe(1); // what is looked at stays while it goes on
  expect(looked?.exact?.snapshot.blocks[0]).toEqual(Float32Array.of(1));
});

test("more moments than are kept exactly are rounded without harm", () => {
  let state = watched(null, momentAt(1), true);
  for (let step = 2; step < 60; step++) state = watched(state, momentAt(step), true);
  expect(state.film.moments).toHaveLength(59);
  expect(state.film.moments[0].exact).toBeNull();
});

test("before its first step nothing is claimed", () => {
  const state = watched(null, momentAt(0, { is_begun: false, phase: "waiting" }), true);
  expect(state).toMatchObject({ phase: "waiting", terms: null, heldBack: [], film: { moments: [] } });
});

test.each([
  [{ phase: "waiting" as const, is_begun: false }, "Waits for the training before it."],
  [{ is_begun: false }, "The first step is on its way …"],
  [
    {},
    "Step 20 of 400, epoch 2.0. Held-back ELBO -13.00 nats an image: reconstruction -10.00, KL 3.00; β 0.5 of 2, learning rate 0.001.",
  ],
  [
    { is_deterministic: true },
    "Step 20 of 400, epoch 2.0. Held-back log p(x|z) -10.00 nats an image; learning rate 0.001.",
  ],
])("it says where it stands", (more, words) => {
  expect(standing(momentAt(20, more), String, (value, decimals) => value.toFixed(decimals))).toBe(words);
});

test("a map of one dimension is a line, of two itself, of more a plane", () => {
  expect(planeFor(2, [0, 1])).toBeNull();
  expect(planeFor(4, [1, 3])?.labels).toEqual(["z₂", "z₄"]);
  const line = planeFor(1, [0, 1]);
  expect(Array.from(line?.basis ?? [])).toEqual([1, 0]);
});

test.each([
  ["waiting", "Waits for the training before it."],
  ["running", "The first step is on its way …"],
  ["paused", "Paused before its first step."],
  ["ended", "Ended before its first step."],
] as const)("%s before its first step", (phase, sentence) => {
  expect(standing(momentAt(0, { phase, is_begun: false }), String, String)).toBe(sentence);
});
