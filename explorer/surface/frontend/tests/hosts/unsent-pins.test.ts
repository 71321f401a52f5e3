/** Does the tab keep exactly the pins of which the server knows nothing? */

import { expect, test } from "vitest";
import { keepUnsent, takeUnsent as taken, type UnsentPin } from "../../src/hosts/unsent-pins";

const takeUnsent = (...given: [Parameters<typeof taken>[0], string, readonly (readonly number[])[]]) =>
  taken(...given, (page) => page === 1);

function tab(): {
  getItem(key: string): string | null;
  setItem(key: string, text: string): void;
  removeItem(key: string): void;
} {
  const kept = new Map<string, string>();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, text) => void kept.set(key, text),
    removeItem: (key) => void kept.delete(key),
  };
}

function pin(z: number[], mapId = "map"): UnsentPin {
  return {
    nonce: `n${z}`,
    map: [z[0], z[1]],
    z,
    how: "identity",
    support: 0.5,
    isOwnCode: false,
    mapId,
    since: 0,
    page: 1,
  };
}

test("what was kept is taken once, by the map on which it was made", () => {
  const texts = tab();
  const pins = [pin([1, 2]), pin([3, 4])];
  keepUnsent(texts, pins);
  expect(takeUnsent(texts, "another map", [])).toEqual([]);
  expect(takeUnsent(texts, "map", [])).toEqual(pins);
  expect(takeUnsent(texts, "map", [])).toEqual([]);
});

test("a pin that the host has, rounded as it rounds, is not made again", () => {
  const texts = tab();
  keepUnsent(texts, [pin([1.00004, 2]), pin([3, 4])]);
  expect(takeUnsent(texts, "map", [[1, 2]])).toEqual([pin([3, 4])]);
});

test("maps of one page keep theirs beside each other, each pin once", () => {
  const texts = tab();
  keepUnsent(texts, [pin([1, 2])]);
  keepUnsent(texts, []);
  keepUnsent(texts, [pin([1, 2]), pin([3, 4], "another map")]);
  expect(takeUnsent(texts, "map", [])).toEqual([pin([1, 2])]);
  expect(takeUnsent(texts, "another map", [])).toEqual([pin([3, 4], "another map")]);
});

test("texts that are none of ours, a full tab and a browser that keeps nothing give nothing", () => {
  for (const text of ["{", "7", "null", '[null,{"z":[1]},{"nonce":"a","mapId":"map","map":["x"],"z":[1]}]'])
    expect(takeUnsent({ ...tab(), getItem: () => text }, "map", [])).toEqual([]);
  const full = {
    ...tab(),
    setItem: () => {
      throw new Error("full");
    },
  };
  expect(() => keepUnsent(full, [pin([1, 2])])).not.toThrow();
  expect(takeUnsent(null, "map", [])).toEqual([]);
});

test("a page that a link opened shows what the link says", () => {
  const texts = tab();
  keepUnsent(texts, [pin([1, 2])]);
  expect(taken(texts, "map", [], () => false)).toEqual([]);
  expect(takeUnsent(texts, "map", [])).toEqual([]);
});
