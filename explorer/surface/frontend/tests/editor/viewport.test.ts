/** Does the camera go where something new lies, and stay where that is in view already? */

import { expect, test } from "vitest";
import { Viewport } from "../../src/editor/viewport";

const SIZE = { width: 400, height: 300 };

function zoomed(): Viewport {
  const viewport = new Viewport(() => false);
  viewport.resize([-3, 3, -3, 3], SIZE);
  viewport.put(2, 2, 200);
  return viewport;
}

test("a place outside comes into the middle, as close as before", () => {
  const viewport = zoomed();
  expect(viewport.bring([-1, 0.5], 48)).toBe(true);
  expect(viewport.toScreen([-1, 0.5])).toEqual([200, 150]);
  expect(viewport.camera.scale).toBe(200);
});

test("a place at the edge comes too, one with room around it moves nothing", () => {
  const viewport = zoomed();
  const { camera } = viewport;
  const [x, y] = viewport.toMap(200, 100);
  expect(viewport.bring([x, y], 48)).toBe(false);
  expect(viewport.camera).toBe(camera);
  const edge = viewport.toMap(380, 100);
  expect(viewport.bring(edge, 48)).toBe(true);
  expect(viewport.toScreen(edge)).toEqual([200, 150]);
});

test("while everything is shown, only what lies outside moves it", () => {
  const viewport = new Viewport(() => false);
  viewport.resize([-3, 3, -3, 3], SIZE);
  expect(viewport.bring(viewport.toMap(2, 2), 48)).toBe(false);
  expect(viewport.isAtHome).toBe(true);
  expect(viewport.bring([30, 0], 48)).toBe(true);
  expect(viewport.toScreen([30, 0])[0]).toBeCloseTo(200);
});
