/**
 * What was drawn, and what can be taken back? Strokes of pen and eraser as lines, and how they become a picture.
 *
 * Strokes are kept as lines so that the pen has the data set's width whatever the size of the drawing: they are brought to size first
 * and inked after. Lengths are pixels of the model's frame, x to the right, y down.
 */

import type { PictureProtocol } from "../wire/schema";

export type Dot = readonly [x: number, y: number];
export type Tool = "pen" | "eraser";

export interface Stroke {
  readonly tool: Tool;
  /** Of the line, in pixels of the model's frame. */
  readonly width: number;
  readonly dots: readonly Dot[];
}

/** Steps that can be taken back. */
const MAX_PAST = 200;
/** A tick is enlarged so far and no further: a dot must not fill the frame. */
const MAX_ZOOM = 6;
/** The box of the data set takes so much of the picture: paper is left on all sides. */
const BOX_SHARE = 5 / 7;
/** Least height of the picture that is prepared, in pixels: four and a half for one of MNIST's. Its work grows with the square of it. */
const RASTER_PX = 128;

/** The strokes, with every state that they were in. Wiping is a step like any other. */
export class Sketch {
  private past: (readonly Stroke[])[] = [];
  private future: (readonly Stroke[])[] = [];
  private now: readonly Stroke[] = [];

  get strokes(): readonly Stroke[] {
    return this.now;
  }

  /** Nothing that a pen left can be seen where no pen was. */
  get isEmpty(): boolean {
    return !this.now.some(({ tool }) => tool === "pen");
  }

  get canUndo(): boolean {
    return this.past.length > 0;
  }

  get canRedo(): boolean {
    return this.future.length > 0;
  }

  begin(tool: Tool, width: number, dot: Dot): void {
    this.step([...this.now, { tool, width, dots: [dot] }]);
  }

  /** Goes on with the last stroke. */
  extend(dots: readonly Dot[]): void {
    const last = this.now[this.now.length - 1];
    if (last) this.now = [...this.now.slice(0, -1), { ...last, dots: [...last.dots, ...dots] }];
  }

  /** Others in place of those that are there. */
  replace(strokes: readonly Stroke[]): void {
    this.step(strokes);
  }

  clear(): void {
    if (this.now.length > 0) this.step([]);
  }

  undo(): boolean {
    return this.go(this.past, this.future);
  }

  redo(): boolean {
    return this.go(this.future, this.past);
  }

  private step(next: readonly Stroke[]): void {
    this.past = [...this.past, this.now].slice(-MAX_PAST);
    this.future = [];
    this.now = next;
  }

  private go(from: (readonly Stroke[])[], to: (readonly Stroke[])[]): boolean {
    const next = from.pop();
    if (!next) return false;
    to.push(this.now);
    this.now = next;
    return true;
  }
}

/** Where the strokes go on a picture of `height` × `width` pixels: picture = place + scale · frame, lines `pen` times as wide. */
export interface Layout {
  readonly height: number;
  readonly width: number;
  readonly scale: number;
  readonly left: number;
  readonly top: number;
  readonly pen: number;
}

/** withPen: the drawing is brought to the size of the data set's ink first, so that lines have the width that they have there. */
export function layoutOf(
  strokes: readonly Stroke[],
  { box }: PictureProtocol,
  frameHeight: number,
  frameWidth: number,
  withPen: boolean,
): Layout {
  const height = Math.max(RASTER_PX, frameHeight),
    width = Math.round((height * frameWidth) / frameHeight);
  const pens = strokes.filter(({ tool }) => tool === "pen"),
    dots = pens.flatMap((stroke) => stroke.dots);
  if (!box || !withPen || dots.length === 0)
    return { height, width, scale: height / frameHeight, left: 0, top: 0, pen: height / frameHeight };
  const [wideBox, highBox] = [box[1] * frameWidth, box[0] * frameHeight];
  const pen = Math.min((BOX_SHARE * height) / highBox, (BOX_SHARE * width) / wideBox); // picture pixels a pixel of the model
  const thick = Math.max(...pens.map((stroke) => stroke.width));
  const [left, right, top, bottom] = [least(dots, 0), -least(dots, 0, -1), least(dots, 1), -least(dots, 1, -1)];
  const room = (side: number): number => Math.max(1, side - thick); // the line's own width is ink too
  const zoom = Math.min(
    room(highBox) / Math.max(bottom - top, 1e-6),
    room(wideBox) / Math.max(right - left, 1e-6),
    MAX_ZOOM,
  );
  const scale = pen * zoom;
  return {
    height,
    width,
    scale,
    left: width / 2 - (scale * (left + right)) / 2,
    top: height / 2 - (scale * (top + bottom)) / 2,
    pen,
  };
}

/** The smallest of a coordinate; with sign −1, minus the largest. */
function least(dots: readonly Dot[], axis: 0 | 1, sign = 1): number {
  return dots.reduce((found, dot) => Math.min(found, sign * dot[axis]), Infinity);
}

/** What a stroke that grows adds to a picture of the strokes before; null where they differ in anything else. */
export function newEnd(before: readonly Stroke[], now: readonly Stroke[]): readonly Stroke[] | null {
  const n = now.length - 1;
  if (n < 0 || before.length !== now.length) return null;
  if (now.some((stroke, k) => k < n && stroke !== before[k])) return null;
  const [was, is] = [before[n], now[n]];
  const last = was.dots.length - 1;
  if (was.tool !== is.tool || was.width !== is.width) return null;
  return is.dots[0] === was.dots[0] && is.dots[last] === was.dots[last] ? [{ ...is, dots: is.dots.slice(last) }] : null;
}

/** Light on black, or over what is there. An eraser is as wide as it looked when the drawing was made, a pen as the layout says. */
export function paintStrokes(
  context: CanvasRenderingContext2D,
  strokes: readonly Stroke[],
  { height, width, scale, left, top, pen }: Layout,
  isOver = false,
): void {
  context.setTransform(1, 0, 0, 1, 0, 0);
  if (!isOver) {
    context.fillStyle = "#000";
    context.fillRect(0, 0, width, height);
  }
  context.lineCap = context.lineJoin = "round";
  for (const { tool, width: line, dots } of strokes) {
    context.strokeStyle = tool === "pen" ? "#fff" : "#000";
    context.lineWidth = line * (tool === "pen" ? pen : scale);
    context.beginPath();
    dots.forEach(([x, y], i) =>
      i ? context.lineTo(left + scale * x, top + scale * y) : context.moveTo(left + scale * x, top + scale * y),
    );
    if (dots.length === 1) context.lineTo(left + scale * dots[0][0], top + scale * dots[0][1]);
    context.stroke();
  }
}
