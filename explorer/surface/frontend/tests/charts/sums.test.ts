import { describe, expect, test } from "vitest";
import { collapseCurve, collapsedAt, geometric, linearKl, shareBelow, survivors } from "../../src/charts/sums";
import { floats } from "../helpers";

describe("(ε, δ)-collapse", () => {
  const columns = [1, 2, 3].map((seed) =>
    Array.from(floats(101, seed), (value) => value ** 2 * seed).sort((a, b) => a - b),
  );
  test("counts images below ε, as a loop over them does", () => {
    for (const epsilon of [0, 0.01, 0.3, 1, 5])
      for (const column of columns)
        expect(shareBelow(column, epsilon)).toBe(column.filter((value) => value < epsilon).length / 101);
  });
  test("is what definition 1 says", () => {
    for (const epsilon of [0.05, 0.5, 1.5]) {
      for (const delta of [0, 0.1, 0.4]) {
        expect(collapsedAt(columns, epsilon, delta)).toEqual(
          columns.map((column) => column.filter((value) => value < epsilon).length >= (1 - delta) * 101),
        );
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
