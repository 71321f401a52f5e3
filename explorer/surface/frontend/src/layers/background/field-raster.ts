/** How is a field seen? As a soft coloured ground under the points, or as contour lines of each class above it. */

import { contours } from "d3-contour";
import { type Camera, toScreen } from "../../geometry/camera";
import { DensityJob, type Grid, gridOver, type Job, levelOfMass, scottSpread } from "../../geometry/grid-field";
import { css, type Rgb } from "../../ui/colour";
import { type RampName, rampColour } from "../../ui/ramp";
import type { Plot } from "./grid";

export interface FieldLook {
  readonly ramp: RampName;
  /** Value to share 0 … 1 of the ramp. */
  readonly share: (value: number) => number;
  /** Value to opacity: nothing is painted where there is nothing. */
  readonly opacity: (value: number) => number;
}

/** A field painted once as a small picture, one pixel a cell, and stretched by every camera. */
export class FieldPicture {
  private readonly canvas = document.createElement("canvas");

  constructor(
    private readonly grid: Grid,
    look: FieldLook,
  ) {
    this.canvas.width = grid.columns;
    this.canvas.height = grid.rows;
    const image = new ImageData(grid.columns, grid.rows);
    for (let row = 0; row < grid.rows; row++) {
      for (let column = 0; column < grid.columns; column++) {
        const value = grid.values[row * grid.columns + column];
        const { r, g, b } = rampColour(look.ramp, look.share(value));
        const at = 4 * ((grid.rows - 1 - row) * grid.columns + column);
        image.data.set([r, g, b, Math.round(255 * look.opacity(value))], at);
      }
    }
    this.canvas.getContext("2d")?.putImageData(image, 0, 0);
  }

  draw(context: CanvasRenderingContext2D, plot: Plot, camera: Camera): void {
    const [x0, x1, y0, y1] = this.grid.extent;
    const [left, top] = toScreen(camera, plot, x0, y1);
    const [right, bottom] = toScreen(camera, plot, x1, y0);
    context.save();
    context.beginPath();
    context.rect(plot.left, plot.top, plot.width, plot.height);
    context.clip();
    context.imageSmoothingEnabled = true;
    context.drawImage(this.canvas, plot.left + left, plot.top + top, right - left, bottom - top);
    context.restore();
  }
}

/** A field's borders at some levels, in map units: rings of places, holes included. */
export function contourRings(
  grid: Grid,
  levels: readonly number[],
): readonly (readonly (readonly [number, number])[])[][] {
  const found = contours()
    .size([grid.columns, grid.rows])
    .thresholds([...levels])(Array.from(grid.values));
  // d3 puts the value of cell (0, 0) at (0.5, 0.5)
  const place = ([column, row]: readonly number[]): [number, number] => [
    grid.extent[0] + column * grid.dx,
    grid.extent[2] + row * grid.dy,
  ];
  // d3 answers in ascending order, whatever was asked first
  const asked = levels.map((level) => found.find(({ value }) => value === level)?.coordinates ?? []);
  return asked.map((polygons) => polygons.flatMap((polygon) => polygon.map((ring) => ring.map(place))));
}

/** Shares of a class's density inside its two lines. */
export const CONTOUR_MASSES = [0.5, 0.9] as const;
const CONTOUR_CELLS = 84;

/** The 50 % and 90 % highest-density regions of every class's points on the map (kernel density, Scott's bandwidth). */
export class ClassContours implements Job {
  readonly rings: {
    readonly slot: number;
    readonly level: number;
    readonly rings: readonly (readonly (readonly [number, number])[])[];
  }[] = [];
  private slot = 0;
  private density: DensityJob | null = null;

  constructor(
    private readonly points: Float32Array,
    private readonly slots: ArrayLike<number>,
    private readonly nClasses: number,
    private readonly extent: readonly [number, number, number, number],
  ) {}

  get isComplete(): boolean {
    return this.slot >= this.nClasses;
  }

  get share(): number {
    return this.nClasses ? this.slot / this.nClasses : 1;
  }

  work(deadline: number): void {
    while (!this.isComplete) {
      this.density ??= this.densityOf(this.slot);
      this.density?.work(deadline);
      if (this.density && !this.density.isComplete) return;
      if (this.density) this.addRings(this.density.grid);
      this.density = null;
      this.slot++;
      if (performance.now() >= deadline) return;
    }
  }

  /** Null for four points or fewer: of those no density can be told. */
  private densityOf(slot: number): DensityJob | null {
    const own: number[] = [];
    for (let i = 0; i < this.slots.length; i++)
      if (this.slots[i] === slot) own.push(this.points[2 * i], this.points[2 * i + 1]);
    if (own.length < 2 * 5) return null;
    const points = Float32Array.from(own);
    const spread = scottSpread(points);
    return new DensityJob(gridOver(this.extent, CONTOUR_CELLS), points, () => spread);
  }

  private addRings(grid: Grid): void {
    const levels = CONTOUR_MASSES.map((mass) => levelOfMass(grid.values, mass));
    contourRings(grid, levels).forEach((rings, level) => this.rings.push({ slot: this.slot, level, rings }));
  }
}

export function drawContours(
  context: CanvasRenderingContext2D,
  plot: Plot,
  camera: Camera,
  made: ClassContours,
  shown: Uint8Array,
  colour: (slot: number) => Rgb,
  halo: Rgb,
): void {
  context.save();
  context.lineJoin = "round";
  for (const { slot, level, rings } of made.rings) {
    if (!shown[slot]) continue;
    context.beginPath();
    for (const ring of rings) {
      ring.forEach(([x, y], i) => {
        const [left, top] = toScreen(camera, plot, x, y);
        if (i) context.lineTo(left, top);
        else context.moveTo(left, top);
      });
    }
    context.strokeStyle = css(halo, 0.75);
    context.lineWidth = level === 0 ? 4.5 : 3.5;
    context.stroke();
    context.strokeStyle = css(colour(slot));
    context.lineWidth = level === 0 ? 2.25 : 1.25;
    context.stroke();
  }
  context.restore();
}
