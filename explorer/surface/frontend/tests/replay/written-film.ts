/** A film as bytes, written as explorer/surface/payload.py's `pack_arrays` writes: length, JSON, spaces, arrays each at a multiple of eight. */

import { readFilm, type TrainingFilm } from "../../src/wire/film";
import type { FilmHeader, Op } from "../../src/wire/schema";

type Values = Float32Array | Int32Array | Int16Array;
type Written = readonly [shape: readonly number[], values: Values];

export interface Told {
  /** Codes (M·K,) of every moment. */
  readonly codes: readonly (readonly number[])[];
  readonly epoch: readonly number[];
  /** KL of every dimension at every moment. */
  readonly klPerDim: readonly (readonly number[])[];
  readonly latentDim: number;
  /** Moments at which the decoder was kept, and its arrays (T', …). */
  readonly kept?: readonly number[];
  readonly weights?: Readonly<Record<string, Written>>;
  readonly header?: Partial<FilmHeader> & { readonly decoder: readonly Op[] };
}

const DTYPES = { Float32Array: "float32", Int32Array: "int32", Int16Array: "int16" } as const;

export function writtenFilm({ codes, epoch, klPerDim, latentDim: K, kept, weights, header }: Told): TrainingFilm {
  const [T, M] = [codes.length, codes[0].length / K];
  const sums = klPerDim.map((kl) => kl.reduce((sum, one) => sum + one, 0));
  const arrays: Record<string, Written> = {
    mu: [[T, M, K], Float32Array.from(codes.flat())],
    epoch: [[T], Float32Array.from(epoch)],
    label: [[M], Int16Array.from({ length: M }, (_, i) => i % 2)],
    index: [[M], Int32Array.from({ length: M }, (_, i) => i)],
    reconstruction: [[T], Float32Array.from(sums, (kl) => 10 + 0 * kl)],
    kl: [[T], Float32Array.from(sums)],
    kl_per_dim: [[T, K], Float32Array.from(klPerDim.flat())],
    ...(kept ? { moment: [[kept.length], Int32Array.from(kept)] as Written } : {}),
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
  return readFilm(written({ ...facts, ...header }, arrays));
}

function written(header: object, arrays: Readonly<Record<string, Written>>): Uint8Array {
  const table: Record<string, object> = {};
  let end = 0;
  for (const [name, [shape, values]] of Object.entries(arrays)) {
    const dtype = DTYPES[values.constructor.name as keyof typeof DTYPES];
    table[name] = { dtype, shape, offset: end, nbytes: values.byteLength, codec: "raw" };
    end += Math.ceil(values.byteLength / 8) * 8;
  }
  const text = new TextEncoder().encode(JSON.stringify({ ...header, arrays: table }));
  const start = Math.ceil((text.length + 4) / 8) * 8;
  const bytes = new Uint8Array(start + end).fill(32, 4, start);
  new DataView(bytes.buffer).setUint32(0, start - 4, true);
  bytes.set(text, 4);
  let at = start;
  for (const [, values] of Object.values(arrays)) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += Math.ceil(values.byteLength / 8) * 8;
  }
  return bytes;
}
