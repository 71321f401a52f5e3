/** What would the decoder draw everywhere? A grid of decoded pictures, made in slices between two frames, kept as one image. */

import type { RunOnMap } from "../../data/run-on-map";
import { type Camera, toScreen, visibleExtent } from "../../geometry/camera";
import { codesAt } from "../../geometry/inverse";
import { type Cells, equalShares, equalSteps } from "../../geometry/normal";
import { Pace } from "../../geometry/pace";
import { isLow } from "../../geometry/support";
import type { Frame, Layer } from "../../kernel/extension";
import { Growth } from "../../kernel/growth";
import { perMap } from "../../kernel/per-map";
import type { Plot, Tiles } from "../../kernel/state";
import { css } from "../../ui/colour";
import { toRgba } from "../../ui/picture";
import { product } from "../../wire/payload";
import type { Extent, ImageShape } from "../../wire/schema";
import { CLOSE } from "../in-view";

/** Tiles along each axis of the quantile grid; a regular grid has about as many altogether. */
export const TILES = 20;

/** Where the tiles are: middles (n,) and borders (n + 1,) along each axis, ascending, map units. */
export interface TileGrid {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly xBorders: Float64Array;
  readonly yBorders: Float64Array;
}

/** Pictures in their own proportions, `aspect` times as wide as high, about n² of them, all of `extent`. */
export function stepTiles([x0, x1, y0, y1]: Extent, aspect = 1, n = TILES): TileGrid {
  const [width, height] = [x1 - x0, y1 - y0];
  const side = Math.sqrt((width * height) / aspect) / n; // a tile is side · aspect wide, side high
  const count = (length: number, tile: number): number => Math.max(2, Math.round(length / tile));
  return gridOf(equalSteps(x0, x1, count(width, side * aspect)), equalSteps(y0, y1, count(height, side)));
}

/**
 * Equally likely cells of the prior, whose middle is `centre` on this map and whose unit is the map's: each tile as large as its cell.
 *
 * `seen`: the part of the map that is wanted; cells are halved until about n along each axis are seen. Without it, all n².
 */
export function shareTiles([cx, cy]: readonly [number, number], seen: Extent | null = null, n = TILES): TileGrid {
  const axis = (centre: number, ends: readonly [number, number] | null): Cells => {
    const { middles, borders } = equalShares(n, ends ? [ends[0] - centre, ends[1] - centre] : undefined);
    return { middles: middles.map((value) => value + centre), borders: borders.map((value) => value + centre) };
  };
  return gridOf(axis(cx, seen && [seen[0], seen[1]]), axis(cy, seen && [seen[2], seen[3]]));
}

function gridOf(across: Cells, up: Cells): TileGrid {
  return { x: across.middles, y: up.middles, xBorders: across.borders, yBorders: up.borders };
}

/** Tile numbers (row · n + column) from the middle outwards: what is looked at first is there first. */
export function fromTheMiddle(columns: number, rows: number): number[] {
  const distance = (tile: number): number =>
    Math.hypot((tile % columns) - (columns - 1) / 2, Math.floor(tile / columns) - (rows - 1) / 2);
  return Array.from({ length: columns * rows }, (_, tile) => tile).sort((a, b) => distance(a) - distance(b));
}

/** The room for the dashes around a tile of low density; a smaller tile has none to give. */
const FRAME_PX = 2;
const SMALLEST_MARKED_PX = 14;

function frame(
  context: CanvasRenderingContext2D,
  ink: string,
  paper: string,
  left: number,
  top: number,
  width: number,
  height: number,
): void {
  context.fillStyle = paper;
  context.fillRect(left, top, width, height);
  context.strokeStyle = ink;
  context.lineWidth = 1;
  context.setLineDash([3, 3]);
  context.strokeRect(left + 0.5, top + 0.5, width - 1, height - 1);
}

export class Manifold {
  private readonly atlas = document.createElement("canvas");
  private readonly context: CanvasRenderingContext2D | null;
  private readonly image: ImageData;
  private readonly order: readonly number[];
  private next = 0;
  private readonly pace = new Pace();
  private readonly low = new Set<number>();

  constructor(
    private readonly grid: TileGrid,
    private readonly shape: ImageShape,
    /** Pictures of map places (x, y pairs), one after the other; the answer may be overwritten by the next call. */
    private readonly decodeAt: (places: readonly number[]) => Float32Array,
    /** Few encoded images are around the code of the place. */
    private readonly isLowAt: (x: number, y: number) => boolean = () => false,
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

  /** Decodes tiles until `deadline` (performance.now), as many together as fit; at least one. */
  work(deadline: number): void {
    this.pace.work(
      deadline,
      () => this.order.length - this.next,
      (n) => this.paint(this.order.slice(this.next, (this.next += n))),
    );
  }

  private paint(tiles: readonly number[]): void {
    const { grid, shape } = this;
    const [, height, width] = shape;
    const places = tiles.map(
      (tile) => [grid.x[tile % grid.x.length], grid.y[Math.floor(tile / grid.x.length)]] as const,
    );
    const pictures = this.decodeAt(places.flat());
    tiles.forEach((tile, i) => {
      toRgba(pictures, shape, this.image.data, i * product(shape));
      if (this.isLowAt(...places[i])) this.low.add(tile);
      const [column, row] = [tile % grid.x.length, Math.floor(tile / grid.x.length)];
      // row 0 is the lowest y, so it belongs at the bottom of the atlas
      this.context?.putImageData(this.image, column * width, (grid.y.length - 1 - row) * height);
    });
  }

  /** `ink`, `paper`: of the dashes around a tile of low density, whose pixels stay the decoder's, and of what they are drawn on. */
  draw(context: CanvasRenderingContext2D, plot: Plot, camera: Camera, ink = "", paper = ""): void {
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
      if (right < plot.left || left > plot.left + plot.width || bottom < plot.top || top > plot.top + plot.height)
        continue;
      context.imageSmoothingEnabled = right - left < width; // shrinking needs averaging, enlarging must not blur
      const inset = this.low.has(tile) && Math.min(right - left, bottom - top) >= SMALLEST_MARKED_PX ? FRAME_PX : 0;
      if (inset) frame(context, ink, paper, left, top, right - left, bottom - top);
      context.drawImage(
        this.atlas,
        column * width,
        (rows - 1 - row) * height,
        width,
        height,
        left + inset,
        top + inset,
        right - left - 2 * inset,
        bottom - top - 2 * inset,
      );
    }
    context.restore();
  }
}

