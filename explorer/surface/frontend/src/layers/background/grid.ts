/** What lies under the points: ground, grid, ticks in latent units, prior rings? */

import { tickStep, ticks } from "d3-array";
import { type Camera, type Size, toScreen, visibleExtent } from "../../geometry/camera";
import { css } from "../../ui/colour";
import { count, number } from "../../ui/format";
import type { Theme } from "../../ui/theme";
import type { Extent, ProjectionRecord } from "../../wire/schema";

/** The map's rectangle within the stage, CSS pixels; the rest carries tick labels. */
export interface Plot extends Size {
  readonly left: number;
  readonly top: number;
}

export interface Axis {
  readonly ticks: readonly number[];
  readonly text: (value: number) => string;
}

/** Ticks about every `spacing` pixels, at round numbers of the map's unit. */
export function axisTicks(low: number, high: number, length: number, spacing = 72): Axis {
  const wanted = Math.max(2, Math.round(length / spacing));
  const digits = Math.max(0, -exponentOf(tickStep(low, high, wanted)));
  return { ticks: ticks(low, high, wanted), text: (value) => (digits ? number(value, digits) : count(value)) };
}

/** The place of the first digit of a step: 0 for 5, −1 for 0.2. */
function exponentOf(step: number): number {
  return Number(step.toExponential().split("e")[1]);
}

export function fillGround(context: CanvasRenderingContext2D, plot: Plot, theme: Theme): void {
  context.fillStyle = css(theme.map);
  context.fillRect(plot.left, plot.top, plot.width, plot.height);
}

/** Lines at the ticks; the axes through zero a little stronger. */
export function drawGrid(context: CanvasRenderingContext2D, plot: Plot, camera: Camera, theme: Theme): void {
  const [x0, x1, y0, y1] = visibleExtent(camera, plot);
  context.lineWidth = 1;
  for (const x of axisTicks(x0, x1, plot.width).ticks) {
    const left = Math.round(plot.left + toScreen(camera, plot, x, 0)[0]) + 0.5;
    context.strokeStyle = css(x === 0 ? theme.border : theme.grid);
    line(context, left, plot.top, left, plot.top + plot.height);
  }
  for (const y of axisTicks(y0, y1, plot.height).ticks) {
    const top = Math.round(plot.top + toScreen(camera, plot, 0, y)[1]) + 0.5;
    context.strokeStyle = css(y === 0 ? theme.border : theme.grid);
    line(context, plot.left, top, plot.left + plot.width, top);
  }
}

function line(context: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number): void {
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
}

export function drawTickLabels(
  context: CanvasRenderingContext2D,
  stage: Size,
  plot: Plot,
  camera: Camera,
  theme: Theme,
  projection: ProjectionRecord,
): void {
  const extent = visibleExtent(camera, plot);
  context.font = `12px ${theme.font}`;
  context.fillStyle = css(theme.muted);
  drawXLabels(context, stage, plot, camera, extent, projection.x_label);
  drawYLabels(context, plot, camera, extent, projection.y_label);
}

function drawXLabels(
  context: CanvasRenderingContext2D,
  stage: Size,
  plot: Plot,
  camera: Camera,
  [x0, x1]: Extent,
  label: string,
): void {
  const baseline = plot.top + plot.height + 17;
  const right = stage.width - 2;
  context.textAlign = "right";
  context.fillText(label, right, baseline);
  const free = right - context.measureText(label).width - 12;
  context.textAlign = "center";
  const { ticks, text } = axisTicks(x0, x1, plot.width);
  for (const x of ticks) {
    const left = plot.left + toScreen(camera, plot, x, 0)[0];
    const half = context.measureText(text(x)).width / 2;
    if (left - half > plot.left - 10 && left + half < free) context.fillText(text(x), left, baseline);
  }
}

function drawYLabels(
  context: CanvasRenderingContext2D,
  plot: Plot,
  camera: Camera,
  [, , y0, y1]: Extent,
  label: string,
): void {
  const edge = plot.left - 8;
  const fits = context.measureText(label).width <= edge;
  context.textAlign = fits ? "right" : "left";
  context.fillText(label, fits ? edge : plot.left + 9, plot.top + (fits ? 11 : 19));
  context.textAlign = "right";
  const { ticks, text } = axisTicks(y0, y1, plot.height);
  for (const y of ticks) {
    const top = plot.top + toScreen(camera, plot, 0, y)[1] + 4;
    if (top > plot.top + 28 && top < plot.top + plot.height + 4) context.fillText(text(y), edge, top);
  }
}

/** Circles of 1, 2, 3 prior standard deviations, in true axis units. */
export function drawRings(
  context: CanvasRenderingContext2D,
  plot: Plot,
  camera: Camera,
  theme: Theme,
  { ring_center }: ProjectionRecord,
  onPictures: boolean,
): void {
  const [left, top] = toScreen(camera, plot, ring_center[0], ring_center[1]);
  context.save();
  context.beginPath();
  context.rect(plot.left, plot.top, plot.width, plot.height);
  context.clip();
  for (const sigma of [1, 2, 3]) {
    context.beginPath();
    context.arc(plot.left + left, plot.top + top, sigma * camera.scale, 0, 2 * Math.PI);
    context.setLineDash(sigma === 1 ? [] : sigma === 2 ? [6, 4] : [2, 4]);
    if (onPictures) stroke(context, css(theme.map, 0.6), 3);
    stroke(context, css(theme.muted, onPictures ? 0.9 : 0.55), 1.25);
  }
  context.restore();
}

/** Ring labels go above the points: they are small, and points would swallow them. */
export function drawRingLabels(
  context: CanvasRenderingContext2D,
  plot: Size,
  camera: Camera,
  theme: Theme,
  { ring_center }: ProjectionRecord,
): void {
  const [left, top] = toScreen(camera, plot, ring_center[0], ring_center[1]);
  context.save();
  context.font = `12px ${theme.font}`;
  context.textAlign = "center";
  context.lineWidth = 4;
  context.lineJoin = "round";
  context.strokeStyle = css(theme.map, 0.9);
  context.fillStyle = css(theme.text);
  for (const sigma of [1, 2, 3]) {
    const reach = (sigma * camera.scale) / Math.SQRT2;
    const text = `${sigma}\u00a0σ`;
    context.strokeText(text, left + reach, top - reach + 4);
    context.fillText(text, left + reach, top - reach + 4);
  }
  context.restore();
}

function stroke(context: CanvasRenderingContext2D, ink: string, width: number): void {
  context.strokeStyle = ink;
  context.lineWidth = width;
  context.stroke();
}
