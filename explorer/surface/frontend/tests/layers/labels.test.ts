/** Do names on the map keep off each other, off all marks, and within the map? */

import { describe, expect, test } from "vitest";
import { type Box, overlaps, placeLabels, type Wanted } from "../../src/layers/labels";
import { thinned } from "../../src/layers/points/thumbnails";
import { random } from "../helpers";

const ROOM = { width: 400, height: 300 };
const HEIGHT = 18;

function wanted(at: readonly [number, number], width: number, rank = 0, reach = 5): Wanted {
  return {
    at: [at[0], at[1]],
    reach,
    rank,
    forms: [
      { text: "long", width },
      { text: "l…", width: width / 3 },
    ],
  };
}

function mark({ at: [x, y], reach }: Wanted): Box {
  return { left: x - reach, top: y - reach, width: 2 * reach, height: 2 * reach };
}

describe("placing", () => {
  test("no two names overlap, none covers a mark, all lie within the map: 200 random crowds", () => {
    const next = random(3);
    for (let trial = 0; trial < 200; trial++) {
      const crowd = Array.from({ length: 2 + Math.floor(next() * 14) }, () =>
        wanted([next() * 400, next() * 300], 20 + next() * 120, Math.floor(next() * 3)),
      );
      const found = placeLabels(crowd, HEIGHT, ROOM).filter((one) => one !== null);
      const boxes: Box[] = [...found, ...crowd.map(mark)];
      found.forEach((one, i) => {
        expect(one.left >= 0 && one.top >= 0 && one.left + one.width <= 400 && one.top + one.height <= 300).toBe(true);
        boxes.forEach((other, k) => {
          if (k !== i) expect(overlaps(one, other)).toBe(false);
        });
      });
    }
  });
  test("alone it stands to the right of its mark, at the right edge to the left", () => {
    const [free] = placeLabels([wanted([100, 100], 50)], HEIGHT, ROOM);
    expect(free).toMatchObject({ text: "long", left: 108, top: 91 });
    const [edge] = placeLabels([wanted([390, 100], 50)], HEIGHT, ROOM);
    expect((edge?.left ?? 0) + 50).toBeLessThan(390);
  });
  test("three at one place all find room, none on another", () => {
    const three = [0, 1, 2].map((rank) => wanted([200, 150], 90, rank));
    expect(placeLabels(three, HEIGHT, ROOM).every((one) => one?.text === "long")).toBe(true);
  });
  test("the less important is shortened, then left out; who comes first in the list does not matter", () => {
    const narrow = { width: 120, height: 20 };
    const [less, more] = placeLabels([wanted([15, 10], 90, 2, 0), wanted([10, 10], 90, 0)], HEIGHT, narrow);
    expect(more?.text).toBe("long");
    expect(less).toBeNull();
    const [short] = placeLabels([wanted([60, 10], 90)], HEIGHT, narrow);
    expect(short?.text).toBe("l…");
  });
  test("a mark without a name keeps its place free", () => {
    const pin: Wanted = { at: [140, 100], reach: 14, rank: 0, forms: [] };
    const [none, name] = placeLabels([pin, wanted([100, 100], 80)], HEIGHT, ROOM);
    expect(none).toBeNull();
    expect(name && overlaps(name, mark(pin))).toBe(false);
  });
});

test("of pictures none lies on another, and who is left out would lie on one that stays: by brute force", () => {
  const next = random(9);
  const places = Array.from({ length: 300 }, (): [number, number] => [next() * 500 - 50, next() * 400 - 50]);
  const [w, h] = [34, 22];
  const kept = thinned(places, w, h);
  const isOn = (i: number, j: number): boolean =>
    Math.abs(places[i][0] - places[j][0]) < w && Math.abs(places[i][1] - places[j][1]) < h;
  for (const i of kept) for (const j of kept) if (i !== j) expect(isOn(i, j)).toBe(false);
  places.forEach((_, i) => {
    if (!kept.includes(i)) expect(kept.some((j) => j < i && isOn(i, j))).toBe(true);
  });
  expect(kept[0]).toBe(0);
});
