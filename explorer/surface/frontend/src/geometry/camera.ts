/** Which part of the map is on screen? One scale for both axes: a latent unit is equally long in x and y. */

import type { Extent, Point } from "../wire/schema";
import { clamp } from "./inverse";

/** Map place in the middle of the screen, and CSS pixels a map unit. y grows upwards on the map, downwards on the screen. */
export interface Camera {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

/** CSS pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Limits {
  readonly minScale: number;
  readonly maxScale: number;
  /** The middle of the screen stays in here, so that some of the map is always in view. */
  readonly extent: Extent;
}

export function toScreen(camera: Camera, size: Size, x: number, y: number): Point {
  return [size.width / 2 + (x - camera.x) * camera.scale, size.height / 2 - (y - camera.y) * camera.scale];
}

export function toMap(camera: Camera, size: Size, left: number, top: number): Point {
  return [camera.x + (left - size.width / 2) / camera.scale, camera.y - (top - size.height / 2) / camera.scale];
}

/** The camera that shows all of `extent`, with `margin` pixels around it. */
export function fit([x0, x1, y0, y1]: Extent, size: Size, margin = 8): Camera {
  const width = Math.max(x1 - x0, 1e-6);
  const height = Math.max(y1 - y0, 1e-6);
  const scale = Math.min(Math.max(size.width - 2 * margin, 8) / width, Math.max(size.height - 2 * margin, 8) / height);
  return { x: (x0 + x1) / 2, y: (y0 + y1) / 2, scale };
}

export function limitsFor(extent: Extent, size: Size): Limits {
  const { scale } = fit(extent, size);
  const [x0, x1, y0, y1] = extent;
  const dx = (x1 - x0) / 2;
  const dy = (y1 - y0) / 2;
  return { minScale: scale / 4, maxScale: scale * 400, extent: [x0 - dx, x1 + dx, y0 - dy, y1 + dy] };
}

function within(camera: Camera, { minScale, maxScale, extent: [x0, x1, y0, y1] }: Limits): Camera {
  return { x: clamp(camera.x, x0, x1), y: clamp(camera.y, y0, y1), scale: clamp(camera.scale, minScale, maxScale) };
}

/** Zooms by `factor`; the map place under (left, top) stays under it. */
export function zoomAt(camera: Camera, size: Size, factor: number, left: number, top: number, limits: Limits): Camera {
  const scale = clamp(camera.scale * factor, limits.minScale, limits.maxScale);
  const [x, y] = toMap(camera, size, left, top);
  const moved = { x: x - (left - size.width / 2) / scale, y: y + (top - size.height / 2) / scale, scale };
  return within(moved, limits);
}

/** Moves the map by screen pixels, as if it were held. */
export function panBy(camera: Camera, dx: number, dy: number, limits: Limits): Camera {
  return within({ x: camera.x - dx / camera.scale, y: camera.y + dy / camera.scale, scale: camera.scale }, limits);
}

/** The smallest move that brings the place into view, `margin` pixels from the border. */
export function reveal(camera: Camera, size: Size, x: number, y: number, margin = 24): Camera {
  const [left, top] = toScreen(camera, size, x, y);
  const dx = clamp(left, margin, Math.max(margin, size.width - margin)) - left;
  const dy = clamp(top, margin, Math.max(margin, size.height - margin)) - top;
  return dx || dy ? { x: camera.x - dx / camera.scale, y: camera.y + dy / camera.scale, scale: camera.scale } : camera;
}

/** On the way from one camera to another, t in [0, 1]; the scale moves geometrically, so that zooming looks steady. */
export function between(from: Camera, to: Camera, t: number): Camera {
  const mix = (a: number, b: number): number => a + (b - a) * t;
  return { x: mix(from.x, to.x), y: mix(from.y, to.y), scale: from.scale * (to.scale / from.scale) ** t };
}

export function visibleExtent(camera: Camera, size: Size): Extent {
  const [x0, y0] = toMap(camera, size, 0, size.height);
  const [x1, y1] = toMap(camera, size, size.width, 0);
  return [x0, x1, y0, y1];
}
