import { describe, expect, test } from "vitest";
import { medianPlace, NearestIndex } from "../../src/geometry/point-index";
import { floats, random } from "../helpers";

function bruteForce(points: Float32Array, x: number, y: number, accepts: (i: number) => boolean): number {
  let best = Infinity;
  for (let i = 0; i < points.length / 2; i++) {
    if (accepts(i)) best = Math.min(best, (points[2 * i] - x) ** 2 + (points[2 * i + 1] - y) ** 2);
  }
  return best;
}

describe("the nearest point, against looking at all of them", () => {
  const clustered = (): Float32Array => {
    const points = floats(4000, 3);
    for (let i = 0; i < 1000; i++) {
      points[2 * i] = points[2 * i] * 0.01 + 8;
      points[2 * i + 1] = points[2 * i + 1] * 0.02 - 30;
    }
    return points;
  };
  const sets: Record<string, Float32Array> = {
    uniform: floats(2000, 1, 5),
    clustered: clustered(),
    "on one line": Float32Array.from(floats(600, 2), (v, i) => (i % 2 ? 0.25 : v)),
    "one point": Float32Array.of(3, 4),
    "all equal": new Float32Array(40).fill(1.5),
  };
  test.each(Object.keys(sets))("%s", (name) => {
    const points = sets[name];
    const index = new NearestIndex(points);
    const next = random(9);
    for (let q = 0; q < 300; q++) {
      const spread = q % 3 === 0 ? 100 : 6; // also from far outside
      const [x, y] = [(2 * next() - 1) * spread, (2 * next() - 1) * spread];
      const accepts = q % 2 ? () => true : (i: number) => i % 5 === 0;
      const found = index.find(x, y, accepts);
      expect(accepts(found)).toBe(true);
      expect((points[2 * found] - x) ** 2 + (points[2 * found + 1] - y) ** 2).toBe(bruteForce(points, x, y, accepts));
    }
  });
});

test("no point, or none that is accepted: −1", () => {
  expect(new NearestIndex(new Float32Array(0)).find(0, 0, () => true)).toBe(-1);
  expect(new NearestIndex(floats(100, 4)).find(0, 0, () => false)).toBe(-1);
});

test("the median place ignores an outlier", () => {
  expect(medianPlace(Float32Array.of(0, 0, 1, 1, 2, 2, 3, 3, 1e6, -1e6))).toEqual([2, 1]);
});

describe("the points in a rectangle, against looking at all of them", () => {
  const points = floats(3000, 11, 4);
  const index = new NearestIndex(points);
  const next = random(12);

  test("are all of them, in order, and none that is not accepted", () => {
    for (let q = 0; q < 200; q++) {
      const [a, b, c, d] = Array.from({ length: 4 }, () => (2 * next() - 1) * 6); // also beyond all points
      const [x0, x1, y0, y1] = [Math.min(a, b), Math.max(a, b), Math.min(c, d), Math.max(c, d)];
      const accepts = q % 2 ? () => true : (i: number) => i % 3 === 0;
      const wanted = Array.from({ length: 1500 }, (_, i) => i).filter(
        (i) =>
          accepts(i) &&
          points[2 * i] >= x0 &&
          points[2 * i] <= x1 &&
          points[2 * i + 1] >= y0 &&
          points[2 * i + 1] <= y1,
      );
      expect(index.inside(x0, x1, y0, y1, 1500, accepts)).toEqual(wanted);
      expect(index.inside(x0, x1, y0, y1, wanted.length, accepts)).toEqual(wanted);
      if (wanted.length > 0) expect(index.inside(x0, x1, y0, y1, wanted.length - 1, accepts)).toBeNull();
    }
  });

  test("without any point there is none", () => {
    expect(new NearestIndex(new Float32Array(0)).inside(-1, 1, -1, 1, 10, () => true)).toEqual([]);
  });
});
