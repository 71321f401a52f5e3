import { describe, expect, test } from "vitest";
import { nearestRank } from "../../src/data/quantities";
import { widest } from "../../src/data/run-on-map";
import { framesPerSecond, Stats } from "../../src/editor/frame-stats";
import { allShown, isolated, toggled } from "../../src/kernel/shown-classes";
import { looksWords } from "../../src/panels/decoded-picture/card";
import { count, decimals, largest, nearestWords, number, pair, pinLabel, zJson, zText } from "../../src/ui/format";
import { toRgba } from "../../src/ui/picture";

describe("numbers", () => {
  test("two decimals, a true minus, no minus zero", () => {
    expect(number(-1.2)).toBe("−1.20");
    expect(number(-0.001)).toBe("0.00");
    expect(number(NaN)).toBe("n/a");
    expect(number(123.456)).toBe("123.46");
    expect(pair([0.41, -1.2])).toBe("(0.41, −1.20)");
  });
  test("thousands are grouped", () => {
    expect([5, 999, 1000, 10000, 1234567].map(count)).toEqual([
      "5",
      "999",
      "1000",
      "10\u00a0000",
      "1\u00a0234\u00a0567",
    ]);
  });
  test("z: all of two, the largest of many, dimensions counted from 1", () => {
    expect(zText([0.41, -1.2])).toBe("(0.41, −1.20)");
    expect(zText([0.1, -3, 2, 0, 1])).toBe("z₂\u00a0−3.00, z₃\u00a02.00, z₅\u00a01.00");
    expect(zText(new Float64Array(12).fill(0).map((_, i) => (i === 11 ? 2 : 0)))).toMatch(/^z₁₂\u00a02\.00/);
    expect(largest([1, -1, 1], 2)).toEqual([0, 1]);
  });
  test("two places a hundredth of the map apart are written differently, whatever its extent", () => {
    for (const extent of [2e-7, 0.018, 0.9, 1, 7, 400]) {
      const digits = decimals(extent);
      expect(number(-0.11 * extent, digits)).not.toBe(number(-0.125 * extent, digits));
    }
    expect([0.018, 0.999, 1, 8, 1e5, 0, NaN, Infinity].map(decimals)).toEqual([4, 3, 2, 2, 2, 2, 2, 2]);
    expect(zText([-0.11234, -0.1041], decimals(0.018))).toBe("(−0.1123, −0.1041)");
  });
  test("the spread of codes is that of their widest dimension", () => {
    expect(widest(Float32Array.of(1, 10, -1, 10, 1, 10, -1, 10), 2)).toBeCloseTo(1, 12);
    expect(widest(Float32Array.of(0.25, 0, 0.25, 0), 2)).toBe(0);
    expect(widest(new Float32Array(0), 2)).toBe(0);
  });
  test("the JSON of z reads back to the same numbers", () => {
    const z = Float64Array.of(0.1, -1 / 3, 1e-17);
    expect(JSON.parse(zJson(z))).toEqual([...z]);
  });
  test("pins are called A … Z, A2 …", () => {
    expect([0, 25, 26, 53].map(pinLabel)).toEqual(["A", "Z", "A2", "B3"]);
  });
});

describe("a decoder that is told the class", () => {
  test("does not look like its neighbour, and says what it was told", () => {
    expect(looksWords("3", null)).toBe("looks like class 3 (nearest test image), ");
    expect(looksWords("3", "7")).toBe("decoded as class 7, nearest test image class 3, ");
    expect(looksWords(null, "heart")).toBe("decoded as heart, ");
    expect(looksWords(null, null)).toBe("");
  });
  test("shows a neighbour's code, not its reconstruction, where the original is missing", () => {
    expect(nearestWords(12, true, "7")).toBe("test image 12");
    expect(nearestWords(12, false, "7")).toBe("code of test image 12, decoded as class 7");
    expect(nearestWords(12, false, null)).toBe("reconstruction of test image 12");
  });
});

describe("legend", () => {
  test("toggling twice changes nothing, and never the array it was given", () => {
    const shown = allShown(3);
    expect([...toggled(shown, 1)]).toEqual([1, 0, 1, 1]);
    expect(toggled(toggled(shown, 1), 1)).toEqual(shown);
    expect([...shown]).toEqual([1, 1, 1, 1]);
  });
  test("alone, then all again; from any state", () => {
    const alone = isolated(toggled(allShown(3), 0), 2);
    expect([...alone]).toEqual([0, 0, 1, 0]);
    expect(isolated(alone, 2)).toEqual(allShown(3));
    expect([...isolated(alone, 0)]).toEqual([1, 0, 0, 0]);
  });
});

describe("statistics", () => {
  test("quantiles by counting", () => {
    const values = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect(nearestRank(values, 0.5)).toBe(50);
    expect(nearestRank(values, 0.95)).toBe(95);
    expect(nearestRank([], 0.5)).toBe(0);
  });
  test("frames a second leave pauses out", () => {
    expect(framesPerSecond([0, 20, 40, 5000, 5020])).toBeCloseTo(50, 9);
    expect(framesPerSecond([3])).toBe(0);
  });
  test("the ring forgets the oldest, the count does not", () => {
    const stats = new Stats();
    for (let i = 0; i < 5000; i++) stats.record(i, i);
    expect(stats.read("simd").frames).toBe(5000);
    expect(stats.read("simd").work_ms.at(-1)).toBe(4999);
    expect(stats.read("simd").work_ms.length).toBeLessThanOrEqual(4096);
    stats.reset();
    expect(stats.read("simd").frames).toBe(0);
  });
});

describe("pictures", () => {
  test("grey is grey, colour planes become pixels, values are clamped", () => {
    const grey = new Uint8ClampedArray(8);
    toRgba([0.5, 2], [1, 1, 2], grey);
    expect([...grey]).toEqual([128, 128, 128, 255, 255, 255, 255, 255]);
    const colour = new Uint8ClampedArray(8);
    toRgba([9, 1, 0, 0.2, 0.4, 0.6, 1], [3, 1, 2], colour, 1);
    expect([...colour]).toEqual([255, 51, 153, 255, 0, 102, 255, 255]);
  });
  test("bytes pass unchanged", () => {
    const out = new Uint8ClampedArray(4);
    toRgba(Uint8Array.of(200), [1, 1, 1], out, 0, 1);
    expect([...out]).toEqual([200, 200, 200, 255]);
  });
});
