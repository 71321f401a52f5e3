/** Does a run that learns decode with the weights of this moment, and are its images where they are now? Against the layers by hand. */

import { expect, test } from "vitest";
import { dense } from "../../src/engine/learning/architectures";
import type { Ready } from "../../src/engine/learning/messages";
import { extentFor, FIRST_EXTENT, LiveRun, planeOf } from "../../src/train/live-run";
import type { TrainingHeader } from "../../src/wire/schema";
import { floats } from "../helpers";

const HEADER: TrainingHeader = {
  id: "a",
  dataset: "toy",
  licence: "",
  image_shape: [1, 2, 2],
  class_names: ["round", "flat"],
  n_train: 0,
  arrays: {},
};
const N = 3;

/** As a learner lays them out, with gaps. */
function begun(K: number): { live: LiveRun; ready: Ready; size: number } {
  const record = dense({ imageShape: [1, 2, 2], latentDim: K, hidden: [3], likelihood: "bernoulli" });
  let at = 0;
  const places = Object.entries(record.shapes).map(([name, shape]) => {
    const place = { name, shape, at, size: shape.reduce((a, b) => a * b, 1) };
    at += place.size + 5;
    return place;
  });
  const ready: Ready = { kind: "ready", places, nImages: N, stepsPerEpoch: 1, arithmetic: "simd" };
  return { live: new LiveRun(HEADER, record, ready, Int16Array.of(0, 1, -1)), ready, size: at };
}

/** The decoder of one hidden layer. */
function decoded({ places }: Ready, weights: Float32Array, z: readonly number[]): number[] {
  const of = (name: string): Float32Array => {
    const { at, size } = places.find((place) => place.name === name) as Ready["places"][number];
    return weights.subarray(at, at + size);
  };
  const layer = (x: readonly number[], weight: Float32Array, bias: Float32Array): number[] =>
    Array.from(bias, (b, o) => x.reduce((sum, value, i) => sum + value * weight[o * x.length + i], b));
  const hidden = layer(z, of("decoder.0.weight"), of("decoder.0.bias")).map((value) => Math.max(0, value));
  return layer(hidden, of("decoder.2.weight"), of("decoder.2.bias")).map((logit) => 1 / (1 + Math.exp(-logit)));
}

test.each([2, 3])("it decodes with the weights of the moment, K = %i", (K) => {
  const { live, ready, size } = begun(K);
  const { model } = live.data;
  const z = Array.from(floats(K, 9));
  for (const seed of [1, 2]) {
    const [weights, mu, logvar] = [
      [size, seed],
      [N * K, seed],
      [N * K, seed + 10],
    ].map(([n, of]) => Float32Array.from(floats(n, of)));
    const data = live.take({ mu, logvar, weights }, planeOf(K, 0, K - 1));
    expect(data.model).toBe(model); // whose memory is not asked for again
    const found = data.model.decode(z);
    decoded(ready, weights, z).forEach((value, i) => expect(found[i]).toBeCloseTo(value, 5));
    for (let i = 0; i < N; i++) {
      expect(data.place(i)).toEqual([mu[i * K], mu[i * K + K - 1]]);
      const [xx, xy, yy] = data.spreadOnMap()?.(i) ?? [];
      expect(xx).toBeCloseTo(Math.exp(logvar[i * K]), 5);
      expect(yy).toBeCloseTo(Math.exp(logvar[i * K + K - 1]), 5);
      expect(xy).toBe(0);
    }
  }
});

test("what is seen grows where many points lie outside, and never shrinks", () => {
  const inside = Float32Array.from({ length: 200 }, (_, i) => Math.sin(i));
  expect(extentFor(FIRST_EXTENT, inside)).toBe(FIRST_EXTENT);
  const one = inside.slice();
  one[0] = 50;
  expect(extentFor(FIRST_EXTENT, one)).toBe(FIRST_EXTENT);
  const many = inside.map((value) => 9 * value);
  const [x0, x1] = extentFor(FIRST_EXTENT, many);
  expect(x1).toBeGreaterThanOrEqual(Math.max(...many) * 0.9);
  expect(x0).toBe(-x1);
  expect(extentFor([x0, x1, x0, x1], inside)).toEqual([x0, x1, x0, x1]);
});

test("codes that are no numbers do not make it grow for ever", () => {
  expect(extentFor(FIRST_EXTENT, new Float32Array(20).fill(Number.NaN))).toBe(FIRST_EXTENT);
});
