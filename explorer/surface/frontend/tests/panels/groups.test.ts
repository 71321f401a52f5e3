import { expect, test } from "vitest";
import { freeName, slotName, wishedName } from "../../src/panels/groups/names";

test("a group is called after the class of most of its points", () => {
  expect(wishedName({ name: "ankle boot", share: 1 })).toBe("Ankle boot");
  expect(wishedName({ name: "sandal", share: 0.51 })).toBe("Mostly sandal");
  expect(wishedName({ name: "sandal", share: 0.5 })).toBe("Group");
  expect(wishedName(null)).toBe("Group");
});

test("no two groups have one name", () => {
  const groups = ["Group", "Group 2"].map((name) => ({ name }));
  expect(freeName("Group", groups)).toBe("Group 3");
  expect(freeName("Group 2", groups)).toBe("Group 2 2");
  expect(freeName("Mine", groups)).toBe("Mine");
});

test("the last slot is that of points without a class", () => {
  const scene = { nClasses: 2, className: (label: number) => (label < 0 ? null : `c${label}`) };
  expect(slotName(scene, 1)).toContain("c1");
  expect(slotName(scene, 2)).toBe("no class");
});
