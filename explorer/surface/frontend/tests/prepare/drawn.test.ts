/** Is a drawing prepared the same by what is done for drawings alone: few pixels with ink, and memory that is used again? */

import { describe, expect, test } from "vitest";
import { Memory } from "../../src/prepare/memory";
import { dilate, type Mask, maskOf, piecesOf, plane } from "../../src/prepare/plane";
import { prepare } from "../../src/prepare/prepare";
import { paperOf } from "../../src/prepare/surface-fit";
import type { PictureProtocol } from "../../src/wire/schema";
import { random } from "../helpers";

const DIGITS: PictureProtocol = {
  way: "handwriting",
  box: [5 / 7, 5 / 7],
  by_mass: true,
  is_bitmap: false,
  thin: 0.043,
  usual: 0.071,
  pen: 0.086,
  switches: [],
  ground: null,
  fit: "crop",
};

/** A soft light line through random places on black, 128 × 128. */
function line(seed: number): Float64Array {
  const next = random(seed),
    v = new Float64Array(128 * 128);
  for (let k = 0, x = 64, y = 30; k < 60; k++) {
    x = Math.min(104, Math.max(24, x + 8 * (next() - 0.5)));
    y = Math.min(104, Math.max(24, y + 8 * (next() - 0.4)));
    for (let at = 0; at < v.length; at++) {
      const away = Math.hypot((at % 128) - x, Math.floor(at / 128) - y);
      if (away < 6) v[at] = Math.max(v[at], Math.round(255 * Math.min(1, 6 - away)));
    }
  }
  return v;
}

function bitmap(v: Float64Array): Parameters<typeof prepare>[0] {
  const data = new Uint8ClampedArray(4 * v.length);
  v.forEach((value, i) => data.set([value, value, value, 255], 4 * i));
  return { width: 128, height: 128, data };
}

/** Pixels of one piece have one number, found by spreading from every pixel that has none yet. */
function flooded({ h, w, v }: Mask): number[] {
  const names: number[] = Array(h * w).fill(0);
  let n = 0;
  for (let seed = 0; seed < h * w; seed++) {
    if (!v[seed] || names[seed]) continue;
    const open = [seed];
    names[seed] = ++n;
    for (let i = open.pop(); i !== undefined; i = open.pop())
      for (let at = 0; at < h * w; at++) {
        const isNext = Math.abs((at % w) - (i % w)) < 2 && Math.abs(Math.floor(at / w) - Math.floor(i / w)) < 2;
        if (isNext && v[at] && !names[at]) {
          names[at] = n;
          open.push(at);
        }
      }
  }
  return names;
}

describe("a drawing on black", () => {
  test("lies on the paper that the same drawing on grey lies on", () => {
    let highest = 0;
    for (const seed of [1, 2, 3, 4]) {
      const v = line(seed);
      const [black, grey] = [
        paperOf(plane(128, 128, v)),
        paperOf(
          plane(
            128,
            128,
            v.map((value) => value + 9),
          ),
        ),
      ]; // only black goes the short way
      highest = Math.max(highest, ...black.level.v);
      black.level.v.forEach((level, i) => {
        expect(Math.abs(level - Math.max(0, grey.level.v[i] - 9))).toBeLessThan(1e-9);
      });
    }
    expect(highest).toBeGreaterThan(0); // soft edges may lift it a little
  });

  test("is the same in memory that another picture lay in", () => {
    const memory = new Memory();
    const [first, second] = [bitmap(line(4)), bitmap(line(5))];
    prepare(first, [1, 28, 28], DIGITS, new Set(), memory);
    const again = prepare(second, [1, 28, 28], DIGITS, new Set(), memory);
    const alone = prepare(second, [1, 28, 28], DIGITS, new Set());
    expect(again.x).toEqual(alone.x);
    again.steps.forEach((step, k) => {
      expect(step.planes()).toEqual(alone.steps[k].planes());
    });
  });
});

describe("masks", () => {
  const masks = [1, 2, 3, 4, 5, 6].map((seed) => {
    const next = random(seed),
      share = 0.1 * seed;
    return maskOf(9 + seed, 17 - 2 * seed, () => next() < share);
  });

  test("fall into the pieces that spreading from each pixel finds", () => {
    for (const mask of masks) {
      const { names, areas } = piecesOf(mask);
      const wanted = flooded(mask);
      expect(Array.from(names)).toEqual(wanted);
      areas.slice(1).forEach((area, k) => {
        expect(area).toBe(wanted.filter((name) => name === k + 1).length);
      });
    }
  });

  test("grow by every pixel that is near enough", () => {
    for (const mask of masks)
      for (const reach of [1, 3, 20]) {
        const { h, w, v } = mask;
        const wanted = maskOf(h, w, (i) =>
          v.some(
            (one, at) =>
              one === 1 &&
              Math.abs((at % w) - (i % w)) <= reach &&
              Math.abs(Math.floor(at / w) - Math.floor(i / w)) <= reach,
          ),
        );
        expect(dilate(mask, reach)).toEqual(wanted);
      }
  });
});
