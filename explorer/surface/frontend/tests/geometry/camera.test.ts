import { describe, expect, test } from "vitest";
import {
  between,
  type Camera,
  fit,
  limitsFor,
  panBy,
  reveal,
  toMap,
  toScreen,
  visibleExtent,
  zoomAt,
} from "../../src/geometry/camera";
import { axisTicks } from "../../src/layers/background/grid";
import { random } from "../helpers";

const size = { width: 830, height: 510 };
const extent = [-4, 5, -3, 2] as const;
const limits = limitsFor(extent, size);

function close(a: readonly number[], b: readonly number[], digits = 8): void {
  a.forEach((value, i) => expect(value).toBeCloseTo(b[i], digits));
}

test("map to screen and back, at random cameras", () => {
  const next = random(1);
  for (let i = 0; i < 200; i++) {
    const camera: Camera = { x: 10 * next() - 5, y: 10 * next() - 5, scale: 1 + 500 * next() };
    const place = [20 * next() - 10, 20 * next() - 10] as const;
    close(toMap(camera, size, ...toScreen(camera, size, ...place)), place);
  }
});

test("fit shows all of it, in the middle, and a unit is equally long in x and y", () => {
  const camera = fit(extent, size, 10);
  const [left, bottom] = toScreen(camera, size, extent[0], extent[2]);
  const [right, top] = toScreen(camera, size, extent[1], extent[3]);
  expect(left).toBeGreaterThanOrEqual(10 - 1e-9);
  expect(right).toBeLessThanOrEqual(size.width - 10 + 1e-9);
  expect(top).toBeGreaterThanOrEqual(10 - 1e-9);
  expect(bottom).toBeLessThanOrEqual(size.height - 10 + 1e-9);
  expect((right - left) / 9).toBeCloseTo((bottom - top) / 5, 9);
  close([(left + right) / 2, (top + bottom) / 2], [size.width / 2, size.height / 2]);
});

test("y grows upwards", () => {
  const camera = fit(extent, size);
  expect(toScreen(camera, size, 0, 1)[1]).toBeLessThan(toScreen(camera, size, 0, 0)[1]);
});

describe("zoom", () => {
  test("the place under the cursor stays", () => {
    const camera = fit(extent, size);
    for (const factor of [1.3, 0.9, 4]) {
      const zoomed = zoomAt(camera, size, factor, 300, 200, limits);
      close(toMap(zoomed, size, 300, 200), toMap(camera, size, 300, 200));
      expect(zoomed.scale).toBeCloseTo(camera.scale * factor, 9);
    }
  });
  test("in and out again is where it was", () => {
    const camera = fit(extent, size);
    const back = zoomAt(zoomAt(camera, size, 2.5, 100, 90, limits), size, 1 / 2.5, 100, 90, limits);
    close([back.x, back.y, back.scale], [camera.x, camera.y, camera.scale]);
  });
  test("has limits", () => {
    const camera = fit(extent, size);
    expect(zoomAt(camera, size, 1e9, 1, 1, limits).scale).toBe(limits.maxScale);
    expect(zoomAt(camera, size, 1e-9, 1, 1, limits).scale).toBe(limits.minScale);
  });
});

test("pan moves places by exactly the pixels, and cannot lose the map", () => {
  const camera = fit(extent, size);
  const before = toScreen(camera, size, 1, 1);
  close(toScreen(panBy(camera, 31, -17, limits), size, 1, 1), [before[0] + 31, before[1] - 17]);
  const far = panBy(camera, 1e6, 1e6, limits);
  expect(far.x).toBe(limits.extent[0]);
  expect(far.y).toBe(limits.extent[3]);
});

test("reveal moves only when it must, and then just enough", () => {
  const camera = fit(extent, size);
  expect(reveal(camera, size, 0, 0)).toBe(camera);
  const moved = reveal(camera, size, 30, 0, 24);
  close(toScreen(moved, size, 30, 0), [size.width - 24, toScreen(camera, size, 30, 0)[1]]);
});

test("between two cameras: both ends, and a steady ratio of scales", () => {
  const a = { x: 0, y: 0, scale: 10 };
  const b = { x: 4, y: -2, scale: 160 };
  expect(between(a, b, 0)).toEqual(a);
  close([between(a, b, 1).x, between(a, b, 1).y, between(a, b, 1).scale], [4, -2, 160]);
  expect(between(a, b, 0.5).scale).toBeCloseTo(40, 9);
});

test("ticks are round numbers inside the view", () => {
  const [x0, x1] = visibleExtent(fit(extent, size), size);
  const { ticks, text } = axisTicks(x0, x1, size.width);
  expect(ticks.every((t) => t >= x0 && t <= x1)).toBe(true);
  expect(ticks.length).toBeGreaterThan(4);
  expect(text(ticks[0])).toMatch(/^[−\d.]+$/);
});
