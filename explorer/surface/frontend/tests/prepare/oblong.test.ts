import { describe, expect, test } from "vitest";
import { prepare } from "../../src/prepare/prepare";
import type { PictureProtocol } from "../../src/wire/schema";

const OWN: PictureProtocol = {
  way: "photograph",
  box: null,
  by_mass: false,
  is_bitmap: false,
  thin: 0,
  usual: 0,
  pen: 0.08,
  switches: [],
  ground: null,
  fit: "crop",
};

/** 16 × 8 pixels: ground 40, its left and right ends 200. */
function ends(): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(16 * 8 * 4);
  for (let i = 0; i < 128; i++) {
    const x = i % 16,
      y = Math.floor(i / 16),
      isEnd = (x >= 1 && x < 3) || (x >= 13 && x < 15);
    rgba.fill(isEnd && y > 0 && y < 7 ? 200 : 40, 4 * i, 4 * i + 3);
    rgba[4 * i + 3] = 255;
  }
  return rgba;
}

describe("a picture that is not square", () => {
  const fed = (fit: PictureProtocol["fit"]) =>
    prepare({ width: 16, height: 8, data: ends() }, [1, 8, 8], { ...OWN, fit }, new Set());
  const levels = (fit: PictureProtocol["fit"]) => Array.from(fed(fit).x, (value) => Math.round(value * 255));

  test("of a large file is told with the file's size, and with that at which it was opened", () => {
    const told = (file?: { width: number; height: number }) =>
      prepare({ width: 16, height: 8, data: ends(), ...(file && { file }) }, [1, 8, 8], OWN, new Set()).steps[0]
        .sentence;
    expect(told()).toBe("16 × 8 pixels.");
    expect(told({ width: 6000, height: 3000 })).toBe("6000 × 3000 pixels, opened at 16 × 8.");
  });
  test("is cut to its middle, and it is said", () => {
    expect(levels("crop").every((level) => level === 40)).toBe(true);
    expect(fed("crop").steps.at(-1)!.sentence).toBe("Middle cut out, 8 × 8, in grey.");
  });

  test("is padded with the tone of its edge", () => {
    const found = levels("pad");
    expect([...found.slice(0, 16), ...found.slice(48)].every((level) => level === 40)).toBe(true); // two rows above and two below
    expect(Math.max(...found.slice(16, 48))).toBeGreaterThan(100);
    expect(fed("pad").steps.at(-1)!.sentence).toBe("Padded to a square, 8 × 8, in grey.");
  });

  test("is stretched: the ends are in every row but the edge's", () => {
    const found = levels("stretch");
    for (const y of [2, 3, 4, 5]) expect(found[8 * y + 1] > 100 || found[8 * y] > 100).toBe(true);
  });
});
