/** What lies under everything: the paper, a grid, ticks in latent units? */

import { tickStep, ticks } from "d3-array";
import { type Camera, type Size, toScreen, visibleExtent } from "../../geometry/camera";
import type { Layer } from "../../kernel/extension";
import type { Plot } from "../../kernel/state";
import { css } from "../../ui/colour";
import { count, number } from "../../ui/format";
import type { Theme } from "../../ui/theme";
import type { Extent, ProjectionRecord } from "../../wire/schema";

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

export const paper: Layer = {
  id: "paper",
  stratum: "background",
  words: null,
  reads: [],
  draw({ context, plot }, { state: { theme } }) {
    context.fillStyle = css(theme.map);
    context.fillRect(plot.left, plot.top, plot.width, plot.height);
    return false;
  },
};

/** The choice of no background but the grid. */
export const plain: Layer = {
  id: "none",
  stratum: "background",
  words: {
    group: "background",
    rank: 0,
    name: "Plain",
    help: "only the grid",
    sketch: { line: "M14 4v32M26 4v32M4 14h32M4 26h32" },
    spoken: "plain",
  },
  reads: [],
};

export const grid: Layer = {
  id: "grid",
  stratum: "background",
  words: null,
  reads: [],
  draw({ context, plot }, { state: { view, theme, layers } }) {
    if (layers.background !== "manifold") drawGrid(context, plot, view.camera, theme);
    return false;
  },
};

/** Outside the map's rectangle. */
export const tickLabels: Layer = {
  id: "tick-labels",
  stratum: "background",
  words: null,
  reads: [],
  draw({ context, plot, width, height }, { state: { data, view, theme } }) {
    drawTickLabels(context, { width, height }, plot, view.camera, theme, data.header.projection);
    return false;
  },
};

/** Lines at the ticks; the axes through zero a little stronger. */
function drawGrid(context: CanvasRenderingContext2D, plot: Plot, camera: Camera, theme: Theme): void {
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

function drawTickLabels(
  context: CanvasRenderingContext2D,
  stage: Size,
  plot: Plot,
  camera: Camera,
  theme: Theme,
  projection: ProjectionRecord,
): void {
  const extent = visibleExtent(camera, plot);
  context.font = `${theme.labelPx}px ${theme.font}`;
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
  const baseline = plot.top + plot.height + 19;
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
