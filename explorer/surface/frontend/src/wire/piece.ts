/** What is an interactive piece about? The reader of explorer/lessons/piece_data.py: one image of a run, its posterior, and the decoder. */

import { PayloadError } from "./errors";
import { type Arrays, parseArrays, product } from "./payload";
import type { PieceHeader } from "./schema";

export interface Subject {
  readonly header: PieceHeader;
  /** With the weights that the header's decoder names. */
  readonly weights: Arrays;
  /** x (C·H·W,) in [0, 1]. */
  readonly picture: Float32Array;
  /** Of q(z|x): mean and log variance, (2,) each. */
  readonly mu: Float32Array;
  readonly logvar: Float32Array;
}

/** Raises `PayloadError` with a sentence for the person. */
export function readSubject(bytes: Uint8Array): Subject {
  const { record: header, arrays } = parseArrays<PieceHeader>(bytes);
  const picture = Float32Array.from(arrays.bytes("picture"), (value) => value / 255);
  const [mu, logvar] = [arrays.floats("mu"), arrays.floats("logvar")];
  if (picture.length !== product(header.image_shape) || mu.length !== 2 || logvar.length !== 2)
    throw new PayloadError("The data of this piece are damaged. Reload the page.");
  return { header, weights: arrays, picture, mu, logvar };
}
