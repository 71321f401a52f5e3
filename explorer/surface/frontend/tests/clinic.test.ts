import { describe, expect, test } from "vitest";
import { DIAL_STEPS, collapseCurve, collapsedAt, directions, geometric, linearKl, shareBelow, stepAt, survivors, valueAt } from "../src/clinic/sums";
import { floats } from "./helpers";

describe("(ε, δ)-collapse", () => {
  const columns = [1, 2, 3].map((seed) => Array.from(floats(101, seed), (value) => value ** 2 * seed).sort((a, b) => a - b));
  test("counts images below ε, as a loop over them does", () => {
    for (const epsilon of [0, 0.01, 0.3, 1, 5]) for (const column of columns) expect(shareBelow(column, epsilon)).toBe(column.filter((value) => value < epsilon).length / 101);
  });
  test("is what definition 1 says", () => {
    for (const epsilon of [0.05, 0.5, 1.5]) {
      for (const delta of [0, 0.1, 0.4]) {
        expect(collapsedAt(columns, epsilon, delta)).toEqual(columns.map((column) => column.filter((value) => value < epsilon).length >= (1 - delta) * 101));
      }
    }
  });
  test("grows with ε and with δ", () => {
    const at = geometric(1e-3, 10, 50);
    const strict = collapseCurve(columns, at, 0);
    const mild = collapseCurve(columns, at, 0.3);
    strict.forEach((value, i) => expect(mild[i]).toBeGreaterThanOrEqual(value));
    strict.slice(1).forEach((value, i) => expect(value).toBeGreaterThanOrEqual(strict[i]));
    expect([strict[0], strict[49]]).toEqual([0, 1]);
  });
});

describe("the staircase", () => {
  test("loses a dimension where the line crosses its eigenvalue", () => {
    const eigenvalues = [3, 1, 0.2];
    expect([0.1, 0.2, 0.5, 1, 2.9, 3].map((value) => survivors(eigenvalues, value))).toEqual([3, 2, 2, 1, 1, 0]);
  });
  test("gives each survivor half the log of its ratio", () => {
    expect(linearKl(Math.E ** 2, 1)).toBeCloseTo(1, 12);
    expect(linearKl(1, 1)).toBe(0);
    expect(linearKl(0.3, 1)).toBe(0);
  });
});

describe("a dial", () => {
  const beta = { low: 0.05, high: 50, isLog: true, marks: [0.7, 1, 4] };
  test("reaches its marks exactly, though no step does", () => {
    for (const mark of beta.marks) {
      expect(valueAt(stepAt(mark, beta), beta)).toBe(mark);
      expect(valueAt(stepAt(mark, beta), { ...beta, marks: [] })).not.toBe(mark);
    }
  });
  test("rises from end to end", () => {
    const values = Array.from({ length: DIAL_STEPS + 1 }, (_, step) => valueAt(step, beta));
    values.slice(1).forEach((value, i) => expect(value).toBeGreaterThan(values[i]));
    expect(values[0]).toBeCloseTo(0.05, 12);
    expect(values[DIAL_STEPS]).toBeCloseTo(50, 12);
  });
  test("takes what lies beyond an end for the end, and a linear scale too", () => {
    expect([stepAt(0.001, beta), stepAt(900, beta)]).toEqual([0, DIAL_STEPS]);
    expect(valueAt(100, { low: 0, high: 0.5, isLog: false, marks: [900] })).toBeCloseTo(0.125, 12);
  });
  test("directions without variance are none", () => {
    expect(directions([2, 0.1, 1e-6, 1e-9, 0])).toBe(3);
  });
});
