/** When a task's condition holds. */

import { expect, test } from "vitest";
import type { Watched } from "../../src/data/watched";
import { holds } from "../../src/lessons/condition";
import type { Comparison, LessonClause } from "../../src/wire/schema";

const SEEN: Watched = {
  run: "a",
  numbers: { pins: 3, support: 0.25, zoom: 1, kl: 4, "kl 2": 0.5, elbo: null },
  names: { pins: ["3", "8", "3"], class: ["T-shirt"], layer: ["rings", "labels"], path: ["none"] },
};

function clause(subject: string, relation: Comparison, value: number | string, of = ""): LessonClause {
  return { subject, of, relation, value };
}

test.each([
  ["<", [false, true, true]],
  ["<=", [true, true, true]],
  [">", [false, false, false]],
  [">=", [true, false, false]],
  ["=", [true, false, false]],
  ["!=", [false, true, true]],
] as const)("a number %s one that is equal, a little larger, much larger", (relation, expected) => {
  expect([3, 3.5, 30].map((value) => holds([clause("pins", relation, value)], SEEN))).toEqual(expected);
});

test("pins of a class are counted, a dimension has a number of its own", () => {
  expect(holds([clause("pins", "=", 2, "3"), clause("pins", ">=", 1, "8")], SEEN)).toBe(true);
  expect(holds([clause("pins", ">=", 1, "5")], SEEN)).toBe(false);
  expect(holds([clause("pins", "=", 0, "5")], SEEN)).toBe(true);
  expect(holds([clause("kl", "<", 1, "2")], SEEN)).toBe(true);
  expect(holds([clause("kl", "<", 1)], SEEN)).toBe(false);
});

test("of names that are several one is enough, and none of them may be it for “is not”", () => {
  expect(holds([clause("layer", "=", "labels"), clause("class", "=", "T-shirt")], SEEN)).toBe(true);
  expect(holds([clause("layer", "!=", "rings")], SEEN)).toBe(false);
  expect(holds([clause("layer", "!=", "pins"), clause("path", "=", "none")], SEEN)).toBe(true);
});

test("what is not known holds in no comparison, and one that does not hold is enough", () => {
  for (const relation of ["<", "<=", ">", ">=", "=", "!="] as const) {
    expect(holds([clause("elbo", relation, 1)], SEEN)).toBe(false);
    expect(holds([clause("epoch", relation, 1)], SEEN)).toBe(false);
    expect(holds([clause("kl", relation, 1, "9")], SEEN)).toBe(false);
  }
  expect(holds([clause("pins", ">", 1), clause("zoom", ">", 1)], SEEN)).toBe(false);
});
