import { describe, expect, test } from "vitest";
import { slotOf } from "../../src/data/run-on-map";
import { markerRadius, over, PointRaster } from "../../src/layers/points/raster";
import { makeSprite, PHASES } from "../../src/layers/points/sprites";
import { classShape, SHAPES } from "../../src/ui/palette";
import { random } from "../helpers";

const identity = { scaleX: 1, offsetX: 0, scaleY: 1, offsetY: 0 };
const RED = { r: 255, g: 0, b: 0 };
const BLUE = { r: 0, g: 0, b: 255 };

function parts(word: number): number[] {
  return [word & 255, (word >>> 8) & 255, (word >>> 16) & 255, word >>> 24];
}

test("over: Porter and Duff in floating point, within two grey levels", () => {
  const next = random(2);
  const colour = (): number[] => {
    const alpha = Math.floor(256 * next());
    return [0, 0, 0].map(() => Math.floor((alpha + 1) * next())).concat(alpha); // premultiplied: no channel above alpha
  };
  const word = ([r, g, b, a]: number[]): number => ((a << 24) | (b << 16) | (g << 8) | r) >>> 0;
  for (let i = 0; i < 5000; i++) {
    const [source, below] = [colour(), colour()];
    const wanted = source.map((s, c) => s + below[c] * (1 - source[3] / 255));
    parts(over(word(source), word(below))).forEach((value, c) =>
      expect(Math.abs(value - wanted[c])).toBeLessThanOrEqual(2),
    );
  }
});

describe("raster", () => {
  const ink = (raster: PointRaster): number => raster.straight.reduce((sum, word) => sum + (word >>> 24) / 255, 0);

  test("a disc's ink is its area, wherever between the pixels it lies", () => {
    const raster = new PointRaster();
    raster.resize(40, 40);
    const radius = 6;
    const sprite = makeSprite(SHAPES[0], RED, 1, radius);
    for (const shift of [0, 0.25, 0.5, 0.8]) {
      raster.draw(Float32Array.of(20 + shift, 20 - shift), Uint16Array.of(0), [sprite], identity);
      expect(ink(raster)).toBeCloseTo(Math.PI * (0.86 * radius) ** 2 * 0.9886, -1); // a 24-gon has 98.9 % of the disc
      expect(Math.abs(ink(raster) - Math.PI * (0.86 * radius) ** 2 * 0.9886)).toBeLessThan(2);
    }
  });

  test("the middle of the ink is the point, to an eighth of a pixel", () => {
    const raster = new PointRaster();
    raster.resize(30, 30);
    for (const [x, y] of [
      [15, 15],
      [14.3, 15.9],
      [15.49, 14.51],
    ]) {
      raster.draw(Float32Array.of(x, y), Uint16Array.of(0), [makeSprite(SHAPES[0], RED, 1, 4)], identity);
      const centre = [0, 0];
      raster.straight.forEach((word, i) => {
        centre[0] += ((word >>> 24) / 255) * ((i % 30) + 0.5);
        centre[1] += ((word >>> 24) / 255) * (Math.floor(i / 30) + 0.5);
      });
      expect(Math.abs(centre[0] / ink(raster) - x)).toBeLessThan(0.5 / PHASES + 0.03);
      expect(Math.abs(centre[1] / ink(raster) - y)).toBeLessThan(0.5 / PHASES + 0.03);
    }
  });

  test("colours keep their value at every alpha", () => {
    const raster = new PointRaster();
    raster.resize(20, 20);
    raster.draw(
      Float32Array.of(10, 10),
      Uint16Array.of(0),
      [makeSprite(SHAPES[0], { r: 200, g: 100, b: 50 }, 0.5, 5)],
      identity,
    );
    const middle = parts(raster.straight[10 * 20 + 10]);
    [200, 100, 50, 128].forEach((wanted, c) => expect(Math.abs(middle[c] - wanted)).toBeLessThanOrEqual(2));
  });

  test("later points lie above, hidden classes are not drawn, points outside are clipped", () => {
    const raster = new PointRaster();
    raster.resize(20, 20);
    const sprites = [makeSprite(SHAPES[0], RED, 1, 4), makeSprite(SHAPES[0], BLUE, 1, 4)];
    const both = Float32Array.of(10, 10, 10, 10);
    raster.draw(both, Uint16Array.of(0, 1), sprites, identity);
    expect(parts(raster.straight[210])).toEqual([0, 0, 255, 255]);
    expect(raster.draw(both, Uint16Array.of(0, 1), [sprites[0], null], identity)).toBe(1);
    expect(parts(raster.straight[210])).toEqual([255, 0, 0, 255]);
    const far = Float32Array.of(-100, 5, 500, 5, NaN, 5, 0, 0, 19.9, 19.9, -30, 25);
    expect(raster.draw(far, new Uint16Array(6), sprites, identity)).toBe(2);
  });

  test("the border clips: no ink wraps round to the other side", () => {
    const raster = new PointRaster();
    raster.resize(20, 10);
    raster.draw(Float32Array.of(0, 5), Uint16Array.of(0), [makeSprite(SHAPES[0], RED, 1, 4)], identity);
    for (let row = 0; row < 10; row++) expect(raster.straight[row * 20 + 19]).toBe(0);
  });
});

test("all markers carry about the same ink", () => {
  const area = (index: number): number => {
    const { pixels, size } = makeSprite(SHAPES[index], RED, 1, 12);
    return pixels.subarray(0, size * size).reduce((sum, word) => sum + (word >>> 24) / 255, 0);
  };
  const areas = SHAPES.map((_, i) => area(i));
  expect(Math.max(...areas) / Math.min(...areas)).toBeLessThan(1.25);
});

test("more than ten classes: every colour and marker pair is used once before any comes again", () => {
  const looks = Array.from({ length: 100 }, (_, label) => `${label % 10} ${classShape(label, true).name}`);
  expect(new Set(looks).size).toBe(100);
  const plain = Array.from({ length: 100 }, (_, label) => `${label % 10} ${classShape(label, false).name}`);
  expect(new Set(plain).size).toBe(100);
  expect(classShape(3, false).name).toBe("disc");
});

test("markers shrink with many points and grow with zoom, within bounds", () => {
  expect(markerRadius(1_000_000, 1)).toBeLessThan(markerRadius(10_000, 1));
  expect(markerRadius(10_000, 20)).toBeGreaterThan(markerRadius(10_000, 1));
  expect(markerRadius(10, 1e6)).toBeLessThanOrEqual(7);
});

test("points without a class go to the last slot", () => {
  expect([0, 9, -1, 12].map((label) => slotOf(label, 10))).toEqual([0, 9, 10, 10]);
});
