import { describe, expect, test } from "vitest";
import type { PadProtocol } from "../src/book";
import { inked, type Stroke } from "../src/strokes";

const MNIST: PadProtocol = { box: [20 / 28, 20 / 28], by_mass: true, pen: 2.4 / 28 };
const DIGITS: PadProtocol = { box: [1, 6 / 8], by_mass: false, pen: 1.5 / 8 };
const AS_IT_IS: PadProtocol = { box: null, by_mass: false, pen: 0.1 };

/** First and last row or column with ink of at least a tenth. */
function extent(x: Float32Array, height: number, width: number, axis: "rows" | "columns"): [number, number] {
  const n = axis === "rows" ? height : width;
  const has = (i: number): boolean => x.some((value, at) => value >= 0.1 && (axis === "rows" ? Math.floor(at / width) : at % width) === i);
  const all = Array.from({ length: n }, (_, i) => i).filter(has);
  return [all[0], all[all.length - 1]];
}

function centre(x: Float32Array, width: number): [number, number] {
  const total = x.reduce((sum, value) => sum + value, 0);
  const mean = (of: (at: number) => number): number => x.reduce((sum, value, at) => sum + value * (of(at) + 0.5), 0) / total;
  return [mean((at) => at % width), mean((at) => Math.floor(at / width))];
}

const L_SHAPE: Stroke[] = [[[3, 2], [3, 9], [7, 9]]];

describe("a drawing", () => {
  test("of nothing is nothing", () => {
    expect(inked([], MNIST, 28, 28).every((value) => value === 0)).toBe(true);
  });
  test("has 20 of 28 pixels for its longer side, its lightest pixel 1, wherever and however large it was drawn", () => {
    const wanted = inked(L_SHAPE, MNIST, 28, 28);
    const [top, bottom] = extent(wanted, 28, 28, "rows");
    expect(bottom - top + 1).toBeGreaterThanOrEqual(19);
    expect(bottom - top + 1).toBeLessThanOrEqual(21);
    expect(Math.max(...wanted)).toBe(1);
    const elsewhere = L_SHAPE.map((stroke) => stroke.map(([x, y]) => [10 + 1.7 * x, 5 + 1.7 * y] as const));
    inked(elsewhere, MNIST, 28, 28).forEach((value, i) => expect(value).toBeCloseTo(wanted[i], 1));
  });
  test("lies with its centre of mass in the middle, to a pixel", () => {
    const [x, y] = centre(inked(L_SHAPE, MNIST, 28, 28), 28);
    expect(Math.abs(x - 14.5)).toBeLessThanOrEqual(1);
    expect(Math.abs(y - 14.5)).toBeLessThanOrEqual(1);
  });
  test("of digits fills the height, inside columns 1 to 6", () => {
    const x = inked(L_SHAPE, DIGITS, 8, 8);
    expect(extent(x, 8, 8, "rows")).toEqual([0, 7]);
    const [left, right] = extent(x, 8, 8, "columns");
    expect(left).toBeGreaterThanOrEqual(1);
    expect(right).toBeLessThanOrEqual(6);
  });
  test("stays where it is where the data set says nothing", () => {
    const x = inked([[[2, 5], [8, 5]]], AS_IT_IS, 10, 10);
    // a line one pixel thick around y = 5: half in row 4, half in row 5
    for (let column = 3; column < 7; column++) {
      expect(x[4 * 10 + column]).toBe(1);
      expect(x[5 * 10 + column]).toBe(1);
      expect(x[2 * 10 + column]).toBe(0);
    }
  });
  test("that is one dot is a dot", () => {
    const x = inked([[[4, 4]]], MNIST, 28, 28);
    expect(x.filter((value) => value > 0).length).toBeGreaterThan(0);
    expect(x.filter((value) => value > 0).length).toBeLessThanOrEqual(16);
    expect(x.every(Number.isFinite)).toBe(true);
  });
});
