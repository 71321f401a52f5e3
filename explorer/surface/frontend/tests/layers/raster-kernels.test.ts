import { afterEach, expect, test } from "vitest";
import { Arena } from "../../src/engine/arena";
import { arithmetic, use } from "../../src/engine/kernels";
import { type PixelTransform, PointRaster, type Rect } from "../../src/layers/points/raster";
import { makeSprite, type Sprite } from "../../src/layers/points/sprites";
import { SHAPES } from "../../src/ui/palette";
import { floats, random } from "../helpers";

afterEach(() => use(null));

const POINTS = floats(8000, 5, 30);
const SLOTS = Uint16Array.from({ length: 4000 }, (_, i) => i % 4);
const COLOURS = [
  { r: 230, g: 120, b: 0 },
  { r: 20, g: 90, b: 200 },
  { r: 0, g: 255, b: 160 },
];

function sprites(radius: number, alpha: number): (Sprite | null)[] {
  return [...COLOURS.map((colour, i) => makeSprite(SHAPES[i], colour, alpha, radius + i)), null]; // one class is hidden
}

/** Everything that a raster does, in one order: whole pictures, chosen points, parts, borders after a shift. */
function pictures(kind: "scalar" | "simd"): Uint32Array[] {
  use(kind);
  expect(arithmetic().arithmetic).toBe(kind);
  const next = random(4);
  const made: Uint32Array[] = [];
  const raster = new PointRaster();
  for (const [width, height] of [
    [61, 40],
    [120, 83],
    [7, 5],
  ]) {
    raster.resize(width, height);
    for (const alpha of [0.3, 0.7, 1]) {
      const list = sprites(0.75 + 5 * next(), alpha);
      const view = { scaleX: 0.5 + next(), offsetX: width / 2, scaleY: -0.5 - next(), offsetY: height / 2 };
      const isNarrow = alpha === 1;
      const slots = isNarrow ? Uint8Array.from(SLOTS) : SLOTS;
      const drawn = raster.draw(POINTS, slots, list, view);
      made.push(Uint32Array.of(drawn), raster.straight.slice());
      const chosen = Uint32Array.from(POINTS.keys()).filter((i) => i < 4000 && i % 3 === 0);
      const crowd = { points: POINTS, slots, chosen };
      stampPart(raster, crowd, list, view, { left: 2, top: 1, right: width - 3, bottom: height - 1 });
      made.push(raster.straight.slice());
      for (const [dx, dy] of [
        [2, -1],
        [-3, 4],
      ]) {
        const moved = { ...view, offsetX: view.offsetX + dx, offsetY: view.offsetY + dy };
        for (const part of raster.shift(dx, dy)) stampPart(raster, crowd, list, moved, part);
        made.push(raster.straight.slice());
      }
    }
  }
  return made;
}

function stampPart(
  raster: PointRaster,
  crowd: Parameters<PointRaster["stamp"]>[0],
  list: readonly (Sprite | null)[],
  view: PixelTransform,
  part: Rect,
): void {
  raster.stamp(crowd, list, view, part, 0, Infinity);
  raster.finish(part);
}

test("four pixels at a time give the same bits as one", () => {
  const [some, wanted] = [pictures("simd"), pictures("scalar")];
  expect(some).toHaveLength(45);
  some.forEach((picture, i) =>
    expect(
      picture.every((word, k) => word === wanted[i][k]),
      `picture ${i}`,
    ).toBe(true),
  );
  expect(new Set(wanted[1]).size).toBeGreaterThan(100);
});

test("every channel at every alpha is straightened to the nearest number", () => {
  use("simd");
  const arena = new Arena();
  const from = arena.floatsOf(65536);
  const to = arena.floatsOf(65536);
  const words = new Uint32Array(arena.floats.buffer);
  for (let i = 0; i < 65536; i++) words[from / 4 + i] = ((i & 0xff00) << 16) | ((i & 255) * 0x010101);
  arena.kernels.straighten(65536, from, to);
  let wrong = 0;
  for (let i = 0; i < 65536; i++) {
    const [alpha, value] = [i >> 8, i & 255];
    const wanted = alpha === 0 ? value : Math.min(255, Math.round((value * 255) / alpha));
    if (words[to / 4 + i] !== ((alpha << 24) | (wanted * 0x010101)) >>> 0) wrong++;
  }
  expect(wrong).toBe(0);
});
