/** What does one marker look like, pixel by pixel? Anti-aliased once, then stamped a million times. */

import type { Rgb } from "../../ui/colour";
import type { Shape } from "../../ui/palette";

/** Positions within a pixel that get a sprite of their own, along each axis: markers move smoothly while zooming. */
export const PHASES = 4;
const SAMPLES = 5;

/** PHASES² pictures of size×size, premultiplied RGBA in a 32-bit word each (R in the low byte). */
export interface Sprite {
  readonly size: number;
  readonly pixels: Uint32Array;
}

interface Mask {
  readonly size: number;
  readonly coverage: Float32Array;
}

const masks = new Map<string, Mask>();
const MAX_MASKS = 120;

/** `radius` in device pixels; the marker's middle is at size/2 + phase/PHASES. */
export function makeSprite(shape: Shape, colour: Rgb, alpha: number, radius: number): Sprite {
  const { size, coverage } = maskOf(shape, radius);
  const pixels = new Uint32Array(coverage.length);
  for (let i = 0; i < pixels.length; i++)
    pixels[i] = coverage[i] === 0 ? 0 : premultiplied(colour, alpha * coverage[i]);
  return { size, pixels };
}

/** Shared by all colours of one marker, and kept: zooming passes the same few sizes again and again. */
function maskOf(shape: Shape, radius: number): Mask {
  const key = `${shape.name} ${radius}`;
  const known = masks.get(key);
  if (known) return known;
  if (masks.size >= MAX_MASKS) masks.clear();
  const mask = makeMask(shape, radius);
  masks.set(key, mask);
  return mask;
}

function makeMask(shape: Shape, radius: number): Mask {
  const size = 2 * Math.ceil(radius * 1.25 + 0.5) + 1;
  const values = new Float32Array(PHASES * PHASES * size * size);
  let at = 0;
  for (let phaseY = 0; phaseY < PHASES; phaseY++) {
    for (let phaseX = 0; phaseX < PHASES; phaseX++) {
      const middleX = (size - 1) / 2 + (phaseX + 0.5) / PHASES;
      const middleY = (size - 1) / 2 + (phaseY + 0.5) / PHASES;
      for (let row = 0; row < size; row++) {
        for (let col = 0; col < size; col++) values[at++] = coverage(shape, col - middleX, row - middleY, radius);
      }
    }
  }
  return { size, coverage: values };
}

/** Share of the pixel with corner (left, top), relative to the marker's middle, that lies in the marker. */
export function coverage(shape: Shape, left: number, top: number, radius: number): number {
  const far = 1.25 * radius + 1.5; // no marker reaches beyond 1.25 radii
  if (left * left + top * top > far * far) return 0;
  let hits = 0;
  for (let i = 0; i < SAMPLES; i++) {
    for (let j = 0; j < SAMPLES; j++) {
      const x = (left + (j + 0.5) / SAMPLES) / radius;
      const y = (top + (i + 0.5) / SAMPLES) / radius;
      if (contains(shape, x, y)) hits++;
    }
  }
  return hits / (SAMPLES * SAMPLES);
}

/** Even-odd: how often does a ray to the right cross the outline? */
export function contains({ polygons }: Shape, x: number, y: number): boolean {
  let inside = false;
  for (const corners of polygons) {
    for (let i = 0, j = corners.length - 1; i < corners.length; j = i++) {
      const [xi, yi] = corners[i];
      const [xj, yj] = corners[j];
      if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
    }
  }
  return inside;
}

function premultiplied({ r, g, b }: Rgb, alpha: number): number {
  const byte = (v: number): number => Math.round(v * alpha);
  return ((Math.round(alpha * 255) << 24) | (byte(b) << 16) | (byte(g) << 8) | byte(r)) >>> 0;
}
