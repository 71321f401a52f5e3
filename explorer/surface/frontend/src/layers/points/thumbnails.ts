/** When few points are in view, what do they look like? Pictures instead of dots: originals where they are here, else decoded codes. */

import type { RunOnMap } from "../../data/run-on-map";
import { type Camera, type Size, toScreen } from "../../geometry/camera";
import { Pace } from "../../geometry/pace";
import type { Layer } from "../../kernel/extension";
import { perMap } from "../../kernel/per-map";
import { css, type Rgb } from "../../ui/colour";
import { toRgba } from "../../ui/picture";
import { product } from "../../wire/payload";
import type { Point } from "../../wire/schema";
import { pictured } from "../in-view";
import { pointColour } from "../marks";

const SIZES = [14, 64] as const;
const DECODE_MS = 5;
const KEPT = 2000;
/** Of the frame in the colour of its point. */
const LINE_PX = 2;

/** Side of a picture, CSS pixels: so that all in view would fill a third of the map. */
export function thumbnailSide(count: number, size: Size): number {
  return Math.round(
    Math.min(SIZES[1], Math.max(SIZES[0], Math.sqrt((size.width * size.height) / 3 / Math.max(1, count)))),
  );
}

/** Of places in their order those whose pictures, of that width and height, lie on none before: a grid of such cells knows who is near. */
export function thinned(places: readonly Point[], width: number, height: number): number[] {
  const cells = new Map<string, Point[]>();
  const kept: number[] = [];
  places.forEach(([x, y], i) => {
    const [column, row] = [Math.floor(x / width), Math.floor(y / height)];
    for (let c = column - 1; c <= column + 1; c++)
      for (let r = row - 1; r <= row + 1; r++)
        if (cells.get(`${c} ${r}`)?.some(([u, v]) => Math.abs(u - x) < width && Math.abs(v - y) < height)) return;
    const own = `${column} ${row}`;
    cells.set(own, [...(cells.get(own) ?? []), [x, y]]);
    kept.push(i);
  });
  return kept;
}

class Thumbnails {
  private readonly kept = new Map<number, HTMLCanvasElement>();
  private readonly pace = new Pace();
  private hadOriginals = false;

  constructor(private readonly scene: RunOnMap) {}

  /** Draws what it has and makes more within its time; false while some are still missing. */
  draw(
    context: CanvasRenderingContext2D,
    size: Size,
    camera: Camera,
    indices: readonly number[],
    colourOf: (i: number) => Rgb,
  ): boolean {
    if (this.hadOriginals !== (this.scene.originals !== null)) this.kept.clear();
    this.hadOriginals = this.scene.originals !== null;
    const [, height, width] = this.scene.header.run.image_shape;
    const side = thumbnailSide(indices.length, size);
    const [w, h] = width >= height ? [side, (side * height) / width] : [(side * width) / height, side];
    const places = indices.map((i) => toScreen(camera, size, this.scene.points[2 * i], this.scene.points[2 * i + 1]));
    const seen = thinned(places, w + LINE_PX, h + LINE_PX);
    this.makeSome(
      seen.flatMap((at) => (this.kept.has(indices[at]) ? [] : indices[at])),
      performance.now() + DECODE_MS,
    );
    context.save();
    places.forEach(([left, top], at) => {
      context.fillStyle = css(colourOf(indices[at]));
      context.fillRect(left - 2, top - 2, 4, 4);
    });
    context.lineWidth = LINE_PX;
    context.imageSmoothingEnabled = side < width;
    let isComplete = true;
    for (const at of seen) {
      const picture = this.kept.get(indices[at]);
      isComplete &&= picture !== undefined;
      if (!picture) continue;
      const [left, top] = places[at];
      context.strokeStyle = css(colourOf(indices[at]));
      context.drawImage(picture, left - w / 2, top - h / 2, w, h);
      context.strokeRect(left - w / 2, top - h / 2, w, h);
    }
    context.restore();
    return isComplete;
  }

  private makeSome(missing: readonly number[], deadline: number): void {
    let made = 0;
    this.pace.work(
      deadline,
      () => missing.length - made,
      (n) => this.make(missing.slice(made, (made += n))),
    );
  }

  /** The pictures of some points, one canvas pixel a pixel. */
  make(indices: readonly number[]): HTMLCanvasElement[] {
    const { originals, header, model } = this.scene;
    if (this.kept.size + indices.length > KEPT) this.kept.clear();
    if (originals) return indices.map((i) => this.keep(i, originals, i * product(header.run.image_shape), 1));
    const made: HTMLCanvasElement[] = [];
    const codes = indices.map((i) => this.scene.muOf(i));
    model.decodeEach(codes, (x_hat, from, at) => made.push(this.keep(indices[at], x_hat, from, 255)));
    return made;
  }

  private keep(i: number, x: ArrayLike<number>, from: number, scale: number): HTMLCanvasElement {
    const shape = this.scene.header.run.image_shape;
    const [, height, width] = shape;
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    const image = new ImageData(width, height);
    toRgba(x, shape, image.data, from, scale);
    canvas.getContext("2d")?.putImageData(image, 0, 0);
    this.kept.set(i, canvas);
    return canvas;
  }
}

const picturesOf = perMap((data: RunOnMap) => new Thumbnails(data));

/** The pictures of some points, one canvas pixel a pixel. */
export function picturesOfPoints(data: RunOnMap, indices: readonly number[]): HTMLCanvasElement[] {
  return picturesOf(data).make(indices);
}

export const thumbnails: Layer = {
  id: "thumbnails",
  stratum: "overlay",
  words: {
    group: "overlay",
    rank: 7,
    name: "Pictures when close",
    help: "images instead of dots when few are in view",
    sketch: { soft: "M5 6h13v13H5zM22 20h13v13H22z", line: "M5 6h13v13H5zM22 20h13v13H22zM9 10h5l-3 6M26 24h5v5h-5z" },
  },
  isOnAtFirst: true,
  reads: ["shown", "colourBy"],
  draw({ context, plot }, frame) {
    const found = pictured(frame);
    const { data, view } = frame.state;
    return found !== null && !picturesOf(data).draw(context, plot, view.camera, found, (i) => pointColour(frame, i));
  },
};