const SLICE_MS = 12;
/** While nothing moves; a hand that begins to move is answered this much later at most. */
const REST_SLICE_MS = 40;

/** The first look by its kind of tiles, and what was zoomed into last. */
class Looks {
  readonly growth = new Growth();
  readonly first = new Map<Tiles, Manifold>();
  detail: { readonly manifold: Manifold; readonly extent: Extent; readonly tiles: Tiles } | null = null;
  private last: Frame["state"] | null = null;

  constructor(private readonly data: RunOnMap) {}

  draw(context: CanvasRenderingContext2D, plot: Plot, { state: { view, layers, theme } }: Frame): void {
    const { tiles } = layers;
    const detail = view.zoom > CLOSE && this.detail?.tiles === tiles ? this.detail.manifold : null;
    for (const look of [this.first.get(tiles), detail])
      look?.draw(context, plot, view.camera, css(theme.text), css(theme.map));
  }

  /** False when there was nothing left to do. */
  work({ state }: Frame): boolean {
    const { view, layers } = state;
    const { tiles } = layers;
    const isStill = view.camera === this.last?.view.camera;
    const slice = state === this.last ? REST_SLICE_MS : SLICE_MS;
    this.last = state;
    const first = this.first.get(tiles) ?? makeManifold(this.data, tiles, null);
    this.first.set(tiles, first);
    if (!first.isComplete) return worked(first, slice);
    if (view.zoom <= CLOSE) return false;
    if (!isStill) return true; // once more when the camera rests
    const seen = visibleExtent(view.camera, view.plot);
    if (this.detail?.tiles !== tiles || !fits(this.detail.extent, seen))
      this.detail = { manifold: makeManifold(this.data, tiles, seen), extent: seen, tiles };
    return this.detail.manifold.isComplete ? false : worked(this.detail.manifold, slice);
  }
}

function worked(manifold: Manifold, slice: number): true {
  manifold.work(performance.now() + slice);
  return true;
}

/** What there is of a map's manifold. */
export const looksOf = perMap((data: RunOnMap) => new Looks(data));

export const manifold: Layer = {
  id: "manifold",
  stratum: "background",
  words: {
    group: "background",
    rank: 1,
    name: "Decoded manifold",
    help: "decoded pictures on a grid; zooming in brings smaller tiles, dashes mark low density of encoded images",
    sketch: {
      soft: "M4 4h10v10H4zM16 4h10v10H16zM28 4h8v10h-8zM4 16h10v10H4zM28 16h8v10h-8zM4 28h10v8H4zM16 28h10v8H16z",
      line: "M9 6v6M19 7h4v4h-4zM31 7l3 5M7 19c4-3 4 3 0 4h5M32 18v6",
      fill: "M16 16h10v10H16z",
    },
    spoken: "decoded manifold",
    key: ["m", "decoded manifold as background"],
    button: { icon: "manifold", label: "Manifold", title: "decoded pictures as background (m)" },
  },
  reads: [],
  draw({ context, plot }, frame) {
    looksOf(frame.state.data).draw(context, plot, frame);
    return false;
  },
  work(frame) {
    const looks = looksOf(frame.state.data);
    return looks.growth.step(looks.work(frame));
  },
};

/** Whether tiles made for one extent still do for another: it lies inside and is not much smaller. */
function fits(made: Extent, seen: Extent): boolean {
  const slack = 0.02 * (seen[1] - seen[0]);
  const isInside =
    seen[0] >= made[0] - slack &&
    seen[1] <= made[1] + slack &&
    seen[2] >= made[2] - slack &&
    seen[3] <= made[3] + slack;
  return isInside && made[1] - made[0] < 1.3 * (seen[1] - seen[0]);
}

/** `seen`: the part of the map that is zoomed into; null for the first look. */
function makeManifold({ header, space, model, support }: RunOnMap, tiles: Tiles, seen: Extent | null): Manifold {
  const [, height, width] = header.run.image_shape;
  const grid =
    tiles === "shares"
      ? shareTiles(header.projection.ring_center, seen)
      : stepTiles(seen ?? header.view_extent, width / height);
  const z = new Float64Array(space.latentDim);
  return new Manifold(
    grid,
    header.run.image_shape,
    (places) => model.decodeMany(codesAt(space, places), places.length / 2),
    (x, y) => {
      space.toZ(x, y, z);
      return isLow(support.of(z));
    },
  );
}
