import { expect, test } from "vitest";
import { address, joined, parted } from "../../src/site/address";

test("own keys, the map's and the screen's stand apart in the fragment and come together again", () => {
  const parts = parted("#step=3&pins=0.4_-1.2~0_1&v=1&bg=density&projection=pca&cam=0_0_7");
  expect(parts).toEqual({
    own: "step=3",
    page: "pins=0.4_-1.2~0_1&projection=pca",
    screen: "v=1&bg=density&cam=0_0_7",
  });
  expect(joined(parts)).toBe("step=3&pins=0.4_-1.2~0_1&projection=pca&v=1&bg=density&cam=0_0_7");
  expect(parted("")).toEqual({ own: "", page: "", screen: "" });
});

test("an address of another page escapes what a name may hold", () => {
  expect(address("run", { run: "a&b#c" })).toBe("run.html?run=a%26b%23c");
  expect(address("lesson", { lesson: "08" }, "step=2")).toBe("lesson.html?lesson=08#step=2");
  expect(address("index")).toBe("index.html");
});
