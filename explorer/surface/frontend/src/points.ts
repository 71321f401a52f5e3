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

/** Class −1 (no label) is kept at the end of the tables. */
export function slotOf(label: number, nClasses: number): number {
  return label >= 0 && label < nClasses ? label : nClasses;
}

export class PointRaster {
  width = 0;
  height = 0;
  private blended = new Uint32Array(0);
  /** Straight RGBA, R in the low byte: the bytes of an ImageData. */
  straight = new Uint32Array(0);

  resize(width: number, height: number): void {
    if (width === this.width && height === this.height) return;
    this.width = width;
    this.height = height;
    this.blended = new Uint32Array(width * height);
    this.straight = new Uint32Array(width * height);
  }

  /** `points` x, y, x, y …; `slots` the sprite of each point; a null sprite hides its points. Returns how many were drawn. */
  draw(points: Float32Array, slots: Uint8Array | Uint16Array, sprites: readonly (Sprite | null)[], view: PixelTransform): number {
    this.blended.fill(0);
    let drawn = 0;
    for (let i = 0, n = slots.length; i < n; i++) {
      const sprite = sprites[slots[i]];
      if (!sprite) continue;
      const x = points[2 * i] * view.scaleX + view.offsetX;
      const y = points[2 * i + 1] * view.scaleY + view.offsetY;
      const half = sprite.size >> 1;
      if (!(x > -half && y > -half && x < this.width + half && y < this.height + half)) continue;
      this.stamp(sprite, x, y, half);
      drawn++;
    }
    this.unpremultiply();
    return drawn;
  }

  private stamp({ size, pixels }: Sprite, x: number, y: number, half: number): void {
    const col = Math.floor(x);
    const row = Math.floor(y);
    const phase = ((y - row) * PHASES) >> 0;
    const start = (phase * PHASES + (((x - col) * PHASES) >> 0)) * size * size;
    const left = col - half;
    const top = row - half;
    const c0 = left < 0 ? -left : 0;
    const c1 = left + size > this.width ? this.width - left : size;
    const r0 = top < 0 ? -top : 0;
    const r1 = top + size > this.height ? this.height - top : size;
    const { blended, width } = this;
    for (let r = r0; r < r1; r++) {
      let from = start + r * size + c0;
      let to = (top + r) * width + left + c0;
      for (let c = c0; c < c1; c++, from++, to++) {
        const source = pixels[from];
        if (source !== 0) blended[to] = over(source, blended[to]);
      }
    }
  }

  private unpremultiply(): void {
    const table = unpremultiplyTable();
    const { blended, straight } = this;
    for (let i = 0; i < blended.length; i++) {
      const p = blended[i];
      const alpha = p >>> 24;
      if (alpha === 0 || alpha === 255) straight[i] = p;
      else {
        const base = alpha << 8;
        straight[i] = (alpha << 24) | (table[base | ((p >>> 16) & 255)] << 16) | (table[base | ((p >>> 8) & 255)] << 8) | table[base | (p & 255)];
      }
    }
  }
}

/** source + below · (1 − alpha), both premultiplied; red and blue share one multiplication, green and alpha the other. */
export function over(source: number, below: number): number {
  if (below === 0) return source;
  const rest = 256 - (source >>> 24) - (source >>> 31); // 255 becomes 0, 0 stays 256
  if (rest === 0) return source;
  const redBlue = (Math.imul(below & 0x00ff00ff, rest) >>> 8) & 0x00ff00ff;
  const alphaGreen = Math.imul((below >>> 8) & 0x00ff00ff, rest) & 0xff00ff00;
  return (source + (redBlue | alphaGreen)) >>> 0;
}

let table: Uint8Array | null = null;

function unpremultiplyTable(): Uint8Array {
  if (table) return table;
  table = new Uint8Array(65536);
  for (let alpha = 1; alpha < 256; alpha++) {
    for (let value = 0; value < 256; value++) table[(alpha << 8) | value] = Math.min(255, Math.round((value * 255) / alpha));
  }
  return table;
}

/** CSS pixels: many points get smaller markers, a closer look larger ones. Quarter steps, so that sprites can be kept. */
export function markerRadius(nPoints: number, zoom: number): number {
  const base = 3.6 * (Math.max(nPoints, 400) / 1000) ** -0.18;
  const grown = base * Math.min(Math.max(zoom, 0.6), 40) ** 0.28;
  return Math.min(Math.max(Math.round(grown * 4) / 4, 0.75), 7);
}
