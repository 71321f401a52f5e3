/** Where does the prior put its samples? Circles of 1, 2, 3 standard deviations under the points, and what they are above them. */

import { type Camera, toScreen } from "../../geometry/camera";
import type { Layer } from "../../kernel/extension";
import type { Plot } from "../../kernel/state";
import { css } from "../../ui/colour";
import type { Theme } from "../../ui/theme";
import type { ProjectionRecord } from "../../wire/schema";

export const priorRings: Layer = {
  id: "rings",
  stratum: "background",
  words: {
    group: "overlay",
    rank: 2,
    name: "Prior rings",
    help: "1, 2, 3 standard deviations of the prior",
    sketch: { line: "M13 20a7 7 0 1 0 14 0a7 7 0 1 0-14 0zM5 20a15 15 0 1 0 30 0a15 15 0 1 0-30 0z" },
    key: ["r", "prior rings at 1, 2, 3 σ"],
  },
  isOnAtFirst: true,
  offered: (data) => data.header.projection.rings,
  reads: [],
  draw({ context, plot }, { state: { data, view, theme, layers } }) {
    drawRings(context, plot, view.camera, theme, data.header.projection, layers.background === "manifold");
    return false;
  },
};

/** Above the points: the labels are small, and points would swallow them. */
export const priorRingLabels: Layer = {
  id: "ring-labels",
  stratum: "overlay",
  words: null,
  follows: "rings",
  offered: (data) => data.header.projection.rings,
  reads: [],
  labels({ plot }, { state: { data, view } }) {
    const { ring_center } = data.header.projection;
    const [left, top] = toScreen(view.camera, plot, ring_center[0], ring_center[1]);
    return [1, 2, 3].map((sigma) => {
      const reach = (sigma * view.camera.scale) / Math.SQRT2;
      return { text: `${sigma}\u00a0σ`, at: [left + reach, top - reach], reach: 0, rank: 3 };
    });
  },
};

/** Circles of 1, 2, 3 prior standard deviations, in true axis units. */
function drawRings(
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

function stroke(context: CanvasRenderingContext2D, ink: string, width: number): void {
  context.strokeStyle = ink;
  context.lineWidth = width;
  context.stroke();
}
