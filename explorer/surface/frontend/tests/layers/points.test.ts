import { beforeEach, describe, expect, test, vi } from "vitest";
import { type Drawing, MovingPoints, sampleOf } from "../../src/layers/points/moving";
import { markerRadius, type PixelTransform, PointRaster } from "../../src/layers/points/raster";
import { makeSprite, type Sprite } from "../../src/layers/points/sprites";
import { SHAPES } from "../../src/ui/palette";
import { floats, random } from "../helpers";

const COLOURS = [
  { r: 230, g: 120, b: 0 },
  { r: 20, g: 90, b: 200 },
  { r: 0, g: 160, b: 90 },
];
const [WIDTH, HEIGHT] = [120, 80];

function spritesFor(nPoints: number): (Sprite | null)[] {
  return COLOURS.map((colour) => makeSprite(SHAPES[0], colour, 0.7, markerRadius(nPoints, 1)));
}

function drawing(n: number, transform: PixelTransform, look = "plain"): Drawing {
  return { points: POINTS.subarray(0, 2 * n), slots: SLOTS.subarray(0, n), look, spritesFor, transform };
}

const POINTS = floats(400_000, 5, 60);
const SLOTS = Uint16Array.from({ length: 200_000 }, (_, i) => i % 3);
const few = drawing(3000, { scaleX: 1, offsetX: 60, scaleY: -1, offsetY: 40 });

/** What a new picture of all points shows. */
function fresh({ points, slots, spritesFor: sprites, transform }: Drawing): Uint32Array {
  const raster = new PointRaster();
  raster.resize(WIDTH, HEIGHT);
  raster.draw(points, slots, sprites(slots.length), transform);
  return raster.straight;
}

/** A layer whose canvas is the last copy that it was told to show. */
function layered(): { layer: MovingPoints; canvas: () => Uint32Array } {
  const raster = new PointRaster();
  raster.resize(WIDTH, HEIGHT);
  let canvas = new Uint32Array(0);
  const layer = new MovingPoints(raster, () => (canvas = raster.straight.slice()));
  return { layer, canvas: () => canvas };
}

/** Quicker than vitest's own way through every number. */
function isSame(a: Uint32Array, b: Uint32Array): boolean {
  return a.length === b.length && a.every((word, i) => word === b[i]);
}

/** The clock goes only where a test lets it: one step a reading. */
let [clock, tick] = [0, 0];
beforeEach(() => {
  [clock, tick] = [0, 0];
  vi.spyOn(performance, "now").mockImplementation(() => (clock += tick));
});

describe("a map that is dragged", () => {
  test("by whole pixels is at every moment the picture that would be drawn anew", () => {
    const { layer, canvas } = layered();
    const next = random(1);
    let { offsetX, offsetY } = few.transform;
    layer.draw(few, 0);
    expect(isSame(canvas(), fresh(few))).toBe(true);
    for (let step = 0; step < 60; step++) {
      const far = step % 9 === 8 ? 200 : 14; // also farther than the map is wide
      offsetX += Math.round((2 * next() - 1) * far);
      offsetY += Math.round((2 * next() - 1) * far);
      const moved = { ...few, transform: { ...few.transform, offsetX, offsetY } };
      layer.draw(moved, step);
      expect(isSame(canvas(), fresh(moved))).toBe(true);
      expect(layer.sampled).toBeNull();
      expect(layer.fill(step)).toBe(false);
    }
  });

  test("by parts of a pixel is exact once it rests", () => {
    const { layer, canvas } = layered();
    layer.draw(few, 0);
    const moved = { ...few, transform: { ...few.transform, offsetX: 64.375, offsetY: 37.75 } };
    layer.draw(moved, 0);
    expect(layer.fill(10)).toBe(true); // waits
    expect(isSame(canvas(), fresh(moved))).toBe(false);
    while (layer.fill(1000));
    expect(isSame(canvas(), fresh(moved))).toBe(true);
  });
});

