/**
 * What is log p(x)? Quadrature over the plane in slices: cells that may hold mass are divided until the sum no longer changes.
 *
 * p(x) = ∫ p(x|z) N(z; 0, I) dz as a sum over the middles of square cells. For a smooth peak that sum converges faster than any power of a
 * cell's side once a cell is narrower than the peak, so the last change is more than the error that is left. Letters: f = log p(x|z) +
 * log N(z; 0, I), nats; h a cell's side.
 */

import { Cells, highest } from "../../data/true-posterior/cells";
import type { Job } from "../../geometry/grid-field";
import { Pace } from "../../geometry/pace";
import type { Point } from "../../wire/schema";
import { type LogDensity, logPrior } from "./density";
import type { Gaussian } from "./gaussian";

/** The prior is integrated as far as so many of its standard deviations along each axis: 1 − 1e-6 of it. */
export const REACH = 5;
const FIRST_CELLS = 80;
/** Nats below the best: e^−16 is 1e-7. */
const NEGLIGIBLE = 16;
const CLOSE = 2e-4;
const MOST_SHARE = 0.05;
const MOST_EVALUATIONS = 40_000;

export interface Found {
  /** Nats. */
  readonly logPx: number;
  /** By how much the last halving of the cells changed it, nats. */
  readonly error: number;
  /** Of p(z|x). */
  readonly mean: Point;
  readonly deviation: Point;
  readonly correlation: number;
  /** The largest f. */
  readonly peak: number;
  readonly evaluations: number;
}

export class Evidence implements Job {
  found: Found | null = null;
  private cells: Cells;
  private queue: number[];
  private next = 0;
  private level = 0;
  private evaluations = 0;
  private before = Number.NaN;
  /** Σ e^(f − shift) h² of cells that were not divided, and the shift. */
  private rest = Number.NEGATIVE_INFINITY;
  private readonly pace = new Pace(128);

  /** `near`: the encoder's Gaussian, whose surroundings are looked at however narrow they are. */
  constructor(
    private readonly logLikelihood: LogDensity,
    private readonly near: Gaussian,
  ) {
    const reach = Math.max(REACH, ...near.mu.map((m, k) => Math.abs(m) + 6 * near.sigma[k]));
    const step = (2 * REACH) / FIRST_CELLS;
    const columns = Math.ceil((2 * reach) / step);
    this.cells = new Cells((-columns * step) / 2, (-columns * step) / 2, step, columns);
    this.queue = Array.from({ length: columns * columns }, (_, cell) => cell);
  }

  get isComplete(): boolean {
    return this.found !== null;
  }

  get share(): number {
    if (this.found) return 1;
    return this.level === 0 ? (0.7 * this.next) / this.queue.length : Math.min(0.98, 0.7 + 0.06 * this.level);
  }

  work(deadline: number): void {
    const left = (): number => (this.found ? 0 : Math.max(1, this.queue.length - this.next));
    this.pace.work(deadline, left, (n) => {
      if (this.next < this.queue.length) this.evaluate(this.queue.slice(this.next, (this.next += n)));
      else this.divide();
    });
  }

  private evaluate(some: readonly number[]): void {
    const places = Float32Array.from(some.flatMap((cell) => this.cells.place(cell)));
    const scores = this.logLikelihood(places, some.length);
    some.forEach((cell, i) => {
      this.cells.f.set(cell, scores[i] + logPrior(places[2 * i], places[2 * i + 1]));
    });
    this.evaluations += some.length;
  }

  private divide(): void {
    const { cells } = this;
    const best = highest(cells.f.values());
    const total = logSum(cells.f.values()) + 2 * Math.log(cells.h);
    const logPx = logAdd(total, this.rest);
    const change = Math.abs(logPx - this.before);
    this.before = logPx;
    const largest = Math.exp(best + 2 * Math.log(cells.h) - logPx);
    const isResolved = largest <= MOST_SHARE;
    if (isResolved && change < CLOSE) return this.finish(logPx, change, best);
    const chosen = this.promising(best, isResolved);
    if (this.evaluations + 4 * chosen.size > MOST_EVALUATIONS) return this.finish(logPx, change, best);
    const left = [...cells.f].filter(([cell]) => !chosen.has(cell)).map(([, f]) => f);
    this.rest = logAdd(this.rest, logSum(left) + 2 * Math.log(cells.h));
    this.queue = [...chosen].flatMap((cell) => cells.children(cell, 2));
    this.cells = cells.finer(2);
    this.next = 0;
    this.level++;
  }

  /** Before the peak is seen it is believed to reach as high above a middle as a neighbour lies below it. */
  private promising(best: number, isResolved: boolean): Set<number> {
    const { cells, near } = this;
    const isNear = ([x, y]: Point): boolean =>
      Math.abs(x - near.mu[0]) < 1.5 * cells.h + 3 * near.sigma[0] &&
      Math.abs(y - near.mu[1]) < 1.5 * cells.h + 3 * near.sigma[1];
    const found = new Set<number>();
    for (const [cell, f] of cells.f) {
      const reached = isResolved ? f : f + cells.slope(cell);
      if (reached > best - NEGLIGIBLE || (!isResolved && isNear(cells.place(cell)))) found.add(cell);
    }
    return found;
  }

  private finish(logPx: number, error: number, peak: number): void {
    const { cells, evaluations } = this;
    const shift = logSum(cells.f.values());
    const sums = [0, 0, 0, 0, 0];
    for (const [cell, f] of cells.f) {
      const [x, y] = cells.place(cell);
      const share = Math.exp(f - shift);
      [x, y, x * x, y * y, x * y].forEach((value, k) => {
        sums[k] += share * value;
      });
    }
    const [sx, sy] = [0, 1].map((k) => Math.sqrt(Math.max(0, sums[k + 2] - sums[k] ** 2)));
    this.found = {
      logPx,
      error,
      mean: [sums[0], sums[1]],
      deviation: [sx, sy],
      correlation: sx * sy > 0 ? (sums[4] - sums[0] * sums[1]) / (sx * sy) : 0,
      peak,
      evaluations,
    };
  }
}

/** log Σ e^value; −∞ of none. */
export function logSum(values: Iterable<number>): number {
  const all = [...values];
  const best = highest(all);
  if (best === Number.NEGATIVE_INFINITY) return best;
  return best + Math.log(all.reduce((sum, value) => sum + Math.exp(value - best), 0));
}

function logAdd(a: number, b: number): number {
  return logSum([a, b]);
}
