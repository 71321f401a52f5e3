/** What would the decoder draw everywhere? A grid of decoded pictures, made in slices between two frames, kept as one image. */

import type { Extent } from "./blob";
import { toScreen, type Camera } from "./camera";
import type { Plot } from "./axes";
import { toRgba, type ImageShape } from "./picture";
import { cellBorders, normalQuantiles } from "./quantiles";
import type { How } from "./space";

/** Tiles along each axis of the quantile grid; a regular grid has about as many altogether. */
export const TILES = 20;

/** Where the tiles are: middles (n,) and borders (n + 1,) along each axis, ascending, map units. */
export interface TileGrid {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly xBorders: Float64Array;
  readonly yBorders: Float64Array;
}

/**
 * identity: equally likely shares of the prior, where there is one; other maps: pictures in their own proportions, regularly over what
 * is shown first.
 */
export function tileGrid(how: How, [x0, x1, y0, y1]: Extent, aspect = 1, n = TILES, hasPrior = true): TileGrid {
  const [width, height] = [x1 - x0, y1 - y0];
  const side = Math.sqrt((width * height) / aspect) / n; // a tile is side · aspect wide, side high
  const axis = (low: number, length: number, tile: number): Float64Array => {
    if (how === "identity" && hasPrior) return normalQuantiles(n);
    const tiles = Math.max(2, Math.round(length / tile));
    return Float64Array.from({ length: tiles }, (_, i) => low + ((i + 0.5) / tiles) * length);
  };
  const x = axis(x0, width, side * aspect);
  const y = axis(y0, height, side);
  return { x, y, xBorders: cellBorders(x), yBorders: cellBorders(y) };
}

/** Tile numbers (row · n + column) from the middle outwards: what is looked at first is there first. */
export function fromTheMiddle(columns: number, rows: number): number[] {
  const distance = (tile: number): number =>
    Math.hypot((tile % columns) - (columns - 1) / 2, Math.floor(tile / columns) - (rows - 1) / 2);
  return Array.from({ length: columns * rows }, (_, tile) => tile).sort((a, b) => distance(a) - distance(b));
}

export class Manifold {
  private readonly atlas = document.createElement("canvas");
  private readonly context: CanvasRenderingContext2D | null;
  private readonly image: ImageData;
  private readonly order: readonly number[];
  private next = 0;

  constructor(
    private readonly grid: TileGrid,
    private readonly shape: ImageShape,
    /** Decodes the map place; the answer may be overwritten by the next call. */
    private readonly decodeAt: (x: number, y: number) => Float32Array,
  ) {
    const [, height, width] = shape;
    this.atlas.width = grid.x.length * width;
    this.atlas.height = grid.y.length * height;
    this.context = this.atlas.getContext("2d");
    this.image = new ImageData(width, height);
    this.order = fromTheMiddle(grid.x.length, grid.y.length);
  }

  get isComplete(): boolean {
    return this.next >= this.order.length;
  }

  /** Decodes tiles until `deadline` (performance.now), at least one. */
  work(deadline: number): void {
    const [, height, width] = this.shape;
    do {
      const tile = this.order[this.next++];
      const column = tile % this.grid.x.length;
      const row = Math.floor(tile / this.grid.x.length);
      toRgba(this.decodeAt(this.grid.x[column], this.grid.y[row]), this.shape, this.image.data);
      // row 0 is the lowest y, so it belongs at the bottom of the atlas
      this.context?.putImageData(this.image, column * width, (this.grid.y.length - 1 - row) * height);
    } while (!this.isComplete && performance.now() < deadline);
  }

  draw(context: CanvasRenderingContext2D, plot: Plot, camera: Camera): void {
    const [, height, width] = this.shape;
    const lefts = Array.from(this.grid.xBorders, (x) => Math.round(plot.left + toScreen(camera, plot, x, 0)[0]));
    const tops = Array.from(this.grid.yBorders, (y) => Math.round(plot.top + toScreen(camera, plot, 0, y)[1]));
    const rows = this.grid.y.length;
    context.save();
    context.beginPath();
    context.rect(plot.left, plot.top, plot.width, plot.height);
    context.clip();
    for (let at = 0; at < this.next; at++) {
      const tile = this.order[at];
      const column = tile % this.grid.x.length;
      const row = Math.floor(tile / this.grid.x.length);
      const [left, right, top, bottom] = [lefts[column], lefts[column + 1], tops[row + 1], tops[row]];
      if (right < plot.left || left > plot.left + plot.width || bottom < plot.top || top > plot.top + plot.height) continue;
      context.imageSmoothingEnabled = right - left < width; // shrinking needs averaging, enlarging must not blur
      context.drawImage(this.atlas, column * width, (rows - 1 - row) * height, width, height, left, top, right - left, bottom - top);
    }
    context.restore();
  }
}
