/** Where do names on the map stand? Beside their marks, on none of the others and within the map: what finds no room is shortened, or left out. */

import type { Size } from "../geometry/camera";
import type { MapLabel } from "../kernel/extension";
import { css } from "../ui/colour";
import type { Theme } from "../ui/theme";
import type { Point } from "../wire/schema";

/** CSS pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A name as long as it may be, and shortened; with the width of each. */
export interface Wanted extends Pick<MapLabel, "at" | "reach" | "rank"> {
  readonly forms: readonly { readonly text: string; readonly width: number }[];
}

export interface Placed extends Box {
  readonly text: string;
}

/** Between a mark and its name. */
const GAP = 3;
/** Letters of a shortened name. */
const SHORT = 5;
/** Around a mark, the best first: across and up as shares of the room beside it. */
const AROUND: readonly (readonly [across: -1 | 0 | 1, down: -1 | 0 | 1])[] = [
  [1, 0],
  [1, -1],
  [1, 1],
  [-1, 0],
  [-1, -1],
  [-1, 1],
  [0, -1],
  [0, 1],
];

export function overlaps(a: Box, b: Box): boolean {
  return a.left < b.left + b.width && b.left < a.left + a.width && a.top < b.top + b.height && b.top < a.top + a.height;
}

/** One for each that is wanted, in their order; null where there is no room. height: of a line. */
export function placeLabels(wanted: readonly Wanted[], height: number, room: Size): (Placed | null)[] {
  const taken: Box[] = wanted.map(({ at: [x, y], reach }) => square(x, y, reach));
  const placed: (Placed | null)[] = wanted.map(() => null);
  const isFree = (box: Box): boolean => isWithin(box, room) && !taken.some((other) => overlaps(box, other));
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a].rank - wanted[b].rank || a - b);
  for (const i of order) {
    const { at, reach, forms } = wanted[i];
    const found = forms
      .flatMap(({ text, width }) => AROUND.map((side) => ({ text, ...beside(at, reach, side, width, height) })))
      .find(isFree);
    if (!found) continue;
    placed[i] = found;
    taken.push(found);
  }
  return placed;
}

function square(x: number, y: number, reach: number): Box {
  return { left: x - reach, top: y - reach, width: 2 * reach, height: 2 * reach };
}

function isWithin({ left, top, width, height }: Box, room: Size): boolean {
  return left >= 0 && top >= 0 && left + width <= room.width && top + height <= room.height;
}

function beside(
  [x, y]: Point,
  reach: number,
  [across, down]: readonly [number, number],
  width: number,
  height: number,
): Box {
  const away = reach + GAP;
  return {
    left: x - width / 2 + across * (away + width / 2),
    top: y - height / 2 + down * (across === 0 ? Math.max(height, away + height / 2) : height),
    width,
    height,
  };
}

/** Those without a text only keep their place free. */
export function drawLabels(
  context: CanvasRenderingContext2D,
  room: Size,
  theme: Theme,
  labels: readonly MapLabel[],
): void {
  if (!labels.some(({ text }) => text)) return;
  context.save();
  context.font = `600 ${theme.labelPx}px ${theme.font}`;
  const form = (text: string) => ({ text, width: context.measureText(text).width });
  const wanted = labels.map((label) => ({ ...label, forms: formsOf(label.text).map(form) }));
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.lineWidth = 4;
  context.strokeStyle = css(theme.map, 0.92);
  context.fillStyle = css(theme.text);
  for (const one of placeLabels(wanted, theme.labelPx + 4, room)) {
    if (!one) continue;
    const middle = one.top + one.height / 2;
    context.strokeText(one.text, one.left, middle);
    context.fillText(one.text, one.left, middle);
  }
  context.restore();
}

function formsOf(text: string): string[] {
  if (!text) return [];
  return text.length > SHORT + 1 ? [text, `${text.slice(0, SHORT).trim()}…`] : [text];
}
