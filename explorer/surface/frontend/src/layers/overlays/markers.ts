/** What did the host, or a panel, put on the map? A cross and a name, with the posterior's ellipse and its samples where they are known. */

import type { PosteriorMarker } from "../../data/posterior-marker";
import { type Camera, type Size, toScreen } from "../../geometry/camera";
import type { Layer } from "../../kernel/extension";
import { css } from "../../ui/colour";
import type { Theme } from "../../ui/theme";
import type { Point } from "../../wire/schema";
import { type Context, drawEllipses } from "../marks";

export const markers: Layer = {
  id: "markers",
  stratum: "overlay",
  words: null,
  reads: ["host", "markers"],
  draw({ context, plot }, { state: { theme, view }, derived }) {
    for (const marker of derived.markers) drawMarker(context, plot, view.camera, theme, marker);
    return false;
  },
  labels({ plot }, { state: { view }, derived }) {
    return derived.markers.map(({ label, map: [x, y] }) => ({
      text: label,
      at: toScreen(view.camera, plot, x, y),
      reach: 9,
      rank: 0,
    }));
  },
};

/** The posterior's one-sigma ellipse in true axis units, a cross and a name. */
function drawMarker(context: Context, size: Size, camera: Camera, theme: Theme, marker: PosteriorMarker): void {
  const [left, top] = toScreen(camera, size, marker.map[0], marker.map[1]);
  context.save();
  if (marker.ellipse) {
    const { rx, ry } = marker.ellipse;
    context.beginPath();
    context.ellipse(left, top, rx * camera.scale, ry * camera.scale, 0, 0, 2 * Math.PI);
    context.fillStyle = css(theme.accent, 0.16);
    context.fill();
    context.strokeStyle = css(theme.accent);
    context.lineWidth = 1.5;
    context.stroke();
  }
  if (marker.spread) drawEllipses(context, size, camera, marker.map, marker.spread, [1, 2], [css(theme.accent), 1.5]);
  if (marker.dots) drawDots(context, size, camera, theme, marker.dots, marker.chosen ?? -1);
  context.lineCap = "round";
  for (const [ink, width] of [
    [css(theme.map), 5.5],
    [css(theme.text), 2.25],
  ] as const) {
    context.strokeStyle = ink;
    context.lineWidth = width;
    context.beginPath();
    context.moveTo(left - 7, top);
    context.lineTo(left + 7, top);
    context.moveTo(left, top - 7);
    context.lineTo(left, top + 7);
    context.stroke();
  }
  context.restore();
}

/** Samples; the chosen one is larger. */
function drawDots(
  context: Context,
  size: Size,
  camera: Camera,
  theme: Theme,
  dots: readonly Point[],
  chosen: number,
): void {
  context.fillStyle = css(theme.accent);
  context.strokeStyle = css(theme.map);
  // all as one line: a hundred dots cost what one does
  for (const isChosen of [false, true]) {
    const radius = isChosen ? 5 : 2.25;
    context.beginPath();
    dots.forEach(([x, y], i) => {
      if ((i === chosen) !== isChosen) return;
      const [left, top] = toScreen(camera, size, x, y);
      context.moveTo(left + radius, top);
      context.arc(left, top, radius, 0, 2 * Math.PI);
    });
    context.lineWidth = isChosen ? 2 : 1;
    context.stroke();
    context.fill();
  }
}
