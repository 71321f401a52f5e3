/** Do page and map keep each other's part of the fragment, and is a file's link understood by the app? */

import { expect, test } from "vitest";
import { merged, moved } from "../../src/hosts/fragment";

test("each writes its own part and keeps the other's", () => {
  const first = merged("", "projection=pca&pins=1_2", true);
  const both = merged(`#${first}`, "v=1&of=a/pca&tab=pins", false);
  expect(both).toBe("projection=pca&pins=1_2&v=1&of=a/pca&tab=pins");
  expect(merged(`#${both}`, "pins=3_4", true)).toBe("pins=3_4&v=1&of=a/pca&tab=pins");
  expect(merged(`#${both}`, "", false)).toBe("projection=pca&pins=1_2");
  expect(merged("#map=pca&path=linear_1_2&v=1", "projection=pca", true)).toBe("projection=pca&v=1");
});

test("what a file's link says of the page goes into the app's query, what it says of the screen stays", () => {
  expect(moved("?run=a", "#projection=pca&pins=1_2~3_4&v=1&of=a/pca&cam=1_2_3")).toBe(
    "?run=a&projection=pca&pins=1_2~3_4#v=1&of=a/pca&cam=1_2_3",
  );
  expect(moved("?run=a&pins=9_9", "#pins=1_2")).toBe("?run=a&pins=1_2");
  expect(moved("", "#map=pca&pins=1_2~3_4&path=linear_1_2")).toBe("?projection=pca&pins=1_2~3_4#v=1&walk=linear_1_2");
});

test("the app's own links stay as they are", () => {
  for (const hash of ["", "#v=1&of=a/b&cam=1_2_3", "#a-heading"]) expect(moved("?run=a&pins=1_2", hash)).toBeNull();
});
