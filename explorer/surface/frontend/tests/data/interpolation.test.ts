import { describe, expect, test } from "vitest";
import { interpolate } from "../../src/data/interpolation";
import { makeToMap } from "../../src/geometry/projection";
import { parsePayload } from "../../src/wire/payload";
import { tinyRun, writePayload } from "../helpers";

const length = (z: readonly number[]): number => Math.hypot(...z);

describe("a path", () => {
  test.each(["linear", "variance-preserving", "spherical"] as const)("%s begins and ends at its ends", (kind) => {
    const z = interpolate([1, -2, 0.5], [0, 3, 1], kind, 7);
    expect(z).toHaveLength(7);
    for (const [end, wanted] of [
      [z[0], [1, -2, 0.5]],
      [z[6], [0, 3, 1]],
    ])
      wanted.forEach((value, k) => expect(end[k]).toBeCloseTo(value, 12));
  });
  test("linear: the middle is the mean", () => {
    expect(interpolate([0, 2], [4, 0], "linear", 3)[1]).toEqual([2, 1]);
  });
  test("variance-preserving: two orthogonal codes of one length keep that length", () => {
    for (const z of interpolate([2, 0], [0, 2], "variance-preserving", 9)) expect(length(z)).toBeCloseTo(2, 12);
  });
  test("spherical: equal angles, and lengths evenly between the ends'", () => {
    const z = interpolate([1, 0], [0, 3], "spherical", 4);
    z.forEach((code, i) => {
      expect(Math.atan2(code[1], code[0])).toBeCloseTo((i * Math.PI) / 6, 12);
      expect(length(code)).toBeCloseTo(1 + (2 * i) / 3, 12);
    });
  });
  test("spherical without a one and only arc is the line", () => {
    for (const [a, b] of [
      [
        [0, 0],
        [1, 2],
      ],
      [
        [1, 2],
        [2, 4],
      ],
      [
        [1, 2],
        [-2, -4],
      ],
    ])
      expect(interpolate(a, b, "spherical", 5)).toEqual(interpolate(a, b, "linear", 5));
  });
});

function mapOf(
  projection: Record<string, unknown>,
  arrays: Record<string, { values: Float32Array; shape: number[] }>,
  K: number,
): ReturnType<typeof makeToMap> {
  const run = tinyRun();
  const header = {
    ...run.header,
    run: { ...(run.header.run as object), latent_dim: K },
    projection: { ...(run.header.projection as object), ...projection },
  };
  return makeToMap(parsePayload(writePayload({}, header, { ...run.arrays, ...arrays })));
}

describe("the place of a code", () => {
  test("on the plane itself is the code", () => {
    expect(mapOf({}, {}, 2)([0.3, -4])).toEqual([0.3, -4]);
  });
  test("on a linear map is the foot of the perpendicular, also on slanted axes", () => {
    const arrays = {
      basis: { values: Float32Array.of(1, 0, 0, 1, 2, 0), shape: [2, 3] },
      origin: { values: Float32Array.of(1, 1, 1), shape: [3] },
    };
    const [x, y] = mapOf({ kind: "linear" }, arrays, 3)([1 + 3 + 2, 1 + 4, 99]); // 3·basis[0] + 2·basis[1] and something across
    expect(x).toBeCloseTo(3, 5);
    expect(y).toBeCloseTo(2, 5);
  });
  test("on a line only left and right are known", () => {
    const arrays = {
      basis: { values: Float32Array.of(2, 0), shape: [2, 1] },
      origin: { values: Float32Array.of(1), shape: [1] },
    };
    expect(mapOf({ kind: "linear" }, arrays, 1)([5])).toEqual([2, 0]);
  });
  test("on a layout is found on its sheet", () => {
    // codes are places, turned by a quarter and twice as long; a lattice of four nodes is exact for that
    const node = (x: number, y: number): number[] => [-2 * y, 2 * x];
    const arrays = {
      points_mu: {
        values: Float32Array.of(...node(0.5, 0.5), ...node(0.52, 0.5), ...node(0.5, 0.52), ...node(-0.8, -0.8)),
        shape: [4, 2],
      },
      points_map: { values: Float32Array.of(0.5, 0.5, 0.52, 0.5, 0.5, 0.52, -0.8, -0.8), shape: [4, 2] },
      lattice_z: {
        values: Float32Array.of(...node(-1, -1), ...node(1, -1), ...node(-1, 1), ...node(1, 1)),
        shape: [2, 2, 2],
      },
    };
    const [x, y] = mapOf({ kind: "lattice" }, arrays, 2)(node(0.51, 0.513));
    expect(x).toBeCloseTo(0.51, 6);
    expect(y).toBeCloseTo(0.513, 6);
  });
});