describe("more points than a frame can draw", () => {
  const many = drawing(200_000, { scaleX: 1, offsetX: 60, scaleY: -1, offsetY: 40 });
  const zoomed = (scale: number): Drawing => ({
    ...many,
    transform: { ...many.transform, scaleX: scale, scaleY: -scale },
  });

  test("are a sample at first and all of them at rest", () => {
    const { layer, canvas } = layered();
    tick = 20; // every look at the clock costs 20 ms: a slow machine
    layer.draw(zoomed(1), 0);
    for (let i = 0; i < 20; i++) layer.draw(zoomed(1 + i / 50), i);
    const last = zoomed(1 + 19 / 50);
    const { sampled } = layer;
    expect(sampled).not.toBeNull();
    expect(sampled!.length).toBeLessThan(200_000);
    expect(isSame(canvas(), fresh(last))).toBe(false);
    expect(layer.fill(100)).toBe(true); // too early: the wheel may turn on
    let slices = 0;
    while (layer.fill(1000)) {
      expect(layer.sampled).toBe(sampled); // the canvas still shows it, and so it is said
      slices++;
    }
    expect(slices).toBeGreaterThan(3);
    expect(layer.sampled).toBeNull();
    expect(isSame(canvas(), fresh(last))).toBe(true);
  });

  test("a movement while they are being drawn starts a sample again, and all come in the end", () => {
    const { layer, canvas } = layered();
    tick = 20;
    for (let i = 0; i < 10; i++) layer.draw(zoomed(1 + i / 10), i);
    layer.fill(1000);
    layer.fill(1000);
    layer.draw(zoomed(3), 1001);
    expect(layer.sampled).not.toBeNull();
    while (layer.fill(2000));
    expect(isSame(canvas(), fresh(zoomed(3)))).toBe(true);
  });

  test("another look replaces the old one when it is whole", () => {
    const { layer, canvas } = layered();
    tick = 20;
    for (let i = 0; i < 10; i++) layer.draw(zoomed(1 + i / 10), i);
    layer.draw(zoomed(1), 10);
    while (layer.fill(1000));
    const before = canvas();
    const hidden: Drawing = { ...zoomed(1), look: "one hidden", spritesFor: (n) => [null, ...spritesFor(n).slice(1)] };
    layer.draw(hidden, 1000);
    expect(canvas()).toBe(before);
    expect(layer.sampled).toBeNull();
    while (layer.fill(1000));
    expect(isSame(canvas(), fresh(hidden))).toBe(true);
  });

  test("a canvas that was emptied is drawn again", () => {
    const { layer, canvas } = layered();
    layer.draw(few, 0);
    const before = canvas();
    layer.draw(few, 1);
    expect(canvas()).toBe(before); // nothing to do
    layer.forget();
    layer.draw(few, 2);
    expect(canvas()).not.toBe(before);
    expect(isSame(canvas(), fresh(few))).toBe(true);
  });
});

describe("a sample", () => {
  test("is about its share, in order, and holds every coarser one", () => {
    const sets = [2, 4, 8, 64].map((step) => ({ step, chosen: sampleOf(100_000, step) }));
    for (const { step, chosen } of sets) {
      expect(chosen.every((i, at) => at === 0 || i > chosen[at - 1])).toBe(true);
      const expected = 100_000 / step; // drawn by lot: five standard deviations of the binomial
      expect(Math.abs(chosen.length - expected)).toBeLessThan(5 * Math.sqrt(expected));
    }
    for (let k = 1; k < sets.length; k++) {
      const finer = new Set(sets[k - 1].chosen);
      expect(sets[k].chosen.every((i) => finer.has(i))).toBe(true);
    }
  });

  test("follows no rhythm of the data set", () => {
    const chosen = sampleOf(100_000, 8);
    for (const period of [2, 8, 10, 10_000]) {
      const counts = new Float64Array(Math.min(period, 10));
      for (const i of chosen) counts[(i % period) % counts.length]++;
      const expected = chosen.length / counts.length;
      for (const n of counts) expect(Math.abs(n - expected)).toBeLessThan(5 * Math.sqrt(expected));
    }
  });
});
