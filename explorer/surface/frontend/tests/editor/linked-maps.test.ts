import { describe, expect, test } from "vitest";
import type { RunOnMap } from "../../src/data/run-on-map";
import { followed, LinkedMaps, type Probed } from "../../src/editor/linked-maps";
import type { Point } from "../../src/wire/schema";

/** Three images, numbered 70, 71, 72, on a map whose places are not their codes. */
function scene(id: string, latentDim = 2): RunOnMap {
  const codes = Float32Array.from({ length: 3 * latentDim }, (_, at) => at / 8);
  const places: Point[] = [
    [5, 6],
    [7, 8],
    [9, 10],
  ];
  return {
    header: { run: { id } },
    space: { latentDim },
    pointOf: (number: number) => [70, 71, 72].indexOf(number),
    numberOf: (i: number) => 70 + i,
    muOf: (i: number) => codes.subarray(i * latentDim, (i + 1) * latentDim),
    place: (i: number) => places[i],
    placeOf: (z: ArrayLike<number>) => [10 * z[0], 10 * z[1]],
  } as unknown as RunOnMap;
}

const here: Probed = { run: "one", image: 71, z: [0.25, -0.5] };

describe("what a surface shows for what another says", () => {
  test("the same run: the same code, at its place on this map, whatever image is near", () => {
    const seen = followed(scene("one"), { ...here, image: null });
    expect(seen).toEqual({ z: [0.25, -0.5], place: [2.5, -5], heading: "The same code here", nearest: -1 });
    expect(followed(scene("one"), here)?.nearest).toBe(1);
  });

  test("another run, of other dimensions too: its own code of that image, at its own point", () => {
    const seen = followed(scene("two", 4), here);
    expect(Array.from(seen?.z ?? [])).toEqual([0.5, 0.625, 0.75, 0.875]);
    expect(seen?.place).toEqual([7, 8]);
    expect(seen?.nearest).toBe(1);
    expect(seen?.heading).toBe("Test image 71, decoded");
  });

  test("an image that is not here, or none because every class is hidden: nothing", () => {
    expect(followed(scene("two"), { ...here, image: 5 })).toBeNull();
    expect(followed(scene("two"), { ...here, image: null })).toBeNull();
  });

  test("a run of the same name with other dimensions is another run: a page may be older than a new training", () => {
    expect(followed(scene("one", 3), here)?.heading).toBe("Test image 71, decoded");
  });
});

describe("the line between surfaces", () => {
  const joined = (page: EventTarget, group: string): { link: LinkedMaps; heard: Probed[] } => {
    const heard: Probed[] = [];
    const link = new LinkedMaps((probed) => heard.push(probed), page);
    link.join(group);
    return { link, heard };
  };

  test("all others of the group hear it once, and not the one who tells", () => {
    const page = new EventTarget();
    const [a, b, c, stranger, alone] = ["g", "g", "g", "h", ""].map((group) => joined(page, group));
    a.link.tell(here);
    expect([a, b, c, stranger, alone].map(({ heard }) => heard)).toEqual([[], [here], [here], [], []]);
  });

  test("surfaces without a group do not talk, not even with each other", () => {
    const page = new EventTarget();
    const [a, b] = [joined(page, ""), joined(page, "")];
    a.link.tell(here);
    expect(b.heard).toEqual([]);
  });

  test("who comes later catches up with the last word; after a new choice of the host there is none", () => {
    const page = new EventTarget();
    const [a, b] = [joined(page, "g"), joined(page, "g")];
    a.link.tell(here);
    a.link.tell({ ...here, image: 72 });
    const late = joined(page, "g");
    late.link.catchUp();
    expect(late.heard).toEqual([{ ...here, image: 72 }]);
    for (const { link } of [a, b, late]) link.forget();
    const later = joined(page, "g");
    later.link.catchUp();
    expect(later.heard).toEqual([]);
  });

  test("the one who told last shows it again on a new map", () => {
    const page = new EventTarget();
    const a = joined(page, "g");
    a.link.tell(here);
    a.link.catchUp();
    expect(a.heard).toEqual([here]);
  });

  test("after a change of the group, and after the end, nothing is heard and nothing remembered", () => {
    const page = new EventTarget();
    const [a, b, c] = [joined(page, "g"), joined(page, "g"), joined(page, "g")];
    a.link.tell(here);
    b.link.join("h");
    b.link.catchUp();
    c.link.dispose();
    a.link.tell(here);
    expect(b.heard).toEqual([here]);
    expect(c.heard).toEqual([here]);
  });

  test("two copies of the bundle on one page understand each other: what they share is the page, not a module", async () => {
    const page = new EventTarget();
    const other = (await import(
      "../../src/editor/linked-maps?copy" as string
    )) as typeof import("../../src/editor/linked-maps");
    const heard: Probed[] = [];
    const link = new other.LinkedMaps((probed) => heard.push(probed), page);
    link.join("g");
    expect(other.LinkedMaps).not.toBe(LinkedMaps);
    joined(page, "g").link.tell(here);
    expect(heard).toEqual([here]);
  });
});
