/** What a browser keeps of lessons, and what of it is believed. */

import { expect, test } from "vitest";
import { joined, keepPlace, keptPlaces } from "../../src/lessons/progress";
import type { LessonPlace } from "../../src/wire/schema";

class Memory {
  private text: string | null = null;
  getItem(): string | null {
    return this.text;
  }
  setItem(_: string, text: string): void {
    this.text = text;
  }
}

const PLACE: LessonPlace = { step: 2, done: ["a"], answers: { q: 1, r: [0.5, -1] } };

test("what was kept is found again, of each lesson", () => {
  const memory = new Memory();
  expect(keptPlaces(memory)).toEqual({});
  keepPlace(memory, "one", PLACE);
  keepPlace(memory, "two", { ...PLACE, step: 1 });
  keepPlace(memory, "one", { ...PLACE, step: 3 });
  expect(keptPlaces(memory)).toEqual({ one: { ...PLACE, step: 3 }, two: { ...PLACE, step: 1 } });
});

test.each([
  "no json",
  "[]",
  "null",
  "3",
  '{"one": null, "two": {"step": "2", "done": [], "answers": {}}, "three": {"step": 1, "done": "a", "answers": {}}}',
  '{"one": {"step": 1.5, "done": [], "answers": {}}, "two": {"step": 1, "done": [], "answers": null}}',
])("what is damaged is nothing: %s", (text) => {
  const memory = new Memory();
  memory.setItem("", text);
  expect(keptPlaces(memory)).toEqual({});
});

test("of a sound place damaged parts are left out", () => {
  const memory = new Memory();
  memory.setItem(
    "",
    '{"one": {"step": 1, "done": ["a", 3], "answers": {"q": 2, "r": "x", "s": [1, null], "t": [1, 2]}}}',
  );
  expect(keptPlaces(memory)).toEqual({ one: { step: 1, done: ["a"], answers: { q: 2, t: [1, 2] } } });
});

test("a browser that keeps nothing loses nothing but that", () => {
  const full = {
    getItem: () => null,
    setItem: () => {
      throw new Error("full");
    },
  };
  expect(() => keepPlace(full, "one", PLACE)).not.toThrow();
  expect(() => keepPlace(null, "one", PLACE)).not.toThrow();
  expect(keptPlaces(null)).toEqual({});
});

test("two places are joined: the step of now, all that is done, answers of now before those of then", () => {
  const now: LessonPlace = { step: 5, done: ["b"], answers: { q: 0 } };
  expect(joined(now, PLACE)).toEqual({ step: 5, done: ["a", "b"], answers: { q: 0, r: [0.5, -1] } });
  expect(joined(now, undefined)).toEqual(now);
});
