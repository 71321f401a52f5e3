/** Which strokes do several layers share? Lines through places, ellipses of a Gaussian, the colour of a point. */

import { type Camera, type Size, toScreen } from "../geometry/camera";
import type { Frame } from "../kernel/extension";
import type { Rgb } from "../ui/colour";
import { classRgb } from "../ui/palette";
import { rampColour } from "../ui/ramp";
import type { Point } from "../wire/schema";

export type Context = CanvasRenderingContext2D;
/** A colour and a width. */
export type Stroke = readonly [ink: string, width: number];

/** Screen places. */
export function trace(context: Context, places: readonly Point[]): void {
  context.beginPath();
  places.forEach(([left, top], i) => (i ? context.lineTo(left, top) : context.moveTo(left, top)));
}

/** The path that was traced, a broad light stroke first, so that it is seen on every ground. */
export function strokeTwice(context: Context, ...strokes: readonly Stroke[]): void {
  for (const [ink, width] of strokes) {
    context.strokeStyle = ink;
    context.lineWidth = width;
    context.stroke();
  }
}

/** Of a Gaussian on the map at some standard deviations; covariance xx, xy, yy in map units. */
export function drawEllipses(
  context: Context,
  size: Size,
  camera: Camera,
  [x, y]: Point,
  [xx, xy, yy]: readonly [number, number, number],
  sigmas: readonly number[],
  [ink, width]: Stroke,
): void {
  const [left, top] = toScreen(camera, size, x, y);
  const half = Math.hypot((xx - yy) / 2, xy);
  const [major, minor] = [Math.sqrt((xx + yy) / 2 + half), Math.sqrt(Math.max(0, (xx + yy) / 2 - half))];
  const angle = 0.5 * Math.atan2(2 * xy, xx - yy);
  context.strokeStyle = ink;
  context.lineWidth = width;
  for (const sigma of sigmas) {
    context.beginPath();
    context.ellipse(left, top, major * sigma * camera.scale, minor * sigma * camera.scale, -angle, 0, 2 * Math.PI); // y grows downwards here
    context.stroke();
  }
}

/** By its class, or by the quantity that colours the points. */
export function pointColour({ state: { data, theme }, derived: { colouring } }: Frame, i: number): Rgb {
  if (!colouring) return classRgb(data.labels[i], theme.isDark);
  const level = colouring.slots[i];
  return level < colouring.levels ? rampColour("amount", level / (colouring.levels - 1)) : classRgb(-1, theme.isDark);
}

/** 0 … 1 of an entrance that began at `since` and takes `length` milliseconds. */
export function entranceShare({ now, isStill }: Frame, since: number, length: number): number {
  return isStill ? 1 : Math.min(1, Math.max(0, (now - since) / length));
}
