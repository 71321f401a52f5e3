/** Is every word and number of a link that its map does not have said, with what there is? */

import { expect, test } from "vitest";
import { unknownWords } from "../../src/hosts/screen/unknown-words";
import type { Offered, Screen } from "../../src/kernel/screen";

const OFFERED: Offered = {
  bg: ["plain", "density"],
  over: ["rings", "labels"],
  tiles: ["steps"],
  by: ["class", "support"],
  tab: ["details", "pins"],
};
const MAP = { nPoints: 100, nClasses: 10, latentDim: 2 };

function said(screen: Partial<Screen>): string {
  return unknownWords(screen, OFFERED, MAP);
}

test("what the map has is no sentence", () => {
  expect(said({})).toBe("");
  expect(
    said({
      of: "a/b",
      background: "density",
      overlays: ["labels"],
      tiles: "steps",
      colour: "support",
      tab: "pins",
      hidden: [0, 10], // the last are the points without a class
      selection: [99],
      groups: [{ name: "g", indices: [0, 99] }],
      plane: null,
      probe: { at: [0, 0], z: [], heading: "" },
    }),
  ).toBe("");
  expect(said({ probe: { at: [0, 0], z: [1, 2], heading: "" } })).toBe("");
});

test("every other word is named, with those that there are", () => {
  expect(said({ background: "sky" })).toBe("There is no background “sky” on this map, which has plain, density.");
  expect(said({ overlays: ["rings", "clouds"] })).toContain("no layer “clouds” on this map, which has rings, labels.");
  expect(said({ tiles: "shares" })).toContain("“shares” on this map, which has steps.");
  expect(said({ colour: "taste" })).toContain("no colour “taste” on this map, which has class, support.");
  expect(said({ tab: "kitchen" })).toContain("no tab “kitchen” on this map, which has details, pins.");
  expect(said({ tab: "x".repeat(200) })).toContain(`“${"x".repeat(39)}…”`);
  expect(said({ background: "sky", tab: "kitchen" })).toMatch(/“sky”.*\. There is no tab “kitchen”/);
});

test("every number beyond what there is is named, too", () => {
  expect(said({ hidden: [3, 11] })).toBe("There is no class 11 on this map; they go from 0 to 9.");
  expect(said({ selection: [100] })).toBe("There is no point 100 on this map; they go from 0 to 99.");
  expect(said({ groups: [{ name: "g", indices: [5000] }] })).toContain("no point 5000");
  const plane = { title: "", note: "", labels: ["", ""] as const, origin: [0, 0, 0], basis: [1, 0, 0, 0, 1, 0] };
  expect(said({ plane })).toBe("The plane in this link has 3 numbers; codes of this run have 2.");
  expect(said({ probe: { at: [0, 0], z: [1, 2, 3], heading: "" } })).toContain("The code in this link has 3 numbers");
});
