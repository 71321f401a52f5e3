import { expect, test } from "vitest";
import type { RunOnMap } from "../../src/data/run-on-map";
import { caught, direction, factsOf, insideLoop, named, selectionCsv } from "../../src/data/selection";
import { CodeIndex } from "../../src/geometry/code-index";
import { NearestIndex } from "../../src/geometry/point-index";
import type { Point } from "../../src/wire/schema";

const square: Point[] = [
  [0, 0],
  [2, 0],
  [2, 2],
  [0, 2],
];

/** Points (0.5, 0.5), (1.5, 1), (3, 3), (1, 1.9); codes are their places. */
function scene(originals: Uint8Array | null = null): RunOnMap {
  const points = Float32Array.of(0.5, 0.5, 1.5, 1, 3, 3, 1, 1.9);
  return {
    codes: new CodeIndex(points, 2),
    inside: ([x0, x1, y0, y1]: number[], most: number, shown: Uint8Array) =>
      new NearestIndex(points).inside(x0, x1, y0, y1, most, (i) => shown[[0, 1, 0, 0][i]] === 1),
    nPoints: 4,
    nClasses: 2,
    slots: Uint16Array.of(0, 1, 0, 0),
    labels: Int16Array.of(0, 1, 0, 0),
    points,
    space: { latentDim: 2 },
    originals,
    place: (i: number): Point => [points[2 * i], points[2 * i + 1]],
    muOf: (i: number) => points.subarray(2 * i, 2 * i + 2),
    numberOf: (i: number) => 100 + i,
    className: (label: number) => ['zero, "round"', "=one"][label] ?? null,
    originalOffset: (i: number) => 2 * i,
    quantities: [{ id: "kl", name: "KL", definition: "", values: Float32Array.of(1, 2, 3, 6) }],
  } as unknown as RunOnMap;
}

test("a loop may be bent and cross itself: even-odd", () => {
  expect(insideLoop(square, 1, 1)).toBe(true);
  expect(insideLoop(square, 3, 1)).toBe(false);
  const c: Point[] = [
    [0, 0],
    [3, 0],
    [3, 1],
    [1, 1],
    [1, 2],
    [3, 2],
    [3, 3],
    [0, 3],
  ];
  expect(insideLoop(c, 2, 1.5)).toBe(false);
  expect(insideLoop(c, 0.5, 1.5)).toBe(true);
});

test("what is caught lies inside and is shown", () => {
  expect(caught(scene(), square, Uint8Array.of(1, 1, 1))).toEqual([0, 1, 3]);
  expect(caught(scene(), square, Uint8Array.of(1, 0, 1))).toEqual([0, 3]);
  expect(caught(scene(), square.slice(0, 2), Uint8Array.of(1, 1, 1))).toEqual([]);
});

test("points are chosen by name: near a code, in view, all that are shown, a class though it is hidden", () => {
  const all = Uint8Array.of(1, 1, 1);
  const hidden = Uint8Array.of(1, 0, 1);
  const whole = [-10, 10, -10, 10] as const;
  expect(named(scene(), { kind: "near", n: 2 }, all, [1.4, 1.1], whole)).toEqual([1, 3]); // at 0.14 and 0.89
  expect(named(scene(), { kind: "near", n: 2 }, hidden, [1.4, 1.1], whole)).toEqual([3, 0]); // at 0.89 and 1.08
  expect(named(scene(), { kind: "view" }, all, [0, 0], [0, 2, 0, 2])).toEqual([0, 1, 3]);
  expect(named(scene(), { kind: "view" }, hidden, [0, 0], [0, 2, 0, 2])).toEqual([0, 3]);
  expect(named(scene(), { kind: "shown" }, hidden, [0, 0], whole)).toEqual([0, 2, 3]);
  expect(named(scene(), { kind: "class", slot: 1 }, hidden, [0, 0], whole)).toEqual([1]);
});

test("facts: shares, mean KL, mean code, mean image", () => {
  const facts = factsOf(scene(Uint8Array.of(0, 255, 255, 255, 9, 9, 0, 0)), [0, 1, 3]);
  expect(facts.shares).toEqual([
    { slot: 0, share: 2 / 3 },
    { slot: 1, share: 1 / 3 },
  ]);
  expect(facts.meanKl).toBeCloseTo(3);
  expect(facts.meanZ[0]).toBeCloseTo(1);
  expect(facts.meanZ[1]).toBeCloseTo(3.4 / 3);
  expect([...(facts.meanImage ?? [])].map((value) => value.toFixed(4))).toEqual(["0.3333", "0.6667"]);
  expect(factsOf(scene(), [0]).meanImage).toBeNull();
});

test("the direction from B to A takes B's mean to A's", () => {
  const [a, b] = [factsOf(scene(), [2]), factsOf(scene(), [0, 1])];
  direction(a, b).forEach((step, k) => expect(b.meanZ[k] + step).toBeCloseTo(a.meanZ[k]));
});

test("the CSV quotes what it must and never hands a spreadsheet a formula", () => {
  const lines = selectionCsv(scene(), [0, 1]).trimEnd().split("\r\n");
  expect(lines[0]).toBe("image,class,z1,z2,KL");
  expect(lines[1]).toBe('100,"zero, ""round""",0.5,0.5,1');
  expect(lines[2]).toBe("101,'=one,1.5,1,2");
});
