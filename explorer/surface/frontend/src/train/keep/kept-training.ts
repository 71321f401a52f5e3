/** How does a page keep a training? As a zip that `atlas import` and the app make a run of; trainer/importers/kept reads it. */

import { zipSync } from "fflate";
import type { NetworkWords } from "../../engine/learning/architectures";
import type { Place } from "../../engine/learning/parameters";
import type { Settings, Terms } from "../../engine/learning/records";
import { LOG_SIGMA } from "../../engine/learning/vae";
import type { OwnImages } from "../own-images/records";
import { type StoredArray, safetensors } from "./safetensors";

/** What the run's history says of one moment. */
export interface Row {
  /** With its part. */
  readonly epoch: number;
  readonly train: Terms;
  /** Of images held back. */
  readonly test: Terms;
  readonly settings: Settings;
}

/** Codes of some test images at moments of the training. */
export interface CodeFilm {
  /** A row a moment, M·K numbers each, binary16. */
  readonly mu: readonly Uint16Array[];
  readonly epoch: readonly number[];
  /** Class of each image, −1 for none, and its number in the data set (M). */
  readonly label: readonly number[];
  readonly index: readonly number[];
}

export interface TrainingToKeep {
  readonly words: NetworkWords;
  readonly seed: number;
  readonly batchSize: number;
  readonly step: number;
  readonly stepsPerEpoch: number;
  readonly nTrain: number;
  /** Of work. */
  readonly seconds: number;
  readonly settings: Settings;
  readonly history: readonly Row[];
  readonly places: readonly Place[];
  /** All arrays of weights as one block. */
  readonly weights: Float32Array;
  readonly film: CodeFilm;
  /** A built-in data set's name, or the pictures that only this page has. */
  readonly data: string | OwnImages;
}

const FILM = "film.safetensors";

export function packTraining(training: TrainingToKeep): Uint8Array<ArrayBuffer> {
  const { data, film } = training;
  const files: Record<string, Uint8Array> = {
    "training.json": new TextEncoder().encode(JSON.stringify(recordOf(training))),
    "weights.safetensors": safetensors(weightsOf(training)),
    [FILM]: safetensors(filmArrays(film, training.words.latentDim)),
  };
  if (typeof data !== "string") files["images.safetensors"] = safetensors(imageArrays(data));
  return zipSync(files, { level: 6 }) as Uint8Array<ArrayBuffer>;
}

function recordOf(training: TrainingToKeep): unknown {
  const { words, data, step, stepsPerEpoch, nTrain, seconds } = training;
  return {
    format: "latent-atlas-training",
    version: 1,
    config: configOf(training),
    steps: step,
    steps_per_epoch: stepsPerEpoch,
    n_train: nTrain,
    seconds,
    class_names: typeof data === "string" ? [] : data.classNames,
    history: training.history.map((row) => historyRow(row, words.isDeterministic === true)),
  };
}

/** The trainer's configuration of the same training, as run.json has it. */
function configOf({ words, data, seed, batchSize, settings }: TrainingToKeep): unknown {
  const isLinear = words.hidden.length === 0;
  return {
    data: typeof data === "string" ? data : "own",
    model: words.isDeterministic ? "autoencoder" : "vae",
    latent_dim: words.latentDim,
    network: isLinear ? "linear" : words.isConvolutional ? "conv" : "mlp",
    ...(isLinear ? {} : { hidden: words.hidden }),
    activation: words.activation ?? "relu",
    likelihood: words.likelihood,
    sigma: words.sigma ?? 1,
    scale: words.learnsSigma ? "learned" : "fixed",
    beta: settings.beta,
    free_bits: settings.freeBits,
    batch_size: batchSize,
    learning_rate: settings.learningRate || 1e-3, // at rest nothing is learned, and a configuration wants a rate
    schedule: "constant",
    seed,
  };
}

function historyRow({ epoch, train, test, settings }: Row, isDeterministic: boolean): Record<string, number> {
  const row: Record<string, number> = { epoch };
  for (const [split, terms] of [
    ["train", train],
    ["test", test],
  ] as const) {
    row[`${split}_reconstruction`] = terms.reconstruction;
    if (isDeterministic) continue;
    row[`${split}_elbo`] = -(terms.reconstruction + terms.kl);
    row[`${split}_kl`] = terms.kl;
  }
  row.beta = settings.beta;
  row.learning_rate = settings.learningRate;
  row.free_bits = settings.freeBits;
  row.noise = settings.noise ? 1 : 0;
  if (!isDeterministic) test.klPerDim.forEach((kl, k) => (row[`kl_${k + 1}`] = kl));
  return row;
}

function weightsOf({ places, weights }: TrainingToKeep): Record<string, StoredArray> {
  const arrays = places.map(({ name, shape, at, size }): [string, StoredArray] => {
    const isScalar = name === LOG_SIGMA;
    return [name, { dtype: "F32", shape: isScalar ? [] : shape, data: weights.subarray(at, at + size) }];
  });
  return Object.fromEntries(arrays);
}

function filmArrays({ mu, epoch, label, index }: CodeFilm, latentDim: number): Record<string, StoredArray> {
  const all = new Uint16Array(mu.length * index.length * latentDim);
  mu.forEach((moment, t) => {
    all.set(moment, t * moment.length);
  });
  return {
    mu: { dtype: "F16", shape: [mu.length, index.length, latentDim], data: all },
    epoch: { dtype: "F32", shape: [epoch.length], data: Float32Array.from(epoch) },
    label: { dtype: "I64", shape: [label.length], data: BigInt64Array.from(label, BigInt) },
    index: { dtype: "I64", shape: [index.length], data: BigInt64Array.from(index, BigInt) },
  };
}

function imageArrays({ train, test, labels, imageShape, nTrain }: OwnImages): Record<string, StoredArray> {
  const n = labels.length;
  const images = new Uint8Array(train.length + test.length);
  images.set(train);
  images.set(test, train.length);
  return {
    images: { dtype: "U8", shape: [n, ...imageShape], data: images },
    label: { dtype: "I64", shape: [n], data: BigInt64Array.from(labels, BigInt) },
    is_test: { dtype: "U8", shape: [n], data: Uint8Array.from({ length: n }, (_, i) => (i < nTrain ? 0 : 1)) },
  };
}
