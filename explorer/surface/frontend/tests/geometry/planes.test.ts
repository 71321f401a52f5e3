import { describe, expect, test } from "vitest";
import { alongDirection, dropped, type Plane, robustExtent, slice, throughThree } from "../../src/geometry/planes";
import { floats } from "../helpers";

const codeOf = ({ origin, basis }: Plane, x: number, y: number): number[] =>
  Array.from(origin, (value, k) => value + x * basis[k] + y * basis[origin.length + k]);
const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, value, k) => sum + value * b[k], 0);

function expectOrthonormal({ basis, origin: { length: K } }: Plane): void {
  const [u, v] = [basis.subarray(0, K), basis.subarray(K)];
  expect(dot(u, u)).toBeCloseTo(1, 5);
  expect(dot(v, v)).toBeCloseTo(1, 5);
  expect(dot(u, v)).toBeCloseTo(0, 5);
}

describe("the plane through three codes", () => {
  const [a, b, c] = [1, 2, 3].map((seed) => Array.from(floats(7, seed, 2)));
  const plane = throughThree(a, b, c, ["A", "B", "C"]) as Plane;
  test("holds all three where they are told apart best", () => {
    expectOrthonormal(plane);
    const places = dropped(plane, [...a, ...b, ...c]);
    [a, b, c].forEach((z, i) =>
      codeOf(plane, places[2 * i], places[2 * i + 1]).forEach((value, k) => expect(value).toBeCloseTo(z[k], 5)),
    );
    expect([places[0], places[1], places[3]].every((value) => Math.abs(value) < 1e-5)).toBe(true); // A in the middle, B to its right
    expect(places[2]).toBeCloseTo(Math.hypot(...b.map((value, k) => value - a[k])), 5);
    expect(places[5]).toBeGreaterThan(0);
  });
  test("does not exist for codes on one line", () => {
    expect(
      throughThree(
        a,
        b,
        a.map((value, k) => value + 3 * (b[k] - value)),
        ["A", "B", "C"],
      ),
    ).toBeNull();
    expect(throughThree(a, a, c, ["A", "B", "C"])).toBeNull();
  });
});

test("a slice shows two numbers themselves and keeps the others", () => {
  const at = [5, 6, 7, 8];
  const plane = slice(3, 1, at, "pin A");
  expect(codeOf(plane, 0.5, -2)).toEqual([5, -2, 7, 0.5]);
  expect(Array.from(dropped(plane, at))).toEqual([8, 6]);
});

describe("the plane along a direction", () => {
  const K = 5;
  const mu = floats(K * 400, 9).map((value, i) => value * [1, 4, 0.3, 2, 0.5][i % K] + (i % K));
  const direction = [1, 1, 0, 0, 0];
  const plane = alongDirection(direction, mu, "a − b") as Plane;
  test("has the direction across and through the middle of the codes", () => {
    expectOrthonormal(plane);
    expect(dot(plane.basis.subarray(0, K), direction)).toBeCloseTo(Math.SQRT2, 5);
    const places = dropped(plane, mu);
    const middle = [0, 1].map(
      (axis) => places.filter((_, i) => i % 2 === axis).reduce((sum, value) => sum + value, 0) / 400,
    );
    expect(Math.hypot(...middle)).toBeLessThan(1e-4);
  });
  test("has no better axis across it than the one it takes up", () => {
    const spread = (axis: ArrayLike<number>): number => {
      let total = 0;
      for (let at = 0; at < mu.length; at += K)
        total +=
          dot(
            mu.subarray(at, at + K).map((value, k) => value - plane.origin[k]),
            axis,
          ) ** 2;
      return total;
    };
    const [across, up] = [plane.basis.subarray(0, K), plane.basis.subarray(K)];
    for (let seed = 0; seed < 200; seed++) {
      const other = Array.from(floats(K, 100 + seed));
      const along = dot(other, across);
      const rest = other.map((value, k) => value - along * across[k]);
      const length = Math.hypot(...rest);
      expect(spread(rest.map((value) => value / length))).toBeLessThanOrEqual(spread(up) * (1 + 1e-6));
    }
  });
  test("needs a direction", () => expect(alongDirection([0, 0, 0, 0, 0], mu, "nothing")).toBeNull());
  test("finds an axis even where the codes have none", () => {
    expectOrthonormal(alongDirection([1, 0, 0], Float32Array.of(1, 0, 0, 2, 0, 0, 3, 0, 0), "line") as Plane);
  });
});

test("the first view leaves only outliers out", () => {
  const places = Float32Array.from({ length: 2002 }, (_, i) => (i < 2000 ? (i >> 1) / 1000 : 900));
  const [x0, x1] = robustExtent(places);
  expect(x0).toBeLessThan(0.01);
  expect(x1).toBeGreaterThan(0.99);
  expect(x1).toBeLessThan(1.2);
});
