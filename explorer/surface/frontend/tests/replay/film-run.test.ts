/** Are the images of a film where its moment has them, and does it decode by the weights that were kept nearest? Against the layer by hand. */

import { expect, test } from "vitest";
import { FilmRun } from "../../src/replay/film-run";
import type { FilmPlaneRecord } from "../../src/wire/schema";
import { writtenFilm } from "./written-film";

const K = 3;
const M = 4;
const PIXELS = 4;
const numbers = (n: number, from: number): number[] =>
  Array.from({ length: n }, (_, i) => Math.sin(1 + from + 0.7 * i) * 2);
const CODES = [0, 1, 2, 3].map((moment) => numbers(M * K, 10 * moment));
const WEIGHT = numbers(2 * PIXELS * K, 3);
const BIAS = numbers(2 * PIXELS, 5);
const FILM = writtenFilm({
  codes: CODES,
  epoch: [0, 1, 4, 9],
  klPerDim: CODES.map(() => [1, 1, 1]),
  latentDim: K,
  kept: [0, 3],
  weights: {
    "w.decoder.0.weight": { shape: [2, PIXELS, K], values: Float32Array.from(WEIGHT) },
    "w.decoder.0.bias": { shape: [2, PIXELS], values: Float32Array.from(BIAS) },
  },
  header: { decoder: [{ op: "linear", weight: "w.decoder.0.weight", bias: "w.decoder.0.bias" }] },
});
const PLANE: FilmPlaneRecord = {
  title: "Main axes",
  x_label: "first",
  y_label: "second",
  basis: [0, 1, 0, 0, 0, 1],
  origin: [0, 0.5, -0.25],
};

/** The layer and the sigmoid, of the i-th weights that were kept. */
function decoded(i: number, z: readonly number[]): number[] {
  return Array.from({ length: PIXELS }, (_, pixel) => {
    const row = (i * PIXELS + pixel) * K;
    const logit = z.reduce((sum, value, k) => sum + value * WEIGHT[row + k], BIAS[i * PIXELS + pixel]);
    return 1 / (1 + Math.exp(-logit));
  });
}

test("points are the codes of the moment on the plane", () => {
  const run = new FilmRun(FILM, PLANE);
  for (const moment of [0, 2, 3]) {
    const { points, mu } = run.take(moment);
    expect([...mu]).toEqual([...Float32Array.from(CODES[moment])]);
    for (let i = 0; i < M; i++) {
      expect(points[2 * i]).toBeCloseTo(CODES[moment][i * K + 1] - 0.5, 5);
      expect(points[2 * i + 1]).toBeCloseTo(CODES[moment][i * K + 2] + 0.25, 5);
    }
  }
});

test("pictures are decoded by the weights that were kept nearest, forth and back", () => {
  const run = new FilmRun(FILM, PLANE);
  const z = [0.3, -0.2, 0.9];
  for (const [at, kept] of [
    [0, 0],
    [1.2, 0],
    [1.8, 1],
    [3, 1],
    [0, 0],
  ])
    decoded(kept, z).forEach((value, pixel) => expect(run.take(at).model.decode(z)[pixel]).toBeCloseTo(value, 5));
});

test("what is seen has nearly every point of every moment, so that the map stands still", () => {
  const run = new FilmRun(FILM, PLANE);
  const [x0, x1, y0, y1] = run.extent;
  for (const moment of [0, 1, 2, 3]) {
    const { points } = run.take(moment);
    for (let i = 0; i < M; i++) {
      expect(points[2 * i]).toBeGreaterThanOrEqual(x0);
      expect(points[2 * i]).toBeLessThanOrEqual(x1);
      expect(points[2 * i + 1]).toBeGreaterThanOrEqual(y0);
      expect(points[2 * i + 1]).toBeLessThanOrEqual(y1);
    }
  }
});
