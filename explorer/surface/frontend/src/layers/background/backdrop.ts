/** Which ground lies under the points? The decoded manifold, or a field; each made in slices when it is first wanted, and then kept. */

import { quantile, robustRange } from "../../data/quantities";
import type { Scene } from "../../data/run-on-map";
import type { Camera } from "../../geometry/camera";
import {
  DensityJob,
  difference,
  gridOver,
  type Job,
  MagnificationJob,
  priorField,
  type Spread,
  scottSpread,
} from "../../geometry/grid-field";
import { count, number } from "../../ui/format";
import type { RampName } from "../../ui/ramp";
import type { Extent } from "../../wire/schema";
import { type FieldLook, FieldPicture } from "./field-raster";
import type { Plot } from "./grid";

export type FieldName = "density" | "holes" | "magnification";

/** What the scale bar under the map says. */
export interface FieldWords {
  readonly title: string;
  readonly definition: string;
  readonly ramp: RampName;
  readonly low: string;
  readonly high: string;
}

const SLICE_MS = 6;
const DENSITY_CELLS = 240;
const MAGNIFICATION_CELLS = 60;
/** The prior's plane is looked at as far as this many standard deviations. */
const PRIOR_REACH = 3.6;
const ASPECT = 1.8;

export class Backdrop {
  private density: DensityJob | null = null;
  private magnification: MagnificationJob | null = null;
  private readonly pictures = new Map<FieldName, FieldPicture>();
  private readonly words_ = new Map<FieldName, FieldWords>();

  constructor(private readonly scene: Scene) {}

  /** Works a slice; false when there was nothing left to do. */
  grow(name: FieldName): boolean {
    if (this.pictures.has(name)) return false;
    const job = this.job(name);
    job.work(performance.now() + SLICE_MS);
    if (job.isComplete) this.finish(name);
    return true;
  }

  share(name: FieldName): number {
    return this.pictures.has(name) ? 1 : this.job(name).share;
  }

  draw(name: FieldName, context: CanvasRenderingContext2D, plot: Plot, camera: Camera): void {
    this.pictures.get(name)?.draw(context, plot, camera);
  }

  words(name: FieldName): FieldWords | null {
    return this.words_.get(name) ?? null;
  }

  private job(name: FieldName): Job {
    if (name === "magnification") return (this.magnification ??= this.makeMagnification());
    return (this.density ??= new DensityJob(gridOver(this.extent(), DENSITY_CELLS), this.scene.points, this.spread()));
  }

  /** Everything that is seen at first, and the prior's plane where there is one. */
  private extent(): Extent {
    const {
      header: {
        projection,
        view_extent: [x0, x1, y0, y1],
      },
    } = this.scene;
    const [w, h] = [0.06 * (x1 - x0), 0.06 * (y1 - y0)];
    if (!projection.rings) return wide([x0 - w, x1 + w, y0 - h, y1 + h]);
    const [cx, cy] = projection.ring_center;
    const r = PRIOR_REACH;
    return wide([
      Math.min(x0 - w, cx - r),
      Math.max(x1 + w, cx + r),
      Math.min(y0 - h, cy - r),
      Math.max(y1 + h, cy + r),
    ]);
  }

  /** Posterior covariances on the plane; where the map is no plane or a code is a point, a kernel. */
  private spread(): Spread {
    const own = this.scene.spreadOnMap();
    if (own) return own;
    const kernel = scottSpread(withinClasses(this.scene));
    return () => kernel;
  }

  private makeMagnification(): MagnificationJob {
    const { scene } = this;
    const z = new Float64Array(scene.space.latentDim);
    const [channels, height, width] = scene.header.run.image_shape;
    const decodeAt = (x: number, y: number): Float32Array => {
      scene.space.toZ(x, y, z);
      return scene.model.decodeShared(z);
    };
    return new MagnificationJob(gridOver(this.extent(), MAGNIFICATION_CELLS), decodeAt, channels * height * width);
  }

  private finish(name: FieldName): void {
    const isPlane = this.scene.spreadOnMap() !== null;
    if (name === "magnification") {
      const { grid } = this.magnification!;
      const logs = grid.values.map((value) => Math.log10(Math.max(value, 1e-9)));
      const [low, high] = robustRange(logs);
      this.pictures.set(
        name,
        new FieldPicture(
          grid,
          ramped(low, high, (value) => Math.log10(Math.max(value, 1e-9))),
        ),
      );
      this.words_.set(name, {
        title: "Magnification",
        ramp: "amount",
        low: short(10 ** low),
        high: short(10 ** high),
        definition:
          "√det(JᵀJ) of the decoder, log scale: how much pictures change for a step on the map. Bright ridges are borders between kinds of picture (Bishop 1997; Arvanitidis 2018, eq. 4).",
      });
      return;
    }
    const { grid } = this.density!;
    if (name === "density") {
      const high = robustRange(grid.values.filter((value) => value > 0))[1];
      const look: FieldLook = {
        ramp: "amount",
        share: (value) => Math.sqrt(value / high),
        opacity: (value) => Math.min(1, 3 * Math.sqrt(value / high)),
      };
      this.pictures.set(name, new FieldPicture(grid, look));
      this.words_.set(name, {
        title: isPlane ? "Aggregated posterior" : "Density of the points",
        ramp: "amount",
        low: "0",
        high: short(high),
        definition: isPlane
          ? "q̄(z) = (1/N) Σᵢ q(z|xᵢ) over the test images, on this plane; it integrates to 1. Where it looks like the prior, samples look like data (Hoffman & Johnson 2016). A posterior narrower than a cell is drawn as wide as one."
          : "Kernel density (1/N) Σᵢ N(·; pointᵢ, h²) of the points on this map, h by Scott's rule (1992) from the spread within classes; it integrates to 1.",
      });
      return;
    }
    const gap = difference(grid, priorField(grid, this.scene.header.projection.ring_center));
    const reach = Math.max(1e-9, quantile(gap.values.map(Math.abs), 0.995));
    const look: FieldLook = {
      ramp: "difference",
      share: (value) => 0.5 + (0.5 * value) / reach,
      opacity: (value) => Math.min(0.95, 1.6 * Math.sqrt(Math.abs(value) / reach)),
    };
    this.pictures.set(name, new FieldPicture(gap, look));
    this.words_.set(name, {
      title: "Posterior − prior",
      ramp: "difference",
      low: `under-represented, −${short(reach)}`,
      high: `over-represented, +${short(reach)}`,
      definition: `q̄(z) − p(z) on this plane, ± ${short(reach)}; q̄(z) = (1/N) Σᵢ q(z|xᵢ) (Hoffman & Johnson 2016). In an under-represented region the prior has more probability than the encoded images: samples from there look like rare data, or like none.`,
    });
  }
}

/** Maps are wide, and no edge of a field should be seen at first. */
function wide([x0, x1, y0, y1]: Extent): Extent {
  const grow = Math.max(0, (ASPECT * (y1 - y0) - (x1 - x0)) / 2);
  return [x0 - grow, x1 + grow, y0, y1];
}

/** The points without the middles of their classes: one bandwidth for all islands must not be as wide as the way between them. */
function withinClasses({ points, slots, nClasses, perClass }: Scene): Float32Array {
  const sums = new Float64Array(2 * (nClasses + 1));
  for (let at = 0; at < points.length; at++) sums[2 * slots[at >> 1] + (at & 1)] += points[at];
  return points.map((value, at) => value - sums[2 * slots[at >> 1] + (at & 1)] / perClass[slots[at >> 1]]);
}

function ramped(low: number, high: number, transform: (value: number) => number): FieldLook {
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
