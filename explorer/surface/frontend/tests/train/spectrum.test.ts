/** Are the eigenvalues those of the covariance, and the steps those of the linear VAE? Against a covariance written out, and numbers of the literature. */

import { expect, test } from "vitest";
import { ranks } from "../../src/train/charts/kl-chart";
import { centred, largestEigenvalues, symmetricEigenvalues } from "../../src/train/charts/spectrum";
import { floats } from "../helpers";

function largest(images: Uint8Array, size: number, isBernoulli: boolean, count: number): number[] {
  const search = largestEigenvalues(centred(images, size, isBernoulli), count);
  for (;;) {
    const { done, value } = search.next();
    if (done) return [...value];
  }
}

/** By the definition: every pair of pixels. */
function covariance(images: Uint8Array, size: number, scale: (mean: number) => number): Float64Array[] {
  const n = images.length / size;
  const pixel = (i: number, j: number): number => images[i * size + j] / 255;
  const all = Array.from({ length: n }, (_, i) => i);
  const means = Array.from({ length: size }, (_, j) => all.reduce((sum, i) => sum + pixel(i, j), 0) / n);
  return means.map((a, j) =>
    Float64Array.from(means, (b, k) => {
      const sum = all.reduce((total, i) => total + (pixel(i, j) - a) * (pixel(i, k) - b), 0);
      return (sum / n) * scale(a) * scale(b);
    }),
  );
}

const SIZE = 12;
/** Pixels that go together in threes, and one that never changes. */
const IMAGES = Uint8Array.from(floats(200 * SIZE, 7), (value, at) => {
  const [i, j] = [Math.floor(at / SIZE), at % SIZE];
  if (j === SIZE - 1) return 0;
  return Math.round(127 + 60 * Math.sin(i * (1 + (j % 3))) + 60 * value);
});

test.each([false, true])(
  "they are those of the covariance, pixels divided where they are Bernoulli: %s",
  (isBernoulli) => {
    const scale = (mean: number): number => (!isBernoulli ? 1 : mean > 0 ? 1 / Math.sqrt(mean * (1 - mean)) : 0);
    const expected = symmetricEigenvalues(covariance(IMAGES, SIZE, scale));
    const found = largest(IMAGES, SIZE, isBernoulli, 5);
    expect(found).toHaveLength(5);
    found.forEach((value, k) => {
      expect(value / expected[k]).toBeCloseTo(1, 3);
    });
  },
);

test("of a small matrix they are the roots of its polynomial", () => {
  const [a, b, c] = [3, -1.5, 0.25];
  const middle = (a + c) / 2;
  const half = Math.hypot((a - c) / 2, b);
  const found = symmetricEigenvalues([Float64Array.of(a, b), Float64Array.of(b, c)]);
  expect(found[0]).toBeCloseTo(middle + half, 12);
  expect(found[1]).toBeCloseTo(middle - half, 12);
});

test("images that are all the same have none, and few images have few", () => {
  expect(largest(new Uint8Array(40).fill(9), 4, true, 3)).toEqual([0, 0, 0]);
  expect(largest(Uint8Array.of(0, 0, 255, 255), 2, false, 3).map((value) => Math.round(value * 1e6) / 1e6)).toEqual([
    0.5, 0,
  ]);
});

test("each step stands behind the bar of its rank", () => {
  expect(ranks([0, 0, 0])).toEqual([0, 1, 2]);
  expect(ranks([0.2, 3, 0.5])).toEqual([2, 0, 1]);
});
