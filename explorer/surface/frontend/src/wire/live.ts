/** How is a training on the server after one of its steps? The reader of explorer/surface/live.py. */

import { parseArrays, product } from "./payload";
import type { LiveHeader } from "./schema";

/** Means over images, nats. */
export interface LiveTerms {
  readonly reconstruction: number;
  readonly kl: number;
}

/** After an epoch. */
export interface LiveEpoch {
  readonly step: number;
  /** Of images that were learned from. */
  readonly train: LiveTerms;
  /** Of images held back. */
  readonly test: LiveTerms;
}

/** Where an array of weights lies among all of them. */
export interface LivePlace {
  readonly name: string;
  readonly shape: readonly number[];
  readonly at: number;
  readonly size: number;
}

export interface LiveMoment {
  readonly header: LiveHeader;
  /** Codes of the test images that are watched (M·K). */
  readonly mu: Float32Array<ArrayBuffer>;
  /** Their classes, −1 for none. */
  readonly labels: Int16Array | Int32Array;
  /** (K,), nats. */
  readonly klPerDim: Float32Array;
  readonly epochs: readonly LiveEpoch[];
  /** Of the decoder's arrays, in one block. */
  readonly places: readonly LivePlace[];
  readonly weights: Float32Array<ArrayBuffer>;
}

/** Raises `PayloadError` with a sentence for the person. */
export function readLive(bytes: Uint8Array): LiveMoment {
  const { record: header, arrays } = parseArrays<LiveHeader>(bytes);
  const floats = (name: string): Float32Array => (arrays.has(name) ? arrays.floats(name) : new Float32Array());
  let size = 0;
  const places = Object.entries(header.arrays)
    .filter(([name]) => name.startsWith("w.decoder."))
    .map(([name, { shape }]) => {
      const place = { name, shape, at: size, size: product(shape) };
      size += place.size;
      return place;
    });
  const weights = new Float32Array(size);
  for (const { name, at } of places) weights.set(arrays.floats(name), at);
  const [train, trainKl, test, testKl] = ["train_reconstruction", "train_kl", "test_reconstruction", "test_kl"].map(
    (name) => floats(`history.${name}`),
  );
  return {
    header,
    mu: Float32Array.from(floats("mu")),
    labels: arrays.has("label") ? arrays.integers("label") : new Int16Array(),
    klPerDim: floats("kl_per_dim"),
    epochs: Array.from(floats("history.step"), (step, i) => ({
      step,
      train: { reconstruction: train[i], kl: trainKl[i] },
      test: { reconstruction: test[i], kl: testKl[i] },
    })),
    places,
    weights,
  };
}

/** Whether bytes are such a moment, and not images to learn from. */
export function isLive(bytes: Uint8Array): boolean {
  return "is_begun" in parseArrays<LiveHeader>(bytes).record;
}
