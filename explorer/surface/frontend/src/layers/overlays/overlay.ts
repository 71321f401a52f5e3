/** What is drawn above the points and changes rarely: the path, the host's markers, the pins? */

import type { PosteriorMarker } from "../../data/posterior-marker";
import { type Camera, type Size, toScreen } from "../../geometry/camera";
import { css } from "../../ui/colour";
import type { Theme } from "../../ui/theme";
import type { PathRecord, PinRecord, Point } from "../../wire/schema";

type Context = CanvasRenderingContext2D;

/** The first `share` (0 … 1) of the path, so that it can draw itself. */
export function drawPath(
  context: Context,
  size: Size,
  camera: Camera,
  theme: Theme,
  path: PathRecord,
  share: number,
): void {
  const places = path.map.map(([x, y]) => toScreen(camera, size, x, y));
  const shown = Math.max(1, Math.round(share * (places.length - 1))) + 1;
  context.save();
  context.lineJoin = "round";
  context.lineCap = "round";
  trace(context, places.slice(0, shown));
  context.strokeStyle = css(theme.map, 0.9);
  context.lineWidth = 6;
  context.stroke();
  context.strokeStyle = css(theme.accent);
  context.lineWidth = 2.5;
  context.stroke();
  path.stops?.forEach(([x, y], i) => drawStop(context, theme, toScreen(camera, size, x, y), `${i + 1}`));
  if (places.length > 0 && !path.stops?.length) drawEnd(context, theme, places[0], path.ends[0] ?? "");
  if (share >= 1 && places.length > 1 && !path.stops?.length)
    drawEnd(context, theme, places[places.length - 1], path.ends[1] ?? "");
  context.restore();
}

/** A name is about so wide. */
const NAME_PX = 130;

/** Paths of other kinds, thin, each with its name at a place of its own. */
export function drawOthers(
  context: Context,
  size: Size,
  camera: Camera,
  theme: Theme,
  { others = [] }: PathRecord,
): void {
  context.save();
  context.lineJoin = "round";
  const named: Point[] = [];
  others.forEach(({ title, map }, i) => {
    const places = map.map(([x, y]) => toScreen(camera, size, x, y));
    trace(context, places);
    for (const [ink, width] of [
      [css(theme.map, 0.8), 3.5],
      [css(theme.text, 0.75), 1.25],
    ] as const) {
      context.strokeStyle = ink;
      context.lineWidth = width;
      context.stroke();
    }
    const middle = places[Math.round(((i + 1.5) / (others.length + 2)) * (places.length - 1))];
    if (!middle) return;
    let top = middle[1] - 6;
    while (named.some(([x, y]) => Math.abs(x - middle[0]) < NAME_PX && Math.abs(y - top) < 16)) top += 16; // not one name on another
    named.push([middle[0], top]);
    haloText(context, theme, title, middle[0] + 8, top, size.width, 500);
  });
  context.restore();
}

/** A path that is being drawn by hand. */
export function drawTrail(context: Context, size: Size, camera: Camera, theme: Theme, trail: readonly Point[]): void {
  context.save();
  context.lineJoin = context.lineCap = "round";
  trace(
    context,
    trail.map(([x, y]) => toScreen(camera, size, x, y)),
  );
  for (const [ink, width] of [
    [css(theme.map, 0.9), 6],
    [css(theme.accent), 2.5],
  ] as const) {
    context.strokeStyle = ink;
    context.lineWidth = width;
    context.stroke();
  }
  context.restore();
}

function trace(context: Context, places: readonly Point[]): void {
  context.beginPath();
  places.forEach(([left, top], i) => (i ? context.lineTo(left, top) : context.moveTo(left, top)));
}

/** A numbered disc. */
function drawStop(context: Context, theme: Theme, [left, top]: Point, label: string): void {
  context.beginPath();
  context.arc(left, top, 9, 0, 2 * Math.PI);
  context.fillStyle = css(theme.accent);
  context.fill();
  context.strokeStyle = css(theme.map);
  context.lineWidth = 2;
  context.stroke();
  context.font = `600 12px ${theme.font}`;
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
  if (label.length > 2) haloText(context, theme, label, left + 10, top + 4); // a short label is a pin's, which is drawn anyway
}

/** The posterior's one-sigma ellipse in true axis units, a cross and a name. */
export function drawMarker(context: Context, size: Size, camera: Camera, theme: Theme, marker: PosteriorMarker): void {
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
  if (marker.spread) drawEllipses(context, size, camera, marker.map, marker.spread, [1, 2], css(theme.accent), 1.5);
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
  haloText(context, theme, marker.label, left + 12, top - 8, size.width);
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
  dots.forEach(([x, y], i) => {
    const [left, top] = toScreen(camera, size, x, y);
    context.beginPath();
    context.arc(left, top, i === chosen ? 5 : 2.25, 0, 2 * Math.PI);
    context.lineWidth = i === chosen ? 2 : 1;
    context.stroke();
    context.fill();
  });
}

