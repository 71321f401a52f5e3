/** Are a film's moments the ones that were written? */

import { deflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { readFilm, readFilmBundle } from "../../src/wire/film";
import { floatsToHalves } from "../../src/wire/float16";
import { type ArraySpec, writeArrays } from "../helpers";

const MU = Float32Array.from({ length: 3 * 2 * 2 }, (_, i) => i / 4);
const ARRAYS: Record<string, ArraySpec> = {
  mu: { shape: [3, 2, 2], values: floatsToHalves(MU) },
  epoch: { shape: [3], values: Float32Array.of(0, 0.5, 2) },
  label: { shape: [2], values: Int16Array.of(1, -1) },
  index: { shape: [2], values: Int32Array.of(7, 9) },
  reconstruction: { shape: [3], values: Float32Array.of(NaN, 5, 4) },
  kl: { shape: [3], values: Float32Array.of(NaN, 1, 3) },
  kl_per_dim: { shape: [3, 2], values: Float32Array.of(NaN, NaN, 1, 0, 2, 1) },
  "basis.latent": { shape: [2, 2], values: Float32Array.of(1, 0, 0, 1) },
  "origin.latent": { shape: [2], values: Float32Array.of(0, 0) },
  moment: { shape: [2], values: Int32Array.of(0, 2) },
  "w.decoder.0.weight": { shape: [2, 1, 2], values: floatsToHalves(Float32Array.of(1, 2, 3, 4)) },
};
const HEADER = { maps: [{ name: "latent", title: "Latent plane", x_label: "z1", y_label: "z2" }], decoder: [] };
const FILM = readFilm(writeArrays(HEADER, ARRAYS));

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
  const film = readFilm(writeArrays(HEADER, without));
  expect(film.decoderMoment(1)).toBe(-1);
  expect(film.decoderArrays(1).size).toBe(0);
});

/** As explorer/surface/film.py packs it for a page without a server: both records with their lengths, and the numbers byte by byte. */
function packed(film: Uint8Array): Uint8Array {
  const begin = 4 + new DataView(film.buffer, film.byteOffset).getUint32(0, true);
  const { arrays } = JSON.parse(new TextDecoder().decode(film.subarray(4, begin))) as {
    readonly arrays: Record<string, { readonly shape: number[]; readonly offset: number; readonly nbytes: number }>;
  };
  const inPlanes = film.slice();
  for (const { shape, offset, nbytes } of Object.values(arrays)) {
    const n = shape.reduce((product, size) => product * size, 1);
    for (let at = 0; at < nbytes; at++) {
      const [number, byte] = [Math.floor(at / (nbytes / n)), at % (nbytes / n)];
      inPlanes[begin + offset + byte * n + number] = film[begin + offset + at];
    }
  }
  const shown = new TextEncoder().encode(JSON.stringify({ shown: {} }).padEnd(20));
  const raw = Uint8Array.of(shown.length, 0, 0, 0, ...shown, ...inPlanes);
  const head = new Uint8Array(4);
  new DataView(head.buffer).setUint32(0, raw.length, true);
  return Uint8Array.of(...head, ...deflateSync(raw));
}

test("a film that came in planes is the film", async () => {
  const { film } = await readFilmBundle(packed(writeArrays(HEADER, ARRAYS)));
  for (const moment of [0, 1, 2]) expect(film.codes(moment)).toEqual(FILM.codes(moment));
  expect(film.terms(2)).toEqual(FILM.terms(2));
  expect([...film.label, ...film.epoch]).toEqual([1, -1, 0, 0.5, 2]);
  expect(film.decoderArrays(2)).toEqual(FILM.decoderArrays(2));
});
