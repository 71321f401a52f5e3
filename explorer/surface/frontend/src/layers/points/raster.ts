/**
 * How are a hundred thousand points redrawn within a frame, without a GPU?
 *
 * Sprites are blended into a premultiplied 32-bit buffer (two channels a multiplication), which is then turned into the straight
 * alpha that ImageData wants.
 */

import { PHASES, type Sprite } from "./sprites";

/** Device pixels: column = x · scaleX + offsetX, row = y · scaleY + offsetY. */
export interface PixelTransform {
  readonly scaleX: number;
  readonly offsetX: number;
  readonly scaleY: number;
  readonly offsetY: number;
}

/** Pixels: columns left … right − 1, rows top … bottom − 1. */
export interface Rect {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Which points: all, or those of a list; in their own order, so that later ones lie above. */
export interface Crowd {
  /** x, y, x, y … */
  readonly points: Float32Array;
  /** The sprite of each point. */
  readonly slots: Uint8Array | Uint16Array;
  readonly chosen: Uint32Array | null;
}

/** The time is looked at after so many points. */
const CHECK = 2048;

export class PointRaster {
  width = 0;
  height = 0;
  private blended = new Int32Array(0);
  /** Straight RGBA, R in the low byte: the bytes of an ImageData. */
  straight = new Uint32Array(0);

  resize(width: number, height: number): void {
    if (width === this.width && height === this.height) return;
    this.width = width;
    this.height = height;
    this.blended = new Int32Array(width * height);
    this.straight = new Uint32Array(width * height);
  }

  get all(): Rect {
    return { left: 0, top: 0, right: this.width, bottom: this.height };
  }

  /** `points` x, y, x, y …; `slots` the sprite of each point; a null sprite hides its points. Returns how many were drawn. */
  draw(
    points: Float32Array,
    slots: Uint8Array | Uint16Array,
    sprites: readonly (Sprite | null)[],
    view: PixelTransform,
  ): number {
    this.clear();
    const drawn = { n: 0 };
    this.stamp({ points, slots, chosen: null }, sprites, view, this.all, 0, Infinity, drawn);
    this.finish(this.all);
    return drawn.n;
  }

  clear(): void {
    this.blended.fill(0);
  }

  /** Blends the points from number `from` on into one part of the picture, until a deadline; returns the number to go on with. */
  stamp(
    { points, slots, chosen }: Crowd,
    sprites: readonly (Sprite | null)[],
    view: PixelTransform,
    part: Rect,
    from: number,
    deadline: number,
    drawn = { n: 0 },
  ): number {
    const { blended, width } = this;
    const { scaleX, offsetX, scaleY, offsetY } = view;
    const { half, starts, offsets, inks } = stampsOf(sprites, width);
    // where a marker's middle may be for it to reach into the part, and for it to lie within
    const [x0, x1, y0, y1] = [part.left - half, part.right + half, part.top - half, part.bottom + half];
    const [c0, c1, r0, r1] = [part.left + half, part.right - half, part.top + half, part.bottom - half];
    const n = chosen ? chosen.length : slots.length;
    for (let place = from; place < n; ) {
      const stop = Math.min(n, place + CHECK);
      for (; place < stop; place++) {
        const i = chosen === null ? place : chosen[place];
        const x = points[2 * i] * scaleX + offsetX;
        if (!(x >= x0 && x < x1)) continue;
        const y = points[2 * i + 1] * scaleY + offsetY;
        if (!(y >= y0 && y < y1)) continue;
        const col = Math.floor(x);
        const row = Math.floor(y);
        const phase = slots[i] * PHASES * PHASES + (((y - row) * PHASES) | 0) * PHASES + (((x - col) * PHASES) | 0);
        const begin = starts[phase];
        const end = starts[phase + 1];
        if (begin === end) continue;
        drawn.n++;
        const base = row * width + col;
        if (col >= c0 && col < c1 && row >= r0 && row < r1) {
          for (let k = begin; k < end; k++) {
            const to = base + offsets[k];
            blended[to] = blend(inks[k], blended[to]);
          }
        } else this.stampPart(sprites, part, col, row, begin, end);
      }
      if (place < n && performance.now() >= deadline) return place;
    }
    return n;
  }

  /** One marker at the border of a part: pixel by pixel. */
  private stampPart(
    sprites: readonly (Sprite | null)[],
    { left, top, right, bottom }: Rect,
    col: number,
    row: number,
    begin: number,
    end: number,
  ): void {
    const { blended, width } = this;
    const { columns, rows, inks } = stampsOf(sprites, width);
    for (let k = begin; k < end; k++) {
      const c = col + columns[k];
      const r = row + rows[k];
      if (r >= top && r < bottom && c >= left && c < right)
        blended[r * width + c] = blend(inks[k], blended[r * width + c]);
    }
  }