/** Ellipses of a Gaussian on the map at some standard deviations; covariance xx, xy, yy in map units. */
export function drawEllipses(
  context: Context,
  size: Size,
  camera: Camera,
  [x, y]: Point,
  [xx, xy, yy]: readonly [number, number, number],
  sigmas: readonly number[],
  ink: string,
  width: number,
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

/** Lines from the probe to points, thinner with every rank. */
export function drawLinks(
  context: Context,
  size: Size,
  camera: Camera,
  theme: Theme,
  from: Point,
  to: readonly Point[],
): void {
  const [left, top] = toScreen(camera, size, from[0], from[1]);
  context.save();
  context.lineCap = "round";
  to.forEach(([x, y], rank) => {
    const [a, b] = toScreen(camera, size, x, y);
    for (const [ink, width] of [
      [css(theme.map, 0.85), 4],
      [css(theme.accent, 1 - 0.07 * rank), 1.75],
    ] as const) {
      context.beginPath();
      context.moveTo(left, top);
      context.lineTo(a, b);
      context.strokeStyle = ink;
      context.lineWidth = width;
      context.stroke();
    }
    context.beginPath();
    context.arc(a, b, 4, 0, 2 * Math.PI);
    context.fillStyle = css(theme.accent);
    context.fill();
  });
  context.restore();
}

/** A loop around points, and a ring around every point in it. */
export function drawLoop(
  context: Context,
  size: Size,
  camera: Camera,
  theme: Theme,
  loop: readonly Point[],
  inside: readonly Point[],
): void {
  context.save();
  trace(
    context,
    loop.map(([x, y]) => toScreen(camera, size, x, y)),
  );
  context.closePath();
  context.fillStyle = css(theme.accent, 0.1);
  context.fill();
  context.setLineDash([6, 4]);
  context.strokeStyle = css(theme.accent);
  context.lineWidth = 1.75;
  context.stroke();
  context.setLineDash([]);
  context.lineWidth = 1.25;
  context.strokeStyle = css(theme.text, 0.7);
  context.beginPath();
  for (const [x, y] of inside) {
    const [left, top] = toScreen(camera, size, x, y);
    context.moveTo(left + 4, top);
    context.arc(left, top, 4, 0, 2 * Math.PI);
  }
  context.stroke();
  context.restore();
}

/** More rings than this would hide the points. */
export const MOST_RINGS = 1500;

/** To the right of its mark; on the other side where there is no room. */
function haloText(
  context: Context,
  theme: Theme,
  text: string,
  right: number,
  top: number,
  room = Infinity,
  weight = 600,
): void {
  context.font = `${weight} 13px ${theme.font}`;
  const { width } = context.measureText(text);
  const left = right + width > room ? right - 24 - width : right;
  context.textAlign = "left";
  context.lineJoin = "round";
  context.lineWidth = 4;
  context.strokeStyle = css(theme.map, 0.92);
  context.strokeText(text, left, top);
  context.fillStyle = css(theme.text);
  context.fillText(text, left, top);
}

const PIN_RADIUS = 10.5;
const PIN_HEIGHT = 25;

/** `drop` 0 … 1: a new pin falls onto its place. The place itself is the tip. */
export function drawPin(
  context: Context,
  size: Size,
  camera: Camera,
  theme: Theme,
  pin: PinRecord,
  drop: number,
): void {
  const [left, tip] = toScreen(camera, size, pin.map[0], pin.map[1]);
  const top = tip - 18 * (1 - drop) ** 2;
  context.save();
  context.globalAlpha = 0.3 + 0.7 * drop;
  context.beginPath();
  context.arc(left, top - PIN_HEIGHT + PIN_RADIUS, PIN_RADIUS, 0.78 * Math.PI, 2.22 * Math.PI);
  context.lineTo(left, top);
  context.closePath();
  context.strokeStyle = css(theme.map);
  context.lineWidth = 3;
  context.stroke();
  context.fillStyle = css(theme.accent);
  context.fill();
  context.font = `600 ${pin.label.length > 2 ? 9 : 12}px ${theme.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillStyle = css(theme.onAccent);
  context.fillText(pin.label.slice(0, 3), left, top - PIN_HEIGHT + PIN_RADIUS + 0.5);
  context.restore();
}
