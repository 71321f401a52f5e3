/** Where do drawn lines stand in the model's frame? Their box, their width, their place. */

import { CANVAS } from "../wire/schema";
import { type Plane, plane, roundEven } from "./plane";

export function boxFor(
  { h, w }: Plane,
  room: readonly [number, number],
  height: number,
  width: number,
): [number, number] {
  const scale = CANVAS * Math.min((room[0] * height) / h, (room[1] * width) / w);
  return [Math.max(1, roundEven(h * scale)), Math.max(1, roundEven(w * scale))];
}

/** 2 · area / outline, the outline being π/4 · its crossings with rows and columns (Crofton). */
export function strokeWidth({ h, w, v }: Plane): number {
  const above = new Uint8Array(w); // nothing is around the picture
  let area = 0,
    crossings = 0;
  for (let y = 0, i = 0; y < h; y++) {
    let left = 0;
    for (let x = 0; x < w; x++, i++) {
      const here = v[i] > 0.5 ? 1 : 0;
      area += here;
      crossings += (here ^ left) + (here ^ above[x]);
      left = above[x] = here;
    }
    crossings += left;
  }
  for (const last of above) crossings += last;
  return (2 * area) / Math.max(1, (Math.PI / 4) * crossings);
}

/** Every stroke grows by `radius` pixels on each side; the picture grows with it. */
export function thicken({ h, w, v }: Plane, radius: number): Plane {
  const reach = Math.ceil(radius);
  const out = plane(h + 2 * reach, w + 2 * reach);
  for (let dy = -reach; dy <= reach; dy++) {
    for (let dx = -reach; dx <= reach; dx++) {
      const weight = Math.min(1, radius + 0.5 - Math.hypot(dx, dy)); // the disc's own edge is smooth too
      if (weight <= 0) continue;
      for (let y = 0; y < h; y++) {
        for (let x = 0, from = y * w, to = (y + reach - dy) * out.w + reach - dx; x < w; x++, from++, to++) {
          const value = weight * v[from];
          if (value > out.v[to]) out.v[to] = value;
        }
      }
    }
  }
  return out;
}

/** Into the empty frame, all of the ink inside. By mass: on the canvas, by whole model pixels, as in MNIST. */
export function place(drawn: Plane, height: number, width: number, byMass: boolean): Plane {
  const { h, w, v } = drawn,
    [row, column] = cornerOf(drawn, height, width, byMass),
    frame = plane(height, width);
  for (let y = 0; y < h; y++) frame.v.set(v.subarray(y * w, (y + 1) * w), (row + y) * width + column);
  return frame;
}

/** The same on a frame CANVAS times as large, made small by means over areas: only the ink is walked over. Values are 32-bit floats. */
export function placeSmall(drawn: Plane, height: number, width: number, byMass: boolean): Plane {
  const { h, w, v } = drawn,
    [top, left] = cornerOf(drawn, height * CANVAS, width * CANVAS, byMass),
    share = 1 / CANVAS;
  const frame = plane(height, width),
    line = new Float64Array(width),
    columns = Int32Array.from({ length: w }, (_, x) => Math.trunc((left + x) / CANVAS));
  for (let y = 0, i = 0; y < h; y++) {
    line.fill(0);
    for (let x = 0; x < w; x++, i++) line[columns[x]] += v[i] * share;
    const start = Math.trunc((top + y) / CANVAS) * width;
    for (let x = 0; x < width; x++) frame.v[start + x] += Math.fround(line[x]) * share;
  }
  for (let i = 0; i < frame.v.length; i++) frame.v[i] = Math.fround(frame.v[i]);
  return frame;
}

/** Row and column of the picture's first pixel. */
function cornerOf({ h, w, v }: Plane, height: number, width: number, byMass: boolean): [row: number, column: number] {
  let top = (height - h) / 2,
    left = (width - w) / 2;
  if (byMass) {
    let mass = 0,
      down = 0,
      across = 0;
    for (let y = 0, i = 0; y < h; y++) {
      for (let x = 0; x < w; x++, i++) {
        if (v[i] === 0) continue;
        mass += v[i];
        down += v[i] * (y + 0.5);
        across += v[i] * (x + 0.5);
      }
    }
    [top, left] = [height / 2 - down / mass, width / 2 - across / mass].map(
      (offset) => Math.ceil(offset / CANVAS) * CANVAS,
    );
  }
  return [Math.min(height - h, Math.max(0, Math.floor(top))), Math.min(width - w, Math.max(0, Math.floor(left)))];
}
