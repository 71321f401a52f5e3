/**
 * How does a drawing become a picture as the model's own were made?
 *
 * Strokes are kept as lines, so the pen has the data set's width whatever the size of the drawing: fitted into the box first, inked after.
 * The rest follows explorer/core/preprocess.py. Lengths are pixels of the model's frame, x to the right, y down.
 */

import type { PadProtocol } from "./book";

export type Dot = readonly [x: number, y: number];
export type Stroke = readonly Dot[];

/** Ink is measured at so many places a pixel and axis. */
const FINE = 5;
/** A tick is enlarged so far and no further: a dot must not fill the frame. */
const MAX_ZOOM = 6;

/** x (H·W,) in [0, 1], light on dark; all 0 without a stroke. */
export function inked(strokes: readonly Stroke[], { box, by_mass, pen }: PadProtocol, height: number, width: number): Float32Array {
  const dots = strokes.flat();
  if (dots.length === 0) return new Float32Array(height * width);
  const thick = pen * height;
  if (!box) return normalised(ink(strokes, thick, height, width));
  const left = least(dots, 0), top = least(dots, 1);
  const wide = -least(dots, 0, -1) - left, high = -least(dots, 1, -1) - top;
  const room = (share: number, side: number): number => Math.max(1, share * side - thick); // the line's own width is ink too
  const zoom = Math.min(room(box[0], height) / Math.max(high, 1e-6), room(box[1], width) / Math.max(wide, 1e-6), MAX_ZOOM);
  const placed = (x: number, y: number): Stroke[] =>
    strokes.map((stroke) => stroke.map(([a, b]): Dot => [(a - left) * zoom + x, (b - top) * zoom + y]));
  const middle: Dot = [(width - wide * zoom) / 2, (height - high * zoom) / 2];
  const first = ink(placed(...middle), thick, height, width);
  if (!by_mass) return normalised(first);
  const [massX, massY] = centreOfMass(first, height, width);
  // as in MNIST: by whole pixels, all of the ink inside
  const moved = (at: number, mass: number, side: number, long: number): number => {
    const edge = at - thick / 2;
    return Math.min(Math.max(Math.ceil(edge + side / 2 - mass), 0), Math.max(0, side - long - thick)) + thick / 2;
  };
  return normalised(ink(placed(moved(middle[0], massX, width, wide * zoom), moved(middle[1], massY, height, high * zoom)), thick, height, width));
}

/** The smallest of a coordinate; with sign −1, minus the largest. */
function least(dots: readonly Dot[], axis: 0 | 1, sign = 1): number {
  return dots.reduce((found, dot) => Math.min(found, sign * dot[axis]), Infinity);
}

/** The share of each pixel that lies within half a pen of a line. */
function ink(strokes: readonly Stroke[], thick: number, height: number, width: number): Float32Array {
  const columns = width * FINE, rows = height * FINE, reach = thick / 2;
  const touched = new Uint8Array(rows * columns);
  for (const stroke of strokes) {
    for (let i = 0; i < stroke.length; i++) mark(touched, columns, rows, stroke[Math.max(0, i - 1)], stroke[i], reach);
  }
  const out = new Float32Array(height * width);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      if (touched[row * columns + column]) out[Math.floor(row / FINE) * width + Math.floor(column / FINE)] += 1 / FINE ** 2;
    }
  }
  return out;
}

function mark(touched: Uint8Array, columns: number, rows: number, [ax, ay]: Dot, [bx, by]: Dot, reach: number): void {
  const low = (a: number, b: number): number => Math.max(0, Math.floor((Math.min(a, b) - reach) * FINE));
  const high = (a: number, b: number, n: number): number => Math.min(n - 1, Math.ceil((Math.max(a, b) + reach) * FINE));
  const dx = bx - ax, dy = by - ay, square = dx * dx + dy * dy;
  for (let row = low(ay, by); row <= high(ay, by, rows); row++) {
    const y = (row + 0.5) / FINE;
    for (let column = low(ax, bx); column <= high(ax, bx, columns); column++) {
      const x = (column + 0.5) / FINE;
      const t = square > 0 ? Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / square)) : 0;
      if ((ax + t * dx - x) ** 2 + (ay + t * dy - y) ** 2 <= reach * reach) touched[row * columns + column] = 1;
    }
  }
}

function centreOfMass(x: Float32Array, height: number, width: number): Dot {
  let total = 0, across = 0, down = 0;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const value = x[row * width + column];
      total += value;
      across += value * (column + 0.5);
      down += value * (row + 0.5);
    }
  }
  return total > 0 ? [across / total, down / total] : [width / 2, height / 2];
}

/** Its lightest pixel becomes 1. */
function normalised(x: Float32Array): Float32Array {
  const most = x.reduce((found, value) => Math.max(found, value), 0);
  return most > 0 ? x.map((value) => value / most) : x;
}
