/** What may be asked of a training when, and what is known after an event? Against the rules in words, without a page. */

import { expect, test } from "vitest";
import type { Progress } from "../../src/engine/learning/messages";
import type { TrainingEvent } from "../../src/engine/learning/training";
import { axesFor } from "../../src/train/axes";
import { klWords } from "../../src/train/charts/kl-chart";
import {
  firstState,
  heard,
  isPossible,
  lookedAt,
  planOf,
  type TrainState,
  type Wish,
  wished,
} from "../../src/train/state";

function progress(step: number, isRunning: boolean): Progress {
  const terms = step ? { loss: 3, reconstruction: 2, kl: 1, klPerDim: Float32Array.of(0.5, 0.5) } : null;
  const { settings } = firstState();
  const none = new Float32Array(0);
  return { kind: "progress", step, epoch: step / 9, isRunning, settings, terms, mu: none, logvar: none, weights: none };
}

const possible = (state: TrainState): string[] =>
  (["train", "pause", "step", "epoch", "reset"] as const).filter((kind) => isPossible(state, { kind }));
const after = (...wishes: readonly Wish[]): TrainState =>
  wishes.reduce(wished, heard(firstState(), progress(0, false)));

test("what can be asked follows from where it stands", () => {
  const fresh = after();
  expect(possible(firstState())).toEqual([]);
  expect(possible(fresh)).toEqual(["train", "step", "epoch"]);
  const running = heard(wished(fresh, { kind: "train" }), progress(5, true));
  expect(possible(running)).toEqual(["pause", "reset"]);
  expect(possible(heard(running, progress(6, false)))).toEqual(["train", "step", "epoch", "reset"]);
});

test("settings are kept through a reset, another seed begins anew with them", () => {
  const set = after({ kind: "set", settings: { beta: 4 } }, { kind: "train" });
  for (const wish of [{ kind: "reset" }, { kind: "choose", choice: { seed: 7 } }] as const) {
    const next = wished(heard(set, progress(8, true)), wish);
    expect([next.phase, next.step, next.history.length, next.settings.beta]).toEqual(["waiting", 0, 0, 4]);
  }
  expect(planOf(wished(set, { kind: "choose", choice: { seed: 7 } }), [1, 8, 8])).toMatchObject({
    seed: 7,
    isExact: true,
    settings: { beta: 4 },
    record: { latentDim: 2, shapes: { "encoder.1.weight": [128, 64], "decoder.2.weight": [64, 128] } },
  });
});

test("a step back cuts what came after it", () => {
  const steps = [3, 6, 9].reduce((state, step) => heard(state, progress(step, true)), after({ kind: "train" }));
  const back = heard(steps, { ...progress(6, false), terms: null });
  expect(back.history.map(({ step }) => step)).toEqual([3, 6]);
  expect(back.phase).toBe("paused");
});

test("a failure is said until it goes on", () => {
  const failed = heard(after({ kind: "train" }), { kind: "stopped", term: "KL", sentence: "The KL is infinite." });
  expect(failed.failure).toBe("The KL is infinite.");
  expect(wished(failed, { kind: "train" }).failure).toBe("");
});

test("what is held back is told once a step, and cut by a step back", () => {
  const terms = (kl: number) => ({ loss: 0, reconstruction: 1, kl, klPerDim: Float32Array.of(kl, 0) });
  const events = [
    { kind: "evaluation", step: 3, terms: terms(1) },
    { kind: "evaluation", step: 6, terms: terms(2) },
    { kind: "evaluation", step: 6, terms: terms(3) },
  ] as const;
  const told = events.reduce<TrainState>(heard, after());
  expect(told.heldBack.map(({ step, kl }) => [step, kl])).toEqual([
    [3, 1],
    [6, 3],
  ]);
  const further = heard(told, progress(8, false));
  expect(heard(further, { ...progress(4, false), terms: null }).heldBack.map(({ step }) => step)).toEqual([3]);
});

test("the map shows the two dimensions with the most KL, and does not change for a little more", () => {
  expect(axesFor([1, 1, 1], [0, 1])).toEqual([0, 1]);
  expect(axesFor([1, 0.5, 0.7], [0, 1])).toEqual([0, 1]);
  expect(axesFor([1, 0.5, 0.8], [0, 1])).toEqual([0, 2]);
  expect(axesFor([0, 0, 3, 2], [0, 1])).toEqual([2, 3]);
  expect(axesFor([0, 0], [0, 1])).toEqual([0, 1]);
});

test("the bars are told in words", () => {
  expect(klWords([0.5, 0.001])).toBe("KL of 2 dimensions, 1 below 0.01 nats: z₁ 0.50, z₂ 0.00.");
});

test("one looks back at a moment, and goes on from there without what came after it", () => {
  const none = new Float32Array(0);
  const kept = (step: number): TrainingEvent => ({
    kind: "snapshot",
    snapshot: { seed: 1, step, settings: firstState().settings, generator: [], blocks: [] },
    mu: none,
    logvar: none,
  });
  const told = [3, 6, 9].flatMap((step) => [progress(step, step < 9), kept(step)]);
  const looking = wished(told.reduce(heard, after({ kind: "train" })), { kind: "look", at: 6 });
  expect(lookedAt(looking)?.step).toBe(6);
  expect([looking.step, looking.history.length]).toEqual([9, 3]);
  expect(lookedAt(wished(looking, { kind: "look", at: null }))).toBe(null);
  const on = wished(looking, { kind: "step" });
  expect([on.step, on.look, on.history.length, on.film.moments.length]).toEqual([6, null, 2, 2]);
});
