/** What do two trainings do that learn beside each other? Against the rules in words: one step, one pair of dimensions, own β. */

import { expect, test } from "vitest";
import type { Moment } from "../../src/train/film";
import { behind, otherBeta, phaseOf, wishBeside, withAxesOf } from "../../src/train/pair";
import { firstState, type Phase, type TrainState } from "../../src/train/state";

const at = (step: number, phase: Phase, more: Partial<TrainState> = {}): TrainState => ({
  ...firstState(),
  step,
  phase,
  ...more,
});

test("the other β is four times as large, or a quarter where the dial ends", () => {
  expect([0.01, 1, 25, 26, 100].map(otherBeta)).toEqual([0.04, 4, 100, 6.5, 25]);
});

test("buttons belong to both: one that moves makes both move", () => {
  expect(phaseOf([at(3, "paused"), at(2, "running")])).toBe("running");
  expect(phaseOf([at(3, "paused"), at(0, "waiting")])).toBe("waiting");
  expect(phaseOf([at(3, "paused"), at(0, "fresh")])).toBe("paused");
  expect(phaseOf([at(0, "fresh"), at(0, "fresh")])).toBe("fresh");
});

test("where both rest the one that is behind is told by how much", () => {
  expect(behind([at(9, "paused"), at(0, "fresh")])).toEqual({ place: 1, steps: 9 });
  expect(behind([at(9, "paused"), at(12, "paused")])).toEqual({ place: 0, steps: 3 });
  for (const apart of [
    [at(9, "paused")],
    [at(9, "paused"), at(9, "paused")],
    [at(9, "paused"), at(3, "running")],
    [at(9, "paused"), at(0, "waiting")],
    [at(9, "paused"), at(3, "paused", { failure: "The KL is infinite." })],
    [at(9, "paused", { look: 3 }), at(3, "paused")],
  ])
    expect(behind(apart)).toBe(null);
});

test("one looks back at the nearest moment that the other one has", () => {
  const { settings, film } = firstState();
  const kept = (step: number): Moment => ({ step, settings, exact: null, rounded: null });
  const state = at(9, "paused", { film: { ...film, moments: [0, 4, 9].map(kept) } });
  const looked = (step: number | null) => wishBeside({ kind: "look", at: step }, state);
  expect([0, 5, 7, null].map(looked)).toEqual([0, 4, 9, null].map((step) => ({ kind: "look", at: step })));
  expect(wishBeside({ kind: "epoch" }, state)).toEqual({ kind: "epoch" });
});

test("both maps show the dimensions with the most KL in both together", () => {
  const terms = (...kl: number[]) => ({ loss: 0, reconstruction: 0, kl: 0, klPerDim: Float32Array.of(...kl) });
  const first = at(1, "running", { terms: terms(1, 0, 0.5), axes: [0, 2] });
  const second = at(1, "running", { terms: terms(0, 4, 0), axes: [0, 2] });
  expect(withAxesOf(first, second).axes).toEqual([0, 1]);
  expect(withAxesOf(second, { ...first, axes: [0, 1] }).axes).toEqual([0, 1]);
  expect(withAxesOf(first, null)).toBe(first);
});
