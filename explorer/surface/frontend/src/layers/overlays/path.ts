/** Which way does the path go, and which ways do others go between the same stops? */

import { type Camera, type Size, toScreen } from "../../geometry/camera";
import type { Layer } from "../../kernel/extension";
import { css } from "../../ui/colour";
import type { Theme } from "../../ui/theme";
import type { PathRecord, Point } from "../../wire/schema";
import { type Context, entranceShare, haloText, strokeTwice, trace } from "../marks";

/** A path draws itself. */
const ENTRANCE_MS = 280;
/** A name is about so wide. */
const NAME_PX = 130;

export const path: Layer = {
  id: "path",
  stratum: "overlay",
  words: null,
  reads: ["path", "host", "pins"],
  draw({ context, plot }, frame) {
    const { theme, view, path } = frame.state;
    const record = frame.derived.path;
    if (!record) return false;
    const share = entranceShare(frame, path.since, ENTRANCE_MS);
    if (share >= 1) drawOthers(context, plot, view.camera, theme, record);
    drawPath(context, plot, view.camera, theme, record, share);
    return share < 1;
  },
};

/** A path that is being drawn by hand. */
export const trail: Layer = {
  id: "trail",
  stratum: "overlay",
  words: null,
  reads: ["path"],
  draw({ context, plot }, { state: { theme, view, path } }) {
    if (path.trail.length < 2) return false;
    context.save();
    context.lineJoin = context.lineCap = "round";
    trace(
      context,
      path.trail.map(([x, y]) => toScreen(view.camera, plot, x, y)),
    );
    strokeTwice(context, [css(theme.map, 0.9), 6], [css(theme.accent), 2.5]);
    context.restore();
    return false;
  },
};

/** The first `share` (0 … 1) of it. */
function drawPath(
  context: Context,
  size: Size,
  camera: Camera,
  theme: Theme,
  { map, stops, ends }: PathRecord,
  share: number,
): void {
  const places = map.map(([x, y]) => toScreen(camera, size, x, y));
  const shown = Math.max(1, Math.round(share * (places.length - 1))) + 1;
  context.save();
  context.lineJoin = "round";
  context.lineCap = "round";
  trace(context, places.slice(0, shown));
  strokeTwice(context, [css(theme.map, 0.9), 6], [css(theme.accent), 2.5]);
  stops?.forEach(([x, y], i) => drawStop(context, theme, toScreen(camera, size, x, y), `${i + 1}`));
  if (places.length > 0 && !stops?.length) drawEnd(context, theme, places[0], ends[0] ?? "");
  if (share >= 1 && places.length > 1 && !stops?.length)
    drawEnd(context, theme, places[places.length - 1], ends[1] ?? "");
  context.restore();
}

/** Paths of other kinds, thin, each with its name at a place of its own. */
function drawOthers(context: Context, size: Size, camera: Camera, theme: Theme, { others = [] }: PathRecord): void {
  context.save();
  context.lineJoin = "round";
  const named: Point[] = [];
  others.forEach(({ title, map }, i) => {
    const places = map.map(([x, y]) => toScreen(camera, size, x, y));
    trace(context, places);
    strokeTwice(context, [css(theme.map, 0.8), 3.5], [css(theme.text, 0.75), 1.25]);
    const middle = places[Math.round(((i + 1.5) / (others.length + 2)) * (places.length - 1))];
    if (!middle) return;
    let top = middle[1] - 6;
    while (named.some(([x, y]) => Math.abs(x - middle[0]) < NAME_PX && Math.abs(y - top) < 16)) top += 16; // not one name on another
    named.push([middle[0], top]);
    haloText(context, theme, title, [middle[0] + 8, top], size.width, 500);
  });
  context.restore();
}

/** A numbered disc. */
function drawStop(context: Context, theme: Theme, [left, top]: Point, label: string): void {
  context.beginPath();
  context.arc(left, top, 10.5, 0, 2 * Math.PI);
  context.fillStyle = css(theme.accent);
  context.fill();
  context.strokeStyle = css(theme.map);
  context.lineWidth = 2;
  context.stroke();
  context.font = `600 ${theme.labelPx}px ${theme.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillStyle = css(theme.onAccent);
  context.fillText(label, left, top + 0.5);
  context.textBaseline = "alphabetic";
}

function drawEnd(context: Context, theme: Theme, [left, top]: Point, label: string): void {
  context.beginPath();
  context.arc(left, top, 5, 0, 2 * Math.PI);
  context.fillStyle = css(theme.map);
  context.fill();
  context.strokeStyle = css(theme.accent);
  context.lineWidth = 2.5;
  context.stroke();
  if (label.length > 2) haloText(context, theme, label, [left + 10, top + 4]); // a short label is a pin's, which is drawn anyway
}