  /** Moves all pixels and empties the border that comes into view; returns its parts: they are still to be drawn. */
  shift(dx: number, dy: number): Rect[] {
    const { width, height } = this;
    const by = dy * width + dx;
    for (const pixels of [this.blended, this.straight]) {
      if (by >= 0) pixels.copyWithin(by, 0, pixels.length - by);
      else pixels.copyWithin(0, -by);
    }
    const [top, bottom] = dy >= 0 ? [dy, height] : [0, height + dy];
    const parts: Rect[] = [];
    if (dy > 0) parts.push({ left: 0, right: width, top: 0, bottom: top });
    if (dy < 0) parts.push({ left: 0, right: width, top: bottom, bottom: height });
    if (dx > 0) parts.push({ left: 0, right: dx, top, bottom });
    if (dx < 0) parts.push({ left: width + dx, right: width, top, bottom });
    for (const part of parts) this.empty(part);
    return parts;
  }

  private empty({ left, top, right, bottom }: Rect): void {
    for (let row = top; row < bottom; row++) this.blended.fill(0, row * this.width + left, row * this.width + right);
  }

  /** Turns what was blended in one part into straight alpha. */
  finish({ left, top, right, bottom }: Rect): void {
    const table = unpremultiplyTable();
    const { blended, straight, width } = this;
    for (let row = top; row < bottom; row++) {
      for (let i = row * width + left, end = row * width + right; i < end; i++) {
        const p = blended[i];
        const alpha = p >>> 24;
        if (alpha === 0 || alpha === 255) straight[i] = p;
        else {
          const base = alpha << 8;
          straight[i] =
            (alpha << 24) |
            (table[base | ((p >>> 16) & 255)] << 16) |
            (table[base | ((p >>> 8) & 255)] << 8) |
            table[base | (p & 255)];
        }
      }
    }
  }
}

/** All sprites, for pictures of one width: of each one and each phase only the pixels with ink, one after the other. */
interface Stamps {
  readonly width: number;
  /** No marker reaches farther from its middle's pixel. */
  readonly half: number;
  /** Where the pixels of sprite s in phase p begin: starts[s · PHASES² + p]; they end where the next ones begin. */
  readonly starts: Int32Array;
  /** Of a pixel: place relative to the middle's, the same as a distance in the picture, premultiplied colour. */
  readonly columns: Int32Array;
  readonly rows: Int32Array;
  readonly offsets: Int32Array;
  readonly inks: Int32Array;
}

const known = new WeakMap<readonly (Sprite | null)[], Stamps>();

function stampsOf(sprites: readonly (Sprite | null)[], width: number): Stamps {
  const before = known.get(sprites);
  if (before?.width === width) return before;
  const stamps = makeStamps(sprites, width);
  known.set(sprites, stamps);
  return stamps;
}

function makeStamps(sprites: readonly (Sprite | null)[], width: number): Stamps {
  const starts = [0];
  const columns: number[] = [];
  const rows: number[] = [];
  const inks: number[] = [];
  for (const sprite of sprites) {
    const [size, half] = sprite ? [sprite.size, sprite.size >> 1] : [0, 0];
    for (let phase = 0; phase < PHASES * PHASES; phase++) {
      for (let at = 0; at < size * size; at++) {
        const ink = sprite!.pixels[phase * size * size + at];
        if (ink === 0) continue;
        columns.push((at % size) - half);
        rows.push(Math.floor(at / size) - half);
        inks.push(ink | 0);
      }
      starts.push(inks.length);
    }
  }
  const offsets = Int32Array.from(columns, (column, k) => rows[k] * width + column);
  const half = Math.max(0, ...sprites.map((sprite) => (sprite ? sprite.size >> 1 : 0)));
  return {
    width,
    half,
    starts: Int32Array.from(starts),
    columns: Int32Array.from(columns),
    rows: Int32Array.from(rows),
    offsets,
    inks: Int32Array.from(inks),
  };
}

/** source + below · (1 − alpha), both premultiplied; red and blue share one multiplication, green and alpha the other. */
export function over(source: number, below: number): number {
  return blend(source | 0, below | 0) >>> 0;
}

/** The same in signed 32-bit words, which need no conversion; and without a branch, which random pixels would mostly mislead. */
function blend(source: number, below: number): number {
  const rest = 256 - (source >>> 24) - (source >>> 31); // 255 becomes 0, 0 stays 256
  const redBlue = (Math.imul(below & 0x00ff00ff, rest) >>> 8) & 0x00ff00ff;
  const alphaGreen = Math.imul((below >>> 8) & 0x00ff00ff, rest) & 0xff00ff00;
  return (source + (redBlue | alphaGreen)) | 0;
}

let table: Uint8Array | null = null;

function unpremultiplyTable(): Uint8Array {
  if (table) return table;
  table = new Uint8Array(65536);
  for (let alpha = 1; alpha < 256; alpha++) {
    for (let value = 0; value < 256; value++)
      table[(alpha << 8) | value] = Math.min(255, Math.round((value * 255) / alpha));
  }
  return table;
}

/** CSS pixels: many points get smaller markers, a closer look larger ones. Quarter steps, so that sprites can be kept. */
export function markerRadius(nPoints: number, zoom: number): number {
  const base = 3.6 * (Math.max(nPoints, 400) / 1000) ** -0.18;
  const grown = base * Math.min(Math.max(zoom, 0.6), 40) ** 0.28;
  return Math.min(Math.max(Math.round(grown * 4) / 4, 0.75), 7);
}
