/** What of a training is kept? The moment that is looked at, else the present, with the film and the terms until then. */

import type { Ready } from "../../engine/learning/messages";
import type { Terms } from "../../engine/learning/records";
import { floatsToHalves } from "../../wire/float16";
import { product } from "../../wire/payload";
import type { TrainingImages } from "../../wire/training";
import { codesOf, keptOf, type Moment } from "../film";
import type { History } from "../history";
import { wordsOf } from "../model/choice";
import { OWN } from "../own-images/gather";
import type { OwnImages } from "../own-images/records";
import { BATCH, lookedAt, type TrainState } from "../state";
import type { CodeFilm, Row, TrainingToKeep } from "./kept-training";
import { npz } from "./npz";
import { torchScript } from "./torch-script";

/** The moment whose weights would be kept; null while it runs, before the first step, and until its snapshot is there. */
export function momentToKeep(state: TrainState): Moment | null {
  if (state.phase !== "paused") return null;
  const moment = lookedAt(state) ?? state.film.moments.find(({ step }) => step === state.step);
  const isMeasured = state.heldBack.some(({ step }) => step > 0 && step <= (moment?.step ?? 0));
  return moment && isMeasured ? moment : null;
}

/** seconds: of work until now. */
export function gathered(
  state: TrainState,
  moment: Moment,
  ready: Ready,
  images: TrainingImages,
  seconds: number,
): TrainingToKeep {
  const { header } = images;
  const { step } = moment;
  const moments = state.film.moments.filter((one) => one.step <= step);
  return {
    words: wordsOf(state.choice, header.image_shape),
    seed: state.choice.seed,
    batchSize: BATCH,
    step,
    stepsPerEpoch: ready.stepsPerEpoch,
    nTrain: header.n_train,
    seconds,
    settings: moment.settings,
    history: rowsOf(state, moments, ready.stepsPerEpoch),
    places: ready.places,
    weights: keptOf(moment).snapshot.blocks[0],
    film: filmOf(moments, ready.stepsPerEpoch, images),
    data: isOwn(header.dataset) ? ownOf(images) : header.dataset,
  };
}

/** One file for each: the script, and the images that it reads. */
export function scriptFiles(
  state: TrainState,
  moment: Moment,
  ready: Ready,
  images: TrainingImages,
): Record<string, Uint8Array> {
  const { header, train, test } = images;
  const script = torchScript({
    words: wordsOf(state.choice, header.image_shape),
    seed: state.choice.seed,
    batchSize: BATCH,
    epochs: Math.max(1, Math.round(moment.step / ready.stepsPerEpoch)),
    settings: moment.settings,
    hasChanged: state.film.moments.some(
      ({ step, settings }) => step <= moment.step && !isSame(settings, moment.settings),
    ),
    data: header.dataset,
  });
  const size = product(header.image_shape);
  const arrayOf = (data: Uint8Array): { shape: number[]; data: Uint8Array } => ({
    shape: [data.length / size, size],
    data,
  });
  return {
    "same.py": new TextEncoder().encode(script),
    "images.npz": npz({ train: arrayOf(train), test: arrayOf(test) }),
  };
}

function isSame(one: Moment["settings"], other: Moment["settings"]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Built-in data sets have a plain name, a person's own a kind and a path. */
export function isOwn(dataset: string): boolean {
  return dataset === OWN || dataset.includes(":");
}

/** Pictures that only this page has come along. */
function ownOf({ header, train, test, labels }: TrainingImages): OwnImages {
  const { image_shape: imageShape, class_names: classNames, n_train: nTrain } = header;
  return { imageShape, classNames, nTrain, train, test, labels: Int32Array.from(labels), notes: [] };
}

/** A row for every moment at which the held back images had been measured since the one before, with the settings of then. */
function rowsOf({ history, heldBack }: TrainState, moments: readonly Moment[], stepsPerEpoch: number): Row[] {
  const rows: Row[] = [];
  let before = 0;
  for (const moment of moments) {
    const test = heldBack.filter(({ step }) => step > before && step <= moment.step).at(-1);
    const train = test && nearest(history, test.step);
    if (!test || !train) continue;
    rows.push({
      epoch: test.step / stepsPerEpoch,
      train: termsOf(train),
      test: termsOf(test),
      settings: moment.settings,
    });
    before = test.step;
  }
  return rows;
}

function nearest(history: History, step: number): History[number] | undefined {
  return history.find((stretch) => stretch.step >= step) ?? history.at(-1);
}

function termsOf({ reconstruction, kl, klPerDim }: History[number]): Terms {
  return { loss: reconstruction + kl, reconstruction, kl, klPerDim };
}

function filmOf(moments: readonly Moment[], stepsPerEpoch: number, { header, labels }: TrainingImages): CodeFilm {
  const label = Array.from(labels.subarray(header.n_train));
  return {
    mu: moments.map((moment) => floatsToHalves(codesOf(moment))),
    epoch: moments.map(({ step }) => step / stepsPerEpoch),
    label,
    index: label.map((_, i) => i),
  };
}
