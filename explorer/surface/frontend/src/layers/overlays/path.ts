/** Which way does the path go, and which ways do others go between the same stops? */

import { type Camera, type Size, toScreen } from "../../geometry/camera";
import type { Layer, MapLabel } from "../../kernel/extension";
import { css } from "../../ui/colour";
import type { Theme } from "../../ui/theme";
import type { PathRecord, Point } from "../../wire/schema";
import { type Context, entranceShare, strokeTwice, trace } from "../marks";

/** A path draws itself. */
const ENTRANCE_MS = 280;
/** Radius of a numbered stop, CSS pixels. */
const STOP_PX = 10.5;

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
  labels({ plot }, frame) {
    const { view, path } = frame.state;
    const record = frame.derived.path;
    if (!record || entranceShare(frame, path.since, ENTRANCE_MS) < 1) return [];
    return labelsOf(record, ([x, y]) => toScreen(view.camera, plot, x, y));
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
  { map, stops }: PathRecord,
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
  if (places.length > 0 && !stops?.length) drawEnd(context, theme, places[0]);
  if (share >= 1 && places.length > 1 && !stops?.length) drawEnd(context, theme, places[places.length - 1]);
  context.restore();
}

/** Paths of other kinds, thin. */
function drawOthers(context: Context, size: Size, camera: Camera, theme: Theme, { others = [] }: PathRecord): void {
  context.save();
  context.lineJoin = "round";
  for (const { map } of others) {
    trace(
      context,
      map.map(([x, y]) => toScreen(camera, size, x, y)),
    );
    strokeTwice(context, [css(theme.map, 0.8), 3.5], [css(theme.text, 0.75), 1.25]);
  }
  context.restore();
}

/** Names of its ends and of the paths beside it, each of these at a place of its own; numbered stops only keep theirs. */
function labelsOf({ map, stops, ends, others = [] }: PathRecord, toPlace: (at: Point) => Point): MapLabel[] {
  const middles = others.flatMap(({ title, map: places }, i) => {
    const middle = places[Math.round(((i + 1.5) / (others.length + 2)) * (places.length - 1))];
    return middle ? [{ text: title, at: toPlace(middle), reach: 4, rank: 2 }] : [];
  });
  if (stops?.length)
    return [...stops.map((at) => ({ text: "", at: toPlace(at), reach: STOP_PX, rank: 0 })), ...middles];
  const named = [map[0], map[map.length - 1]].flatMap((at, i) => {
    const text = ends[i] ?? "";
    return at && text.length > 2 ? [{ text, at: toPlace(at), reach: 7, rank: 1 }] : []; // a short one is a pin's, which is drawn anyway
  });
  return [...named, ...middles];
}

/** A numbered disc. */
function drawStop(context: Context, theme: Theme, [left, top]: Point, label: string): void {
  context.beginPath();
  context.arc(left, top, STOP_PX, 0, 2 * Math.PI);
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

function drawEnd(context: Context, theme: Theme, [left, top]: Point): void {
  context.beginPath();
  context.arc(left, top, 5, 0, 2 * Math.PI);
  context.fillStyle = css(theme.map);
  context.fill();
  context.strokeStyle = css(theme.accent);
  context.lineWidth = 2.5;
  context.stroke();
}
