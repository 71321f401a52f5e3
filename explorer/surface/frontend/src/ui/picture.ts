/** How does a decoded tensor become pixels? One canvas pixel a pixel; CSS enlarges by whole numbers. */

import type { ImageShape } from "../wire/schema";
import { h } from "./dom";

/** `x` (C, H, W) in [0, 1] or, with `scale` 1, bytes; `from` is where the picture starts. One channel is grey, two are two frames (red, then cyan), three are RGB. */
export function toRgba(
  x: ArrayLike<number>,
  [channels, height, width]: ImageShape,
  out: Uint8ClampedArray,
  from = 0,
  scale = 255,
): void {
  const plane = height * width;
  const green = channels >= 2 ? plane : 0;
  const blue = channels >= 3 ? 2 * plane : green;
  for (let i = 0, to = 0; i < plane; i++, to += 4) {
    out[to] = x[from + i] * scale;
    out[to + 1] = x[from + green + i] * scale;
    out[to + 2] = x[from + blue + i] * scale;
    out[to + 3] = 255;
  }
}

/** What the channels of a picture are, where that is no matter of course. */
export function channelWords([channels]: ImageShape): string {
  return channels === 2 ? "two frames: the first in red, the second in cyan, white where both are bright" : "";
}

/** A canvas of the picture's own size that can be painted again and again. */
export class Picture {
  private readonly context: CanvasRenderingContext2D | null;
  private image: ImageData | null = null;
  private shape: ImageShape = [1, 1, 1];

  constructor(readonly canvas: HTMLCanvasElement) {
    this.context = canvas.getContext("2d");
  }

  setShape(shape: ImageShape): void {
    const [, height, width] = shape;
    this.shape = shape;
    this.canvas.width = width;
    this.canvas.height = height;
    this.image = this.context?.createImageData(width, height) ?? null;
  }

  paint(x: ArrayLike<number>, from = 0, scale = 255): void {
    if (!this.image || !this.context) return;
    toRgba(x, this.shape, this.image.data, from, scale);
    this.context.putImageData(this.image, 0, 0);
  }

  /** CSS size: the largest whole-number factor within `room` pixels, at least 1. */
  fitInto(room: number): number {
    const [, height, width] = this.shape;
    const factor = Math.max(1, Math.floor(room / Math.max(width, height)));
    this.canvas.style.width = `${width * factor}px`;
    this.canvas.style.height = `${height * factor}px`;
    return factor;
  }
}

/** A picture in a canvas of its own. label: what it shows, for people who do not see it; "": the text beside it says so. */
export function newPicture(label = ""): Picture {
  return new Picture(
    h("canvas", { class: "la-pixels", ...(label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" }) }),
  );
}
