import { describe, expect, test } from "vitest";
import { keepGroups, keptGroups, type Shelf } from "../../src/data/saved-groups";

function shelf(content: Record<string, string> = {}): Shelf & { content: Record<string, string> } {
  return { content, getItem: (key) => content[key] ?? null, setItem: (key, value) => void (content[key] = value) };
}

describe("groups of a run", () => {
  const groups = [
    { name: "Class 3", indices: [0, 7, 4] },
    { name: "“<b>”, mine", indices: [9] },
  ];

  test("come back as they were, and only to their run", () => {
    const tab = shelf();
    keepGroups("digits-2d", groups, tab);
    expect(keptGroups("digits-2d", 10, tab)).toEqual(groups);
    expect(keptGroups("digits-16d", 10, tab)).toEqual([]);
  });
  test("are nothing where points are missing, and the sound ones stay", () => {
    const tab = shelf();
    keepGroups("digits-2d", groups, tab);
    expect(keptGroups("digits-2d", 9, tab)).toEqual([groups[0]]);
  });
  test.each([
    "",
    "{",
    "null",
    "7",
    '[null, 1, "a", {}]',
    '[{"name": 1, "indices": [0]}]',
    '[{"name": "a", "indices": [0.5]}]',
    '[{"name": "a", "indices": []}]',
    '[{"name": "a", "indices": [-1]}]',
  ])("that are damaged are nothing: %s", (text) => {
    expect(keptGroups("r", 10, shelf({ "latent-atlas-groups:r": text }))).toEqual([]);
  });
  test("are lost without a word where a page may keep nothing", () => {
    const forbidden: Shelf = {
      getItem: () => {
        throw new Error("denied");
      },
      setItem: () => {
        throw new Error("denied");
      },
    };
    keepGroups("r", groups, forbidden);
    expect(keptGroups("r", 10, forbidden)).toEqual([]);
    expect(keptGroups("r", 10, null)).toEqual([]);
  });
});
