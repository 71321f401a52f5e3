/** Does a code find its place on a settled map? tests/browser/test_posterior.py holds it against Python's. */
import { describe, expect, it } from "vitest";
import { placeOn, Sheet } from "../../src/geometry/settled-map";
import type { Extent } from "../../src/wire/schema";
import { floats, random } from "../helpers";

const EXTENT: Extent = [-10, 10, -10, 10];
const G = 41;

/** Codes (x, y, x²/8) of a curved sheet, sampled on the lattice. */
const code = (x: number, y: number): number[] => [x, y, (x * x) / 8];
const at = (i: number): number => -10 + (20 * i) / (G - 1);
const lattice = Float32Array.from(
  Array.from({ length: G * G }, (_, i) => code(at(i % G), at(Math.floor(i / G)))).flat(),
);
const sheet = new Sheet(lattice, EXTENT, 3);
const points = floats(2 * 6000, 11, 9); // no gap as wide as a place may move
const mu = Float32Array.from(Array.from({ length: 6000 }, (_, i) => code(points[2 * i], points[2 * i + 1])).flat());
const toMap = placeOn(sheet, mu, points, 3);

/** |sheet(place) − z|², of the curve itself: bilinear interpolation of x²/8 at steps of 0.5 is off by 0.004 at most. */
const missed = ([x, y]: readonly number[], z: readonly number[]): number =>
  code(x, y).reduce((sum, value, k) => sum + (value - z[k]) ** 2, 0);

describe("a code", () => {
  it("of the sheet comes back to its place", () => {
    const next = random(3);
    for (let i = 0; i < 50; i++) {
      const place = [16 * next() - 8, 16 * next() - 8];
      const z = code(place[0], place[1]);
      const found = toMap(z);
      expect(Math.hypot(found[0] - place[0], found[1] - place[1])).toBeLessThan(0.02);
    }
  });

  it("beside the sheet goes where no place near is nearer", () => {
    const next = random(4);
    for (let i = 0; i < 30; i++) {
      const z = code(14 * next() - 7, 14 * next() - 7).map((value) => value + 0.4 * (next() - 0.5));
      const found = toMap(z);
      for (let turn = 0; turn < 12; turn++) {
        const there = [found[0] + 0.15 * Math.cos(turn / 2), found[1] + 0.15 * Math.sin(turn / 2)];
        expect(missed(there, z)).toBeGreaterThan(missed(found, z) - 0.01);
      }
    }
  });

  it("that is a real one has that one's place, though rounded", () => {
    for (const i of [0, 7, 1234]) {
      const z = Array.from(mu.subarray(3 * i, 3 * i + 3), (value) => value * (1 + 2 ** -13));
      expect([...toMap(z)]).toEqual([points[2 * i], points[2 * i + 1]]);
    }
  });

  it.each([1e3, 1e12, 1e30, 1e300, Infinity])("%d away still has a finite place within the map", (far) => {
    for (const z of [
      [far, 0, 0],
      [-far, far, far],
      [0, 0, -far],
    ]) {
      const [x, y] = toMap(z);
      expect(Math.abs(x)).toBeLessThanOrEqual(10);
      expect(Math.abs(y)).toBeLessThanOrEqual(10);
    }
  });
});

describe("between two islands", () => {
  it("a code goes to the island of most of its neighbours, not into the sea", () => {
    // twelve neighbours around (−8, 0), eight around (8, 0); all about as far in latent space
    const places = Array.from({ length: 20 }, (_, i) =>
      i < 12 ? [-8 + 0.1 * Math.cos(i), 0.1 * Math.sin(i)] : [8 + 0.1 * Math.cos(i), 0.1 * Math.sin(i)],
    );
    const codes = places.map(([x], i) => [x < 0 ? -1 : 1, Math.cos(2.4 * i), Math.sin(2.4 * i)]);
    const flat = new Sheet(new Float32Array(3 * G * G), EXTENT, 3);
    const [x, y] = placeOn(flat, Float32Array.from(codes.flat()), Float32Array.from(places.flat()), 3)([-0.1, 0, 0]);
    expect(Math.hypot(x + 8, y)).toBeLessThan(0.5);
  });

  it("one point alone, and points all at one place, have theirs", () => {
    expect([...placeOn(sheet, Float32Array.of(1, 2, 0), Float32Array.of(3, 4), 3)([1, 2, 0])]).toEqual([3, 4]);
    const [x, y] = placeOn(sheet, Float32Array.of(1, 2, 0, 1, 2, 0), Float32Array.of(3, 4, 3, 4), 3)([5, 5, 5]);
    expect(Number.isFinite(x) && Number.isFinite(y)).toBe(true);
  });
});
