/** What may be asked of a training when, and what is known after an event? Against the rules in words, without a page. */

import { expect, test } from "vitest";
import type { Progress } from "../../src/engine/learning/messages";
import { firstState, heard, isPossible, planOf, type TrainState, type Wish, wished } from "../../src/train/state";

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
