/**
 * How are a hundred thousand points redrawn within a frame, without a GPU?
 *
 * Sprites are blended into a premultiplied 32-bit buffer, four pixels at once, which is then turned into the straight alpha that
 * ImageData wants. Pixels, points and sprites lie in one memory with the kernels that do so.
 */

import { Arena } from "../../engine/arena";
import { blend } from "../../engine/scalar-raster";
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

/** Room in an arena for what changes its size: larger each time that it must grow, because an arena takes nothing back. */
class Room {
  at = 0;
  private bytes = 0;
  private held: ArrayBufferView | null = null;

  constructor(private readonly arena: Arena) {}

  reserve(bytes: number): number {
    if (bytes <= this.bytes) return this.at;
    this.bytes = 4 * Math.ceil(Math.max(bytes, 1.5 * this.bytes) / 4);
    this.at = this.arena.floatsOf(this.bytes / 4);
    return this.at;
  }

  /** The address of a copy, made once. */
  hold(values: ArrayBufferView): number {
    if (values === this.held) return this.at;
    this.held = values;
    const { buffer, byteOffset, byteLength } = values;
    const to = this.reserve(byteLength);
    new Uint8Array(this.arena.floats.buffer, to).set(new Uint8Array(buffer, byteOffset, byteLength));
    return to;
  }
}

export class PointRaster {
  width = 0;
  height = 0;
  private readonly arena = new Arena();
  private readonly job = this.arena.floatsOf(13);
  private readonly rooms = Array.from({ length: 7 }, () => new Room(this.arena));

  resize(width: number, height: number): void {
    if (width === this.width && height === this.height) return;
    this.width = width;
    this.height = height;
    const [blended, straight] = this.rooms;
    for (const room of [blended, straight]) room.reserve(4 * width * height);
    this.blended.fill(0);
    this.straight.fill(0);
  }

  /** Premultiplied. A view, as the next one: good until the next drawing. */
  private get blended(): Int32Array {
    return new Int32Array(this.arena.floats.buffer, this.rooms[0].at, this.width * this.height);
  }

  /** Straight RGBA, R in the low byte: the bytes of an ImageData. */
  get straight(): Uint32Array<ArrayBuffer> {
    return new Uint32Array(this.arena.floats.buffer, this.rooms[1].at, this.width * this.height);
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
    crowd: Crowd,
    sprites: readonly (Sprite | null)[],
    view: PixelTransform,
    part: Rect,
    from: number,
    deadline: number,
    drawn = { n: 0 },
  ): number {
    const { arena, job } = this;
    const { scaleX, offsetX, scaleY, offsetY } = view;
    this.describe(crowd, stampsOf(sprites), part);
    const n = crowd.chosen ? crowd.chosen.length : crowd.slots.length;
    const most = deadline === Infinity ? n : CHECK;
    for (let place = from; place < n; ) {
      const stop = Math.min(n, place + most);
      drawn.n += arena.kernels.stamp(job, place, stop, scaleX, offsetX, scaleY, offsetY);
      place = stop;
      if (place < n && performance.now() >= deadline) return place;
    }
    return n;
  }

  /** Writes down what the kernel is to do. */
  private describe({ points, slots, chosen }: Crowd, { half, starts, quads }: Stamps, part: Rect): void {
    const [blended, , ofPoints, ofSlots, ofChosen, ofStarts, ofQuads] = this.rooms;
    const words = [
      chosen ? ofChosen.hold(chosen) : 0,
      ofPoints.hold(points),
      ofSlots.hold(slots),
      slots.BYTES_PER_ELEMENT,
      blended.at,
      this.width,
      part.left,
      part.top,
      part.right,
      part.bottom,
      half,
      ofStarts.hold(starts),
      ofQuads.hold(quads),
    ];
    new Uint32Array(this.arena.floats.buffer, this.job).set(words);
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
    const { blended } = this;
    for (let row = top; row < bottom; row++) blended.fill(0, row * this.width + left, row * this.width + right);
  }

  /** Turns what was blended in one part into straight alpha. */
  finish({ left, top, right, bottom }: Rect): void {
    const { arena, rooms, width } = this;
    const isWhole = right - left === width;
    const n = isWhole ? (bottom - top) * width : right - left;
    for (let row = top; row < bottom; row += isWhole ? bottom - top : 1) {
      const at = 4 * (row * width + left);
      arena.kernels.straighten(n, rooms[0].at + at, rooms[1].at + at);
    }
  }
}

/** All sprites as the kernels want them: of each one and each phase the quads that have ink, row by row; see `scalar-raster.ts`. */
interface Stamps {
  /** No marker reaches farther from its middle's pixel. */
  readonly half: number;
  readonly starts: Int32Array;
  readonly quads: Int32Array;
}

const known = new WeakMap<readonly (Sprite | null)[], Stamps>();

function stampsOf(sprites: readonly (Sprite | null)[]): Stamps {
  const before = known.get(sprites);
  if (before) return before;
  const stamps = makeStamps(sprites);
  known.set(sprites, stamps);
  return stamps;
}

function makeStamps(sprites: readonly (Sprite | null)[]): Stamps {
  const starts = [0];
  const quads: number[] = [];
  for (const sprite of sprites) {
    for (let phase = 0; phase < PHASES * PHASES; phase++) {
      if (sprite) addQuads(quads, sprite, phase);
      starts.push(quads.length / 5);
    }
  }
  const half = Math.max(0, ...sprites.map((sprite) => (sprite ? sprite.size >> 1 : 0)));
  return { half, starts: Int32Array.from(starts), quads: Int32Array.from(quads) };
}

/** From the first pixel with ink of a row on, four at a time. */
function addQuads(quads: number[], { size, pixels }: Sprite, phase: number): void {
  const half = size >> 1;
  for (let row = 0; row < size; row++) {
    const begin = (phase * size + row) * size;
    for (let column = 0; column < size; column++) {
      if (pixels[begin + column] === 0) continue;
      quads.push(((row - half) << 16) | ((column - half) & 0xffff));
      for (let k = 0; k < 4; k++) quads.push(column + k < size ? pixels[begin + column + k] | 0 : 0);
      column += 3;
    }
  }
}

/** source + below · (1 − alpha), both premultiplied. */
export function over(source: number, below: number): number {
  return blend(source | 0, below | 0) >>> 0;
}

/** CSS pixels: many points get smaller markers, a closer look larger ones. Quarter steps, so that sprites can be kept. */
export function markerRadius(nPoints: number, zoom: number): number {
  const base = 3.6 * (Math.max(nPoints, 400) / 1000) ** -0.18;
  const grown = base * Math.min(Math.max(zoom, 0.6), 40) ** 0.28;
  return Math.min(Math.max(Math.round(grown * 4) / 4, 0.75), 7);
}
