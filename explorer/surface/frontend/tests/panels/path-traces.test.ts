import { expect, test } from "vitest";
import { between } from "../../src/kernel/path-playback";
import { areaPath, figure, stacked } from "../../src/panels/path-traces";

test("shares are stacked up to their sum, each above the one before", () => {
  const rows = [
    [0.2, 0.5, 0.3],
    [1, 0, 0],
  ];
  const bounds = stacked(rows);
  expect(bounds.length).toBe(4);
  expect(bounds[0]).toEqual([0, 0]);
  expect(bounds[3].map((value) => Number(value.toFixed(9)))).toEqual([1, 1]);
  rows.forEach((row, t) => row.forEach((share, y) => expect(bounds[y + 1][t] - bounds[y][t]).toBeCloseTo(share, 12)));
});

test("a strip's figure is written as the card writes it", () => {
  const name = (label: number): string => "abc"[label];
  expect([0.01, 0.02, 0.41].map((support) => figure("density", support, name))).toEqual([
    "low, 0.01",
    "medium, 0.02",
    "high, 0.41",
  ]);
  expect(figure("classes", [0.2, 0.55, 0.25], name)).toBe("b 55\u00a0%");
  expect(figure(undefined, 0.41, name)).toBe("0.41");
});

test("an area runs along its top and back along its foot", () => {
  expect(areaPath([0, 0], [0.25, 1])).toBe("M0 0.75L1 0L1 1L0 1Z");
});

test("a running film shows frames exactly where they are, and lines between", () => {
  const rows = [
    [0, 1],
    [2, 1],
    [4, 7],
  ];
  expect([0, 0.5, 1].map((at) => between(rows, at))).toEqual(rows);
  expect(between(rows, 0.25)).toEqual([1, 1]);
  expect(between(rows, 0.75)).toEqual([3, 4]);
  expect(between([[5]], 0.3)).toEqual([5]);
});
