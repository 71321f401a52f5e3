/** What of a training is kept for a reload, and what not? Against its rules in words. */

import { expect, test } from "vitest";
import type { Kept } from "../../src/engine/learning/messages";
import { FIRST_CHOICE } from "../../src/train/model/choice";
import {
  backAt,
  isOf,
  MOST_BYTES,
  MOST_IMAGE_BYTES,
  readStored,
  restoredWords,
  storedPage,
  storedTraining,
  VERSION,
  whyNotStored,
} from "../../src/train/restore/records";
import { firstState, type TrainState } from "../../src/train/state";
import type { TrainingImages } from "../../src/wire/training";

const NONE = new Float32Array(0);
const stretch = (step: number) => ({ step, reconstruction: 1, kl: 2, klPerDim: Float32Array.of(2, 0) });
const STATE: TrainState = { ...firstState(), phase: "running", step: 12, history: [4, 8, 12].map(stretch) };

function kept(step: number, weights = 1): Kept {
  const blocks = [new Float32Array(weights), NONE, NONE];
  const snapshot = { seed: 1, step, settings: STATE.settings, generator: [], blocks };
  return { kind: "snapshot", snapshot, mu: NONE, logvar: NONE };
}

function images(dataset: string, bytes = 4): TrainingImages {
  const header = {
    id: `${dataset}-1`,
    dataset,
    licence: "",
    image_shape: [1, 2, 2] as const,
    class_names: [],
    n_train: 1,
    arrays: {},
  };
  return { header, train: new Uint8Array(bytes), test: new Uint8Array(0), labels: Int16Array.of(-1) };
}

test("what is kept ends with the snapshot; before the first step, or after going back beyond it, there is nothing", () => {
  expect(storedTraining(STATE, kept(8))?.history.map(({ step }) => step)).toEqual([4, 8]);
  expect(storedTraining(STATE, kept(0))).toBe(null);
  expect(storedTraining(STATE, kept(13))).toBe(null);
  expect(storedTraining(STATE, null)).toBe(null);
});

test("what was known then is known again when it is at that step, not before", () => {
  const terms = { loss: 3, reconstruction: 1, kl: 2, klPerDim: Float32Array.of(0, 2, 3) };
  const before = { ...stored(8), terms };
  const rest = {
    epoch: 1,
    isRunning: false,
    settings: STATE.settings,
    terms: null,
    mu: NONE,
    logvar: NONE,
    weights: NONE,
  };
  const at = (step: number) => backAt(firstState(), before, { kind: "progress", step, ...rest });
  expect(at(0)).toBe(null);
  expect(at(8)).toMatchObject({ terms, axes: [1, 2] });
  expect(at(8)?.history.map(({ step }) => step)).toEqual([4, 8]);
});

function stored(step: number) {
  const found = storedTraining(STATE, kept(step));
  if (!found) throw new Error("nothing was kept");
  return found;
}

test("a large network and very many pictures are not kept; images of a host are not, whatever their size", () => {
  const own = images("own", MOST_IMAGE_BYTES + 1);
  expect(whyNotStored([stored(8)], images("own"))).toBe("");
  expect(whyNotStored([stored(8)], own)).toBe("your pictures are too many to be kept");
  expect(whyNotStored([stored(8)], images("mnist", MOST_IMAGE_BYTES + 1))).toBe("");
  const large = { ...stored(8), kept: kept(8, MOST_BYTES / 4 + 1) };
  expect(whyNotStored([large], images("mnist"))).toBe("its network is too large to be kept");
});

test("one's own pictures come along, a host's are known by their id", () => {
  const own = storedPage([stored(8)], images("own"), 5);
  const host = storedPage([stored(8)], images("digits"), 5);
  expect([own.own?.train.length, host.own]).toEqual([4, null]);
  expect([isOf(host, images("digits")), isOf(host, images("shapes")), isOf(own, images("own"))]).toEqual([
    true,
    false,
    true,
  ]);
  expect(restoredWords(host)).toContain("the training on digits is here again, paused at step 8;");
  expect(restoredWords(own)).toContain("the training on your pictures is");
});

test("what is not of this version is nothing", () => {
  const page = storedPage([stored(8)], images("digits"), 5);
  expect(readStored(page)).toBe(page);
  for (const other of [undefined, null, 7, "x", { ...page, version: VERSION + 1 }, { ...page, trainings: [] }])
    expect(readStored(other)).toBe(null);
  expect(page.trainings[0].choice).toBe(FIRST_CHOICE);
});
