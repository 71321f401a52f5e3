/**
 * What does the posterior look like? f = log p(x|z) + log p(z) over the part of the plane that is seen, coarse at first, then fine.
 *
 * The shade falls with the logarithm of how many nats a place is below the peak, so that both the peak and the way to it are seen.
 */

import { contourRings } from "../geometry/contours";
import { Grid } from "../geometry/grid-field";
import { mix } from "../ui/colour";
import { h } from "../ui/dom";
import { type LogDensity, logPrior } from "./maths/density";
import type { Look } from "./piece";
import { clearPlane, type Plane, type View } from "./plane";

const FINE = 72;
const ROUNDS = [18, FINE] as const;
/** Below the peak, nats. */
const LEVELS = [0.5, 2];
const AT_ONCE = 48;
/** Nats below the peak at which the shade is that of the ground. */
export const FAINTEST = 1000;

interface Raster {
  readonly view: View;
  readonly n: number;
  readonly values: Float32Array;
  next: number;
  readonly canvas: HTMLCanvasElement;
  rings?: ReturnType<typeof contourRings>;
}

export class Field {
  /** The whole plane first, then the parts that were looked at last. */
  private rasters: Raster[] = [];
  private wanted: View | null = null;
  private peak = Number.NEGATIVE_INFINITY;

  constructor(private readonly logLikelihood: LogDensity) {}

  /** Shades count from the peak, once it is known. */
  setPeak(peak: number): void {
    this.peak = peak;
    for (const raster of this.rasters) raster.canvas.dataset.shades = "";
  }

  want(view: View): void {
    this.wanted = view;
  }

  /** Whether there is more to do for the view that is wanted. */
  work(deadline: number): boolean {
    const { wanted } = this;
    if (!wanted) return false;
    const [coarse, fine] = ROUNDS.map((n) => this.rasterOf(wanted, n));
    const raster = coarse.next < coarse.n ** 2 ? coarse : fine;
    while (raster.next < raster.n ** 2) {
      this.evaluate(raster);
      if (performance.now() >= deadline) return true;
    }
    return raster === coarse;
  }

  draw(plane: Plane, look: Look): void {
    const context = clearPlane(plane, look);
    if (!context) return;
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = "high";
    const scale = plane.canvas.width / plane.size;
    for (const raster of this.rasters) {
      if (raster.next === 0) continue;
      this.shade(raster, look);
      const { centre, half } = raster.view;
      const [left, top, side] = [plane.x(centre[0] - half), plane.y(centre[1] + half), plane.length(2 * half)];
      context.drawImage(raster.canvas, left * scale, top * scale, side * scale, side * scale);
    }
  }

  /** Where the density is e^−½ and e^−2 of the peak's, once the finest raster of the view is whole: paths of an SVG. */
  rings(plane: Plane): readonly string[] {
    const raster = this.rasters.find((one) => one.n === FINE && this.wanted !== null && isSame(one.view, this.wanted));
    if (!raster || raster.next < FINE ** 2 || this.peak === Number.NEGATIVE_INFINITY) return [];
    raster.rings ??= ringsOf(raster, this.peak);
    const path = (ring: readonly (readonly [number, number])[]): string =>
      `M${ring.map(([x, y]) => `${plane.x(x).toFixed(1)} ${plane.y(y).toFixed(1)}`).join("L")}`;
    return raster.rings.map((rings) => rings.map(path).join(""));
  }

  private rasterOf(view: View, n: number): Raster {
    const found = this.rasters.find((one) => one.n === n && isSame(one.view, view));
    if (found) return found;
    const canvas = h("canvas", { width: n, height: n });
    const made: Raster = { view, n, values: new Float32Array(n * n).fill(Number.NaN), next: 0, canvas };
    const kept = this.rasters.length > 6 ? [...this.rasters.slice(0, 2), ...this.rasters.slice(-3)] : this.rasters;
    this.rasters = [...kept, made].sort((a, b) => b.view.half / b.n - a.view.half / a.n);
    return made;
  }

  private evaluate(raster: Raster): void {
    const { view, n, values } = raster;
    const count = Math.min(AT_ONCE, n * n - raster.next);
    const places = new Float32Array(2 * count);
    for (let i = 0; i < count; i++) {
      const at = raster.next + i;
      places[2 * i] = view.centre[0] + (((at % n) + 0.5) / n - 0.5) * 2 * view.half;
      places[2 * i + 1] = view.centre[1] - ((Math.floor(at / n) + 0.5) / n - 0.5) * 2 * view.half;
    }
    const scores = this.logLikelihood(places, count);
    for (let i = 0; i < count; i++) values[raster.next + i] = scores[i] + logPrior(places[2 * i], places[2 * i + 1]);
    raster.next += count;
  }

  private shade({ values, next, n, canvas }: Raster, { theme }: Look): void {
    const key = `${next} ${theme.isDark} ${this.peak}`;
    if (canvas.dataset.shades === key) return;
    canvas.dataset.shades = key;
    const context = canvas.getContext("2d");
    if (!context) return;
    const image = context.createImageData(n, n);
    const best =
      this.peak > -Infinity ? this.peak : values.subarray(0, next).reduce((most, f) => Math.max(most, f), -Infinity);
    const strong = theme.isDark ? mix(theme.accent, { r: 255, g: 255, b: 255 }, 0.15) : theme.accent;
    for (let i = 0; i < next; i++) {
      const { r, g, b } = mix(theme.map, strong, shadeOf(best - values[i]));
      image.data.set([r, g, b, 255], 4 * i);
    }
    context.putImageData(image, 0, 0);
  }
}

function isSame(a: View, b: View): boolean {
  return a.half === b.half && a.centre[0] === b.centre[0] && a.centre[1] === b.centre[1];
}

function ringsOf({ view: { centre, half }, n, values }: Raster, peak: number): ReturnType<typeof contourRings> {
  const grid = new Grid([centre[0] - half, centre[0] + half, centre[1] - half, centre[1] + half], n, n);
  for (let row = 0; row < n; row++) grid.values.set(values.subarray((n - 1 - row) * n, (n - row) * n), row * n);
  return contourRings(
    grid,
    LEVELS.map((below) => peak - below),
  );
}

/** 1 at the peak, 0 far below it. */
export function shadeOf(below: number): number {
  return Math.max(0, 1 - Math.log1p(Math.max(0, below)) / Math.log1p(FAINTEST));
}
