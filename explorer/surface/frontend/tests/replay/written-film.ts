/** A film as the server sends it, for tests that show one. */

import { readFilm, type TrainingFilm } from "../../src/wire/film";
import type { FilmHeader, Op } from "../../src/wire/schema";
import { type ArraySpec, writeArrays } from "../helpers";

export interface Told {
  /** Codes (M·K,) of every moment. */
  readonly codes: readonly (readonly number[])[];
  readonly epoch: readonly number[];
  /** KL of every dimension at every moment. */
  readonly klPerDim: readonly (readonly number[])[];
  readonly latentDim: number;
  /** Moments at which the decoder was kept, and its arrays (T', …). */
  readonly kept?: readonly number[];
  readonly weights?: Readonly<Record<string, ArraySpec>>;
  readonly header?: Partial<FilmHeader> & { readonly decoder: readonly Op[] };
}

export function writtenFilm({ codes, epoch, klPerDim, latentDim: K, kept, weights, header }: Told): TrainingFilm {
  const [T, M] = [codes.length, codes[0].length / K];
  const sums = klPerDim.map((kl) => kl.reduce((sum, one) => sum + one, 0));
  const arrays: Record<string, ArraySpec> = {
    mu: { shape: [T, M, K], values: Float32Array.from(codes.flat()) },
    epoch: { shape: [T], values: Float32Array.from(epoch) },
    label: { shape: [M], values: Int16Array.from({ length: M }, (_, i) => i % 2) },
    index: { shape: [M], values: Int32Array.from({ length: M }, (_, i) => i) },
    reconstruction: { shape: [T], values: new Float32Array(T).fill(10) },
    kl: { shape: [T], values: Float32Array.from(sums) },
    kl_per_dim: { shape: [T, K], values: Float32Array.from(klPerDim.flat()) },
    ...(kept ? { moment: { shape: [kept.length], values: Int32Array.from(kept) } } : {}),
    ...weights,
  };
  const facts = {
    id: "film",
    run: "toy",
    dataset: "toy",
    image_shape: [1, 2, 2],
    latent_dim: K,
    class_names: ["round", "flat"],
    is_deterministic: false,
    likelihood: "bernoulli",
    decoder: [],
    decoded_as: null,
    why_no_decoder: "",
    maps: [],
  };
  return readFilm(writeArrays({ ...facts, ...header }, arrays));
}
