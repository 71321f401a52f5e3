/** Are a film's moments the ones that were written? */

import { expect, test } from "vitest";
import { readFilm } from "../../src/wire/film";
import { floatsToHalves } from "../../src/wire/float16";

interface Written {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: Uint8Array | Float32Array | Uint16Array | Int32Array | Int16Array;
}

/** As payload.pack_arrays writes: length, JSON, spaces to a multiple of eight, arrays each at a multiple of eight. */
function packed(header: object, arrays: Readonly<Record<string, Written>>): Uint8Array {
  const table: Record<string, object> = {};
  let end = 0;
  for (const [name, { dtype, shape, data }] of Object.entries(arrays)) {
    table[name] = { dtype, shape, offset: end, nbytes: data.byteLength, codec: "raw" };
    end += Math.ceil(data.byteLength / 8) * 8;
  }
  const text = new TextEncoder().encode(JSON.stringify({ ...header, arrays: table }));
  const start = Math.ceil((text.length + 4) / 8) * 8;
  const bytes = new Uint8Array(start + end).fill(32, 4, start);
  new DataView(bytes.buffer).setUint32(0, start - 4, true);
  bytes.set(text, 4);
  let at = start;
  for (const { data } of Object.values(arrays)) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += Math.ceil(data.byteLength / 8) * 8;
  }
  return bytes;
}

const MU = Float32Array.from({ length: 3 * 2 * 2 }, (_, i) => i / 4);
const ARRAYS: Record<string, Written> = {
  mu: { dtype: "float16", shape: [3, 2, 2], data: floatsToHalves(MU) },
  epoch: { dtype: "float32", shape: [3], data: Float32Array.of(0, 0.5, 2) },
  label: { dtype: "int16", shape: [2], data: Int16Array.of(1, -1) },
  index: { dtype: "int32", shape: [2], data: Int32Array.of(7, 9) },
  reconstruction: { dtype: "float32", shape: [3], data: Float32Array.of(NaN, 5, 4) },
  kl: { dtype: "float32", shape: [3], data: Float32Array.of(NaN, 1, 3) },
  kl_per_dim: { dtype: "float32", shape: [3, 2], data: Float32Array.of(NaN, NaN, 1, 0, 2, 1) },
  "basis.latent": { dtype: "float32", shape: [2, 2], data: Float32Array.of(1, 0, 0, 1) },
  "origin.latent": { dtype: "float32", shape: [2], data: Float32Array.of(0, 0) },
  moment: { dtype: "int32", shape: [2], data: Int32Array.of(0, 2) },
  "w.decoder.0.weight": { dtype: "float16", shape: [2, 1, 2], data: floatsToHalves(Float32Array.of(1, 2, 3, 4)) },
};
const HEADER = { maps: [{ name: "latent", title: "Latent plane", x_label: "z1", y_label: "z2" }], decoder: [] };
const FILM = readFilm(packed(HEADER, ARRAYS));

test("codes and terms are those of the moment", () => {
  expect([FILM.nMoments, FILM.nImages]).toEqual([3, 2]);
  for (const moment of [0, 1, 2]) expect(FILM.codes(moment)).toEqual(MU.slice(4 * moment, 4 * moment + 4));
  expect(FILM.terms(2)).toEqual({ reconstruction: 4, kl: 3, klPerDim: Float32Array.of(2, 1) });
  expect(FILM.terms(0).kl).toBeNaN();
  expect(FILM.planes[0]).toMatchObject({ name: "latent", x_label: "z1", basis: Float32Array.of(1, 0, 0, 1) });
});

test("the decoder is that of the nearest moment at which it was kept", () => {
  expect([0, 1, 2].map((moment) => FILM.decoderMoment(moment))).toEqual([0, 0, 2]);
  expect(FILM.decoderArrays(2).get("w.decoder.0.weight")).toEqual({ shape: [1, 2], values: Float32Array.of(3, 4) });
  expect([...FILM.decoderArrays(0).keys()]).toEqual(["w.decoder.0.weight"]);
});

test("a film without decoders has none at any moment", () => {
  const without = Object.fromEntries(
    Object.entries(ARRAYS).filter(([name]) => name !== "moment" && !name.startsWith("w.")),
  );
  const film = readFilm(packed(HEADER, without));
  expect(film.decoderMoment(1)).toBe(-1);
  expect(film.decoderArrays(1).size).toBe(0);
});
