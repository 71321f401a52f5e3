/** Is what is kept between pictures, or left out, the same as what would be computed? */

import { describe, expect, test } from "vitest";
import { type Filter, plane, resample, tapsOf } from "../../src/prepare/plane";
import { paperOf } from "../../src/prepare/surface-fit";

/** Pillow's definition, the whole sum at every pixel: the weights of a row of `from` pixels for pixel i of `to`. */
function weights(from: number, to: number, i: number): number[] {
  const scale = from / to,
    stretch = Math.max(1, scale),
    centre = (i + 0.5) * scale;
  const raw = Array.from({ length: from }, (_, k) => Math.max(0, 1 - Math.abs((k + 0.5 - centre) / stretch)));
  const total = raw.reduce((sum, value) => sum + value, 0);
  return raw.map((value) => value / total);
}

describe("the weights of a change of size", () => {
  test("are kept for the sizes asked for last, and no others", () => {
    const first = tapsOf(128, 64, "box", false);
    expect(tapsOf(128, 64, "box", false)).toBe(first);
    for (const other of [
      tapsOf(128, 64, "box", true),
      tapsOf(128, 64, "bilinear", false),
      tapsOf(64, 128, "box", false),
    ])
      expect(other).not.toBe(first);
    for (let to = 1; to <= 64; to++) tapsOf(1000, to, "lanczos", false);
    const again = tapsOf(128, 64, "box", false);
    expect(again).not.toBe(first);
    expect(again).toEqual(first);
  });

  test("give the same picture the second time, which is the sum over all pixels", () => {
    const filter: Filter = "bilinear";
    const row = plane(
      1,
      13,
      Float64Array.from({ length: 13 }, (_, k) => (37 * k) % 11),
    );
    for (const to of [5, 29]) {
      const [once, twice] = [resample(row, 1, to, filter, false), resample(row, 1, to, filter, false)];
      expect(twice).toEqual(once);
      for (let i = 0; i < to; i++) {
        const wanted = weights(13, to, i).reduce((sum, weight, k) => sum + weight * row.v[k], 0);
        expect(once.v[i]).toBeCloseTo(wanted, 5);
      }
    }
  });
});

describe("the paper under a stroke", () => {
  test("is found where nearly all of it is even, and where it is grainy", () => {
    for (const grain of [0, 0.5, 4]) {
      const grey = plane(64, 64);
      for (let y = 0, i = 0; y < 64; y++)
        for (let x = 0; x < 64; x++, i++)
          grey.v[i] = x > 20 && x < 26 && y > 10 && y < 50 ? 20 : 180 + 0.2 * x + grain * ((i * 7919) % 3) - grain;
      const { level } = paperOf(grey);
      for (const i of [0, 63, 64 * 30 + 23, 64 * 63, 64 * 64 - 1]) // one of them is under the stroke
        expect(Math.abs(level.v[i] - (180 + 0.2 * (i % 64)))).toBeLessThan(0.5);
    }
  });
});
