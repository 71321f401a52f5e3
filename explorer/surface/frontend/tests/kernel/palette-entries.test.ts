/** Which entries of the palette are meant by what is typed? */

import { describe, expect, test } from "vitest";
import { type PaletteEntry, ranked } from "../../src/kernel/palette-entries";

function entry(name: string, what = "", key = ""): PaletteEntry {
  return { name, what, key, run: () => undefined };
}

const ENTRIES = [
  entry("Pin the code", "", "Enter"),
  entry("Layer: Prior rings", "1, 2, 3 standard deviations of the prior", "r"),
  entry("Background: Density of the codes", "aggregated posterior", ""),
  entry("Tab: Pins", "beside the map"),
  entry("Show everything", "", "0"),
];

function found(text: string): string[] {
  return ranked(ENTRIES, text).map(({ name }) => name);
}

describe("ranking", () => {
  test("nothing typed: all, in their order", () => {
    expect(found("  ")).toEqual(ENTRIES.map(({ name }) => name));
  });
  test("what begins with the word comes before what has it later, and names before descriptions", () => {
    expect(found("pin")).toEqual(["Pin the code", "Tab: Pins"]);
    expect(found("code")).toEqual(["Pin the code", "Background: Density of the codes"]);
    expect(found("post")).toEqual(["Background: Density of the codes"]);
  });
  test("every word must be there, in whatever order and case", () => {
    expect(found("RINGS prior")).toEqual(["Layer: Prior rings"]);
    expect(found("rings density")).toEqual([]);
  });
  test("a word begins within a name only if it is nothing better: descriptions count from the beginning of their words", () => {
    expect(found("eviations")).toEqual([]);
    expect(found("verything")).toEqual(["Show everything"]);
  });
  test("a key alone finds what it does, first", () => {
    expect(found("r")[0]).toBe("Layer: Prior rings");
    expect(found("0")).toEqual(["Show everything"]);
  });
});
