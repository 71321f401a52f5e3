import { describe, expect, test } from "vitest";
import { savedGroups, saveGroups, type TabStorage } from "../../src/data/saved-groups";

function storage(content: Record<string, string> = {}): TabStorage & { content: Record<string, string> } {
  return { content, getItem: (key) => content[key] ?? null, setItem: (key, value) => void (content[key] = value) };
}

describe("groups of a run", () => {
  const groups = [
    { name: "Class 3", indices: [0, 7, 4] },
    { name: "“<b>”, mine", indices: [9] },
  ];

  test("come back as they were, and only to their run", () => {
    const tab = storage();
    saveGroups("digits-2d", groups, tab);
    expect(savedGroups("digits-2d", 10, tab)).toEqual(groups);
    expect(savedGroups("digits-16d", 10, tab)).toEqual([]);
  });
  test("are nothing where points are missing, and the sound ones stay", () => {
    const tab = storage();
    saveGroups("digits-2d", groups, tab);
    expect(savedGroups("digits-2d", 9, tab)).toEqual([groups[0]]);
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
    expect(savedGroups("r", 10, storage({ "latent-atlas-groups:r": text }))).toEqual([]);
  });
  test("are lost without a word where a page may keep nothing", () => {
    const forbidden: TabStorage = {
      getItem: () => {
        throw new Error("denied");
      },
      setItem: () => {
        throw new Error("denied");
      },
    };
    saveGroups("r", groups, forbidden);
    expect(savedGroups("r", 10, forbidden)).toEqual([]);
    expect(savedGroups("r", 10, null)).toEqual([]);
  });
});
