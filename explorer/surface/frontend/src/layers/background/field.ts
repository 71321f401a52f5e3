/** What do the fields under the points share? A job in slices, a picture once it is whole, and the words of its scale. */

import { robustRange } from "../../data/quantities";
import type { RunOnMap } from "../../data/run-on-map";
import { DensityJob, type Grid, gridOver, type Job, type Spread, scottSpread } from "../../geometry/grid-field";
import type { Layer, LayerWords } from "../../kernel/extension";
import { Growth } from "../../kernel/growth";
import { perMap } from "../../kernel/per-map";
import { count, number } from "../../ui/format";
import type { ScaleWords } from "../../ui/scale-bar";
import type { Extent } from "../../wire/schema";
import { type FieldLook, FieldPicture } from "./field-raster";

const SLICE_MS = 12;
const DENSITY_CELLS = 240;
/** The prior's plane is looked at as far as this many standard deviations. */
const PRIOR_REACH = 3.6;
const ASPECT = 1.8;

/** How a whole field is seen. */
export interface FieldResult {
  readonly grid: Grid;
  readonly look: FieldLook;
  readonly scale: ScaleWords;
}

export interface FieldSpec {
  readonly id: string;
  readonly words: LayerWords;
  offered?(data: RunOnMap): boolean;
  job(data: RunOnMap): Job;
  /** Of the job that is complete. */
  result(data: RunOnMap): FieldResult;
}

class Field {
  readonly growth = new Growth();
  picture: FieldPicture | null = null;
  scale: ScaleWords | null = null;

  constructor(
    private readonly data: RunOnMap,
    private readonly spec: FieldSpec,
  ) {}

  get share(): number {
    return this.picture ? 1 : this.spec.job(this.data).share;
  }

  /** Works a slice; false when there was nothing left to do. */
  work(): boolean {
    if (this.picture) return false;
    const job = this.spec.job(this.data);
    job.work(performance.now() + SLICE_MS);
    if (!job.isComplete) return true;
    const { grid, look, scale } = this.spec.result(this.data);
    this.picture = new FieldPicture(grid, look);
    this.scale = scale;
    return true;
  }
}

export function fieldLayer(spec: FieldSpec): Layer {
  const fieldOf = perMap((data: RunOnMap) => new Field(data, spec));
  return {
    id: spec.id,
    stratum: "background",
    words: spec.words,
    ...(spec.offered ? { offered: spec.offered } : {}),
    reads: [],
    draw({ context, plot }, { state: { data, view } }) {
      fieldOf(data).picture?.draw(context, plot, view.camera);
      return false;
    },
    work({ state: { data } }) {
      const field = fieldOf(data);
      return field.growth.step(field.work());
    },
    scale(data) {
      const { scale, share } = fieldOf(data);
      return { words: scale, share };
    },
  };
}

/** Of the codes on the map: the aggregated posterior, or of points without spread their density. Two backgrounds are made from it. */
export const densityJob = perMap(
  (data: RunOnMap) => new DensityJob(gridOver(fieldExtent(data), DENSITY_CELLS), data.points, spreadOf(data)),
);

/** Everything that is seen at first, and the prior's plane where there is one. */
export function fieldExtent({ header }: RunOnMap): Extent {
  const {
    projection,
    view_extent: [x0, x1, y0, y1],
  } = header;
  const [w, h] = [0.06 * (x1 - x0), 0.06 * (y1 - y0)];
  if (!projection.rings) return wide([x0 - w, x1 + w, y0 - h, y1 + h]);
  const [cx, cy] = projection.ring_center;
  const r = PRIOR_REACH;
  return wide([Math.min(x0 - w, cx - r), Math.max(x1 + w, cx + r), Math.min(y0 - h, cy - r), Math.max(y1 + h, cy + r)]);
}

/** Posterior covariances on the plane; where the map is no plane or a code is a point, a kernel. */
function spreadOf(data: RunOnMap): Spread {
  const own = data.spreadOnMap();
  if (own) return own;
  const kernel = scottSpread(withinClasses(data));
  return () => kernel;
}

/** The range of a ramp without outliers. */
export function highest(values: Float32Array): number {
  return robustRange(values)[1];
}

/** Maps are wide, and no edge of a field should be seen at first. */
function wide([x0, x1, y0, y1]: Extent): Extent {
  const grow = Math.max(0, (ASPECT * (y1 - y0) - (x1 - x0)) / 2);
  return [x0 - grow, x1 + grow, y0, y1];
}

/** The points without the middles of their classes: one bandwidth for all islands must not be as wide as the way between them. */
function withinClasses({ points, slots, nClasses, perClass }: RunOnMap): Float32Array {
  const sums = new Float64Array(2 * (nClasses + 1));
  for (let at = 0; at < points.length; at++) sums[2 * slots[at >> 1] + (at & 1)] += points[at];
  return points.map((value, at) => value - sums[2 * slots[at >> 1] + (at & 1)] / perClass[slots[at >> 1]]);
}

export function ramped(low: number, high: number, transform: (value: number) => number): FieldLook {
  return {
    ramp: "amount",
    share: (value) => (transform(value) - low) / Math.max(1e-9, high - low),
    opacity: () => 0.9,
  };
}

/** Two digits that count. */
export function short(value: number): string {
  const digits = Math.max(0, Math.min(4, 1 - Math.floor(Math.log10(Math.abs(value) || 1))));
  return value >= 1e4 ? count(Math.round(Number(value.toPrecision(2)))) : number(Number(value.toPrecision(2)), digits);
}
