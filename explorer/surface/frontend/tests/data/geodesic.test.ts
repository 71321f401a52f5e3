/** Is a geodesic the shortest path where that is known, and never longer than what it began with? */
import { describe, expect, it } from "vitest";
import { geodesic } from "../../src/data/geodesic";
import { interpolate } from "../../src/data/interpolation";
import { decodedGraphs } from "../../src/geometry/decoded-graph";
import { atEqualSteps, curveLength, type Decode, type InParts } from "../../src/geometry/decoded-length";
import { smoothed } from "../../src/geometry/smoothing";
import { PATH_KINDS } from "../../src/wire/schema";
import { floats } from "../helpers";

function all<T>(parts: InParts<T>): T {
  for (;;) {
    const { done, value } = parts.next();
    if (done) return value;
  }
}

const decoder =
  (of: (z: Float32Array) => readonly number[], K: number): Decode =>
  (codes, n) =>
    Float32Array.from(Array.from({ length: n }, (_, i) => of(codes.subarray(i * K, (i + 1) * K))).flat());

/** (radius, angle) to a place on a plane: geodesics are straight there. */
const polar = decoder(([r, angle]) => [r * Math.cos(angle), r * Math.sin(angle)], 2);
const codes = Float32Array.from({ length: 400 }, (_, i) => (i % 2 ? (i * 0.0031) % 1.5 : 0.2 + ((i * 0.0173) % 1.8)));

describe("a geodesic", () => {
  it("of polar coordinates is a straight line in the plane, as long as its ends are apart", () => {
    const graphs = all(decodedGraphs(codes, 2, polar, 2));
    expect(graphs).toHaveLength(2);
    const found = all(geodesic([1.5, 0.1], [1.5, 1.4], graphs, polar));
    expect(found.decodedLength).toBeCloseTo(3 * Math.sin(0.65), 3);
    expect(found.straightLength).toBeCloseTo(1.5 * 1.3, 3);
    expect(found.z).toHaveLength(61);
    expect([found.z[0], found.z[60]]).toEqual([
      [1.5, 0.1],
      [1.5, 1.4],
    ]);
    for (const [r, angle] of found.z) expect(r * Math.cos(angle - 0.75)).toBeCloseTo(1.5 * Math.cos(0.65), 1);
  });

  it("of a linear decoder is the line, and stands where both ends are the same", () => {
    const A = floats(12, 3, 1);
    const linear = decoder((z) => [0, 1, 2, 3].map((p) => A[p] * z[0] + A[4 + p] * z[1] + A[8 + p] * z[2]), 3);
    const graphs = all(decodedGraphs(floats(300, 5, 2), 3, linear, 4));
    expect(graphs).toHaveLength(1);
    const found = all(geodesic([1, 0, -1], [-1, 2, 0.5], graphs, linear));
    expect(found.decodedLength).toBeLessThanOrEqual(found.straightLength);
    expect(found.decodedLength / found.straightLength).toBeCloseTo(1, 5);
    expect(all(geodesic([1, 0, 0], [1, 0, 0], graphs, linear, 5)).z).toEqual(Array(5).fill([1, 0, 0]));
  });

  it.each([2, 3, 5])("is never longer than any formula, in %i dimensions", (K) => {
    const A = floats(8 * K, K, 2);
    const bent = decoder(
      (z) =>
        Array.from(
          { length: 8 },
          (_, p) => Math.tanh(z.reduce((sum, v, k) => sum + A[p * K + k] * v, 0)) + z[p % K] ** 2,
        ),
      K,
    );
    const mu = floats(200 * K, 11, 2);
    const graphs = all(decodedGraphs(mu, K, bent, 8));
    for (let i = 0; i < 6; i++) {
      const [a, b] = [0, 1].map((end) => Array.from(mu.subarray((2 * i + end) * K, (2 * i + end + 1) * K)));
      const found = all(geodesic(a, b, graphs, bent));
      expect(all(curveLength(found.z, bent))).toBe(found.decodedLength);
      for (const kind of PATH_KINDS)
        expect(found.decodedLength).toBeLessThanOrEqual(all(curveLength(interpolate(a, b, kind), bent)));
    }
  });

  it("of a decoder that draws the same everywhere ends", () => {
    const constant = decoder(() => [0.5, 0.5], 2);
    const found = all(geodesic([0, 0], [1, 1], all(decodedGraphs(codes, 2, constant, 2)), constant));
    expect([found.decodedLength, found.straightLength]).toEqual([0, 0]);
  });
});

it("points at equal decoded steps gather where the picture changes fast", () => {
  const cubic = decoder(([x]) => [x ** 3], 1);
  const even = all(atEqualSteps([[0], [1]], cubic, 9));
  even.forEach(([x], i) => expect(x ** 3).toBeCloseTo(i / 8, 2));
});

it("smoothing makes a bent path shorter and keeps its ends", () => {
  const flat = decoder((z) => [z[0], z[1]], 2);
  const bent = Array.from({ length: 9 }, (_, i) => [i / 8, Math.sin((Math.PI * i) / 8)]);
  const smooth = all(smoothed(bent, flat));
  expect(all(curveLength(smooth, flat))).toBeCloseTo(1, 2);
  expect([smooth[0], smooth[8]]).toEqual([bent[0], bent[8]]);
});
