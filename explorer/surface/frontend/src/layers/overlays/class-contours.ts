/** Where are most points of each class? Lines around the densest regions. */

import type { RunOnMap } from "../../data/run-on-map";
import { type Camera, type Size, toScreen } from "../../geometry/camera";
import { contourRings } from "../../geometry/contours";
import { DensityJob, type Grid, gridOver, type Job, levelOfMass, scottSpread } from "../../geometry/grid-field";
import type { Layer } from "../../kernel/extension";
import { Growth } from "../../kernel/growth";
import { perMap } from "../../kernel/per-map";
import { css, type Rgb } from "../../ui/colour";
import { classRgb } from "../../ui/palette";

const SLICE_MS = 6;

const linesOf = perMap((data: RunOnMap) => ({
  made: new ClassContours(data.points, data.slots, data.nClasses, data.header.view_extent),
  growth: new Growth(),
}));

export const classContours: Layer = {
  id: "contours",
  stratum: "overlay",
  words: {
    group: "overlay",
    rank: 3,
    name: "Class contours",
    help: "the regions that hold 50 % and 90 % of every class's density",
    sketch: { line: "M8 22C8 10 20 6 27 11s8 16 0 20S8 34 8 22zM14 21c0-6 6-8 10-5s4 9 0 10-10 1-10-5z" },
  },
  offered: (data) => data.hasLabels,
  reads: ["shown"],
  draw({ context, plot }, { state: { data, view, theme, shown } }) {
    const colour = (slot: number): Rgb => classRgb(slot === data.nClasses ? -1 : slot, theme.isDark);
    drawContours(context, plot, view.camera, linesOf(data).made, shown, colour, theme.map);
    return false;
  },
  work({ state: { data } }) {
    const { made, growth } = linesOf(data);
    const isWorking = !made.isComplete;
    if (isWorking) made.work(performance.now() + SLICE_MS);
    return growth.step(isWorking);
  },
};

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

function drawContours(
  context: CanvasRenderingContext2D,
  plot: Size,
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
