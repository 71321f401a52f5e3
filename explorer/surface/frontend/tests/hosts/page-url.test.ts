import { describe, expect, test } from "vitest";
import { type PageState, readFragment, writeFragment } from "../../src/hosts/page-url";
import type { PathKind } from "../../src/wire/schema";

const KINDS: readonly PathKind[] = ["linear", "variance-preserving", "spherical"];
const DEFAULTS: PageState = { map: "umap", label: "0", pins: [], path: null };
const read = (text: string): PageState => readFragment(text, 2, KINDS, DEFAULTS);

describe("the address", () => {
  test("is empty for a page as it opens", () => {
    expect(writeFragment(DEFAULTS, DEFAULTS)).toBe("");
    expect(read("")).toEqual(DEFAULTS);
  });
  test("gives back what was written into it", () => {
    const state: PageState = {
      map: "pca",
      label: "T-shirt/top & more",
      pins: [
        { z: [0.41, -1.2], on: "", place: null, name: "50 % ~ of *a* seven_!" },
        { z: [0, 3e-4], on: "umap", place: [7.1, -3.02], name: "é" },
      ],
      path: null, // stands behind it, as on every page: `screen-url.ts`
    };
    expect(read(`#${writeFragment(state, DEFAULTS)}`)).toEqual(state);
  });
  test("understands the names of before", () => {
    expect(read("#map=pca&pins=1_2~3_4&path=linear_2_1_all")).toMatchObject({
      map: "pca",
      path: { kind: "linear", from: 1, to: 0, all: true },
    });
  });
  test("writes pins as the app's links do", () => {
    const pins = [
      { z: [0.41, -1.2], on: "umap", place: [7.1, 3.02] as const, name: "" },
      { z: [-1e-9, 2], on: "", place: null, name: "a~b c" },
    ];
    expect(writeFragment({ ...DEFAULTS, pins }, DEFAULTS)).toBe("pins=0.41_-1.2!umap_7.1_3.02~0_2*a%257Eb%2520c");
  });
  test("drops pins that are no codes of this run, and places that are none", () => {
    expect(read("pins=1_2~1_2_3~x_1~_1~1e9_0~Infinity_0~NaN_1~3_4").pins.map(({ z }) => z)).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(read("pins=1_2!umap_x_3~1_2!%3Cb%3E_1_2~1_2!umap_1").pins).toEqual(
      Array(3).fill({ z: [1, 2], on: "", place: null, name: "" }),
    );
  });
  test("keeps of a name what a name can be", () => {
    expect(read(`pins=1_2*${"x".repeat(99)}~1_2*%25E0%25A4~1_2*`).pins.map(({ name }) => name)).toEqual([
      "x".repeat(40),
      "",
      "",
    ]);
  });
  test("keeps 26 pins at most", () => {
    expect(read(`pins=${Array(40).fill("1_2").join("~")}`).pins).toHaveLength(26);
  });
  test("drops a path without its ends, or of no kind", () => {
    for (const path of ["linear_1_3", "linear_1_1", "linear_0_1", "linear_1.5_2", "linear", "curly_1_2", ""])
      expect(read(`pins=1_2~3_4&path=${path}`).path).toBeNull();
    expect(read("pins=1_2~3_4&path=linear_2_1").path).toEqual({ kind: "linear", from: 1, to: 0, all: false });
    expect(read("pins=1_2~3_4&path=linear_2_1_all").path).toEqual({ kind: "linear", from: 1, to: 0, all: true });
  });
});
