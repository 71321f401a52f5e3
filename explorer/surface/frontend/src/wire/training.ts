/** Which images did the host send to learn from? The reader of explorer/surface/training.py. */

import { parseArrays, product, recordBefore } from "./payload";
import type { AppTraining, TrainingHeader } from "./schema";

/** Images of which some are learned from and the others held back. */
export interface TrainingImages {
  readonly header: TrainingHeader;
  /** Bytes of those to learn from (N_train·C·H·W). */
  readonly train: Uint8Array;
  /** Bytes of those held back. */
  readonly test: Uint8Array;
  /** Of all of them, in this order; −1 for none. */
  readonly labels: Int16Array | Int32Array;
}

/** Raises `PayloadError` with a sentence for the person. */
export function readTraining(bytes: Uint8Array): TrainingImages {
  const { record: header, arrays } = parseArrays<TrainingHeader>(bytes);
  const all = arrays.bytes("images");
  const end = header.n_train * product(header.image_shape);
  return { header, train: all.subarray(0, end), test: all.subarray(end), labels: arrays.integers("labels") };
}

/** The same from the app, with what it tells besides. */
export function readAppTraining(bytes: Uint8Array): AppTraining & { readonly images: TrainingImages } {
  const { record, rest } = recordBefore<AppTraining>(bytes);
  return { ...record, images: readTraining(rest) };
}
