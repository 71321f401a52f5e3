/**
 * Where is an image's true posterior, and how far is the encoder's Gaussian from it? Quadrature over a latent plane, in slices.
 *
 * p(z|x) = p(x|z) N(z; 0, I) / p(x) on square cells. It may be a hundred times narrower than any grid over the whole plane: cells that
 * may hold mass are divided until none holds much. Letters: f = log p(x|z) + log N(z; 0, I) at a cell's middle, nats; h a cell's side.
 */

import { contourRings } from "../../../geometry/contours";
import { Grid, type Job } from "../../../geometry/grid-field";
import type { Extent, Point } from "../../../wire/schema";

/** Mass inside 1σ and 2σ of a Gaussian in two dimensions: 1 − exp(−k²/2). */
export const MASSES = [1 - Math.exp(-0.5), 1 - Math.exp(-2)] as const;

/** As far as the prior is looked at, in its standard deviations: 1 − 4e-9 of it, along each axis. */
const PRIOR_REACH = 6;
const POSTERIOR_REACH = 6;
const COARSE_NODES = 4500;
const FINEST_COARSE = 0.1;
/** Decoded planes above so many numbers (40 MB) are decoded anew for every image. */
const MOST_KEPT = 10_000_000;

/** Cells so many nats below the best one hold nothing: e^−14 is 1e-6. */
const NEGLIGIBLE = 14;
const MOST_SHARE = 0.02;
const NEGLIGIBLE_ONCE_SEEN = 10;
/** Nats from a cell to the next within 3 nats of the best: a Gaussian's is 2.5 at 2σ where h is 0.9 σ, and its sum then exact to 1e-10. */
const MOST_SLOPE = 2.5;
const CORE = 3;
/** One cell alone says nothing of a peak's width yet: halve. */
const UNRESOLVED = 0.25;
const MOST_FACTOR = 4;
/** Beyond the plane's; where that is not enough, the best cells are looked at and the answer is called rough. */
const MOST_EVALUATIONS = 12_000;
const FEWEST = 25;
const FINER_TO_DRAW = 4;
const MOST_DRAWN = 200_000;
const Q_STEP = 0.75;
const Q_REACH = 5.25;

/** A diagonal Gaussian on the plane. */
export interface Encoded {
  readonly mu: ArrayLike<number>;
  readonly logvar: ArrayLike<number>;
}

export type Ring = readonly (readonly [number, number])[];

export interface TruePosterior {
  /** log p(x), nats. */
  readonly logPx: number;
  /** E_q[log p(x|z)] − KL(q ‖ prior), nats: never above logPx. */
  readonly elbo: number;
  readonly mean: Point;
  /** xx, xy, yy. */
  readonly covariance: readonly [number, number, number];
  /** Borders of the regions that hold `MASSES`, map units. */
  readonly rings: readonly (readonly Ring[])[];
  /** Around the outer rings. */
  readonly extent: Extent;
  /** How many separate regions hold the larger mass. */
  readonly nPieces: number;
  /** Share of the fullest cell, and whether the search had to stop early. */
  readonly largestShare: number;
  readonly isRough: boolean;
}

/** A lattice of decoder outputs over all that may matter: which image is asked about does not change them, so each is made once. */
export class CoarsePlane {
  readonly step: number;
  readonly columns: number;
  readonly rows: number;
  private readonly kept: Float32Array | null;
  private readonly isMade: Uint8Array;

  constructor(
    readonly extent: Extent,
    private readonly nPixels: number,
    private readonly outputAt: (x: number, y: number) => Float32Array,
  ) {
    const [width, height] = [extent[1] - extent[0], extent[3] - extent[2]];
    this.step = Math.max(FINEST_COARSE, Math.sqrt((width * height) / COARSE_NODES));
    this.columns = Math.ceil(width / this.step);
    this.rows = Math.ceil(height / this.step);
    const n = this.columns * this.rows;
    this.kept = n * nPixels <= MOST_KEPT ? new Float32Array(n * nPixels) : null;
    this.isMade = new Uint8Array(n);
  }

  covers(q: Encoded): boolean {
    const [x0, x1, y0, y1] = around(this.extent, q);
    return x0 >= this.extent[0] && x1 <= this.extent[1] && y0 >= this.extent[2] && y1 <= this.extent[3];
  }

  /** What the decoder gives at the middle of a cell; overwritten by the next call where planes are not kept. */
  output(cell: number): Float32Array {
    const { kept, nPixels } = this;
    if (kept && this.isMade[cell]) return kept.subarray(cell * nPixels, (cell + 1) * nPixels);
    const column = cell % this.columns;
    const made = this.outputAt(
      this.extent[0] + (column + 0.5) * this.step,
      this.extent[2] + ((cell - column) / this.columns + 0.5) * this.step,
    );
    kept?.set(made, cell * nPixels);
    this.isMade[cell] = 1;
    return made;
  }
}

/** The prior's square, and all that Gaussians reach. */
export function planeExtent(codes: readonly Encoded[]): Extent {
  return codes.reduce<Extent>(around, [-PRIOR_REACH, PRIOR_REACH, -PRIOR_REACH, PRIOR_REACH]);
}

function around([x0, x1, y0, y1]: Extent, { mu, logvar }: Encoded): Extent {
  const [rx, ry] = [POSTERIOR_REACH * Math.exp(logvar[0] / 2), POSTERIOR_REACH * Math.exp(logvar[1] / 2)];
  return [Math.min(x0, mu[0] - rx), Math.max(x1, mu[0] + rx), Math.min(y0, mu[1] - ry), Math.max(y1, mu[1] + ry)];
}

/** Some cells of a lattice with cells of side h. */
class Cells {
  readonly f = new Map<number, number>();

  constructor(
    private readonly x0: number,
    private readonly y0: number,
    readonly h: number,
    readonly columns: number,
  ) {}

  split(cell: number): readonly [column: number, row: number] {
    const column = cell % this.columns;
    return [column, (cell - column) / this.columns];
  }

  place(cell: number): Point {
    const [column, row] = this.split(cell);
    return [this.x0 + (column + 0.5) * this.h, this.y0 + (row + 0.5) * this.h];
  }

  /** The largest difference of f to a neighbour that is there. */
  slope(cell: number): number {
    const f = this.f.get(cell) as number;
    let most = 0;
    for (const step of [1, -1, this.columns, -this.columns]) {
      const other = this.f.get(cell + step);
      if (other !== undefined) most = Math.max(most, Math.abs(f - other));
    }
    return most;
  }

  finer(factor: number): Cells {
    return new Cells(this.x0, this.y0, this.h / factor, this.columns * factor);
  }

  children(cell: number, factor: number): number[] {
    const [column, row] = this.split(cell);
    const first = row * factor * this.columns * factor + column * factor;
    return Array.from(
      { length: factor * factor },
      (_, i) => first + Math.floor(i / factor) * this.columns * factor + (i % factor),
    );
  }
}

export class PosteriorJob implements Job {
  result: TruePosterior | null = null;
  private cells: Cells;
  private queue: number[];
  private next = 0;
  private isCoarse = true;
  private nEvaluated = 0;
  private isRough = false;
  private found: Summary | null = null;
  private readonly nodes = standardNodes();
  private nextNode = 0;
  private expected = 0;

  /** `score`: log p(x|z) of the decoder's output; `outputAt` decodes a place; both may reuse their buffers. */
  constructor(
    private readonly plane: CoarsePlane,
    private readonly score: (output: Float32Array) => number,
    private readonly outputAt: (x: number, y: number) => Float32Array,
    private readonly q: Encoded,
  ) {
    this.cells = new Cells(plane.extent[0], plane.extent[2], plane.step, plane.columns);
    this.queue = Array.from({ length: plane.columns * plane.rows }, (_, cell) => cell);
  }

  get isComplete(): boolean {
    return this.result !== null;
  }

  /** By experience: the plane is half of the way, most of the rest is the last division. */
  get share(): number {
    if (this.result) return 1;
    if (this.isCoarse) return (0.5 * this.next) / this.queue.length;
    return this.found
      ? 0.85 + (0.15 * this.nextNode) / this.nodes.length
      : 0.5 + (0.35 * this.next) / this.queue.length;
  }

  work(deadline: number): void {
    do {
      if (this.found) this.expect();
      else if (this.next < this.queue.length) this.evaluate(this.queue[this.next++]);
      else this.divide();
    } while (!this.isComplete && performance.now() < deadline);
  }

  private evaluate(cell: number): void {
    const [x, y] = this.cells.place(cell);
    const output = this.isCoarse ? this.plane.output(cell) : this.outputAt(x, y);
    this.cells.f.set(cell, this.score(output) - 0.5 * (x * x + y * y) - Math.log(2 * Math.PI));
    this.nEvaluated++;
  }

  /** Ends the search, or goes on in the cells that may still hold mass. */
  private divide(): void {
    const { cells } = this;
    const best = highest(cells.f.values());
    let total = 0;
    let slope = 0;
    for (const [cell, f] of cells.f) {
      total += Math.exp(f - best);
      if (f > best - CORE) slope = Math.max(slope, cells.slope(cell));
    }
    if (1 / total <= MOST_SHARE && slope <= MOST_SLOPE) return this.summarise(best, total);
    const finer =
      1 / total > UNRESOLVED ? 2 : Math.ceil(Math.max(Math.sqrt(1 / total / MOST_SHARE), slope / MOST_SLOPE));
    const factor = Math.min(MOST_FACTOR, Math.max(2, finer));
    const room = Math.floor(
      (MOST_EVALUATIONS + this.plane.columns * this.plane.rows - this.nEvaluated) / (factor * factor),
    );
    const wanted = this.promising(best, 1 / total > UNRESOLVED);
    const kept = wanted.slice(0, Math.max(0, room));
    this.isRough ||= kept.length < wanted.length;
    if (kept.length < Math.min(FEWEST, wanted.length)) return this.summarise(best, total);
    this.queue = kept.flatMap((cell) => cells.children(cell, factor));
    this.cells = cells.finer(factor);
    this.next = 0;
    this.isCoarse = false;
  }

  /**
   * Cells whose mass counts, or may, the best first: a cell's border is half of the way to a neighbour's middle, and before the peak is seen, it is believed
   * to reach as high as all of that way. The encoder's own place is always among them.
   */
  private promising(best: number, isUnresolved: boolean): number[] {
    const { cells, q } = this;
    const isOwn = ([x, y]: Point): boolean => Math.abs(x - q.mu[0]) < cells.h && Math.abs(y - q.mu[1]) < cells.h;
    const counts = (cell: number, f: number): boolean =>
      isUnresolved
        ? f + cells.slope(cell) > best - NEGLIGIBLE
        : f + cells.slope(cell) / 2 > best - NEGLIGIBLE_ONCE_SEEN;
    return [...cells.f]
      .filter(([cell, f]) => counts(cell, f) || (isUnresolved && isOwn(cells.place(cell))))
      .sort(([, a], [, b]) => b - a)
      .map(([cell]) => cell);
  }

  private summarise(best: number, total: number): void {
    this.found = new Summary(this.cells, best, total);
  }

  /** E_q[log p(x|z)], a node at a time; the trapezoid sum of a smooth function under a Gaussian, 0.75 σ apart, is exact to 1e-15. */
  private expect(): void {
    const { q, nodes, found } = this;
    const [u, v, weight] = nodes[this.nextNode++];
    const output = this.outputAt(q.mu[0] + u * Math.exp(q.logvar[0] / 2), q.mu[1] + v * Math.exp(q.logvar[1] / 2));
    this.expected += weight * this.score(output);
    if (this.nextNode < nodes.length || !found) return;
    this.result = { ...found.posterior(), elbo: this.expected - klToPrior(q), isRough: this.isRough };
  }
}

/** Places (u, v) and weights that add up to 1, of N(0, I). */
function standardNodes(): readonly (readonly [number, number, number])[] {
  const nodes: [number, number, number][] = [];
  const n = Q_REACH / Q_STEP;
  for (let i = -n; i <= n; i++) {
    for (let j = -n; j <= n; j++) {
      const [u, v] = [i * Q_STEP, j * Q_STEP];
      if (u * u + v * v <= Q_REACH * Q_REACH) nodes.push([u, v, Math.exp(-0.5 * (u * u + v * v))]);
    }
  }
  const total = nodes.reduce((sum, [, , weight]) => sum + weight, 0);
  return nodes.map(([u, v, weight]) => [u, v, weight / total]);
}

/** KL(N(mu, σ²) ‖ N(0, I)), nats. */
function klToPrior({ mu, logvar }: Encoded): number {
  return 0.5 * [0, 1].reduce((sum, k) => sum + mu[k] * mu[k] + Math.expm1(logvar[k]) - logvar[k], 0);
}

/** The numbers of the finest cells. */
class Summary {
  constructor(
    private readonly cells: Cells,
    private readonly best: number,
    private readonly total: number,
  ) {}

  posterior(): Omit<TruePosterior, "elbo" | "isRough"> {
    const { cells, best, total } = this;
    const rings = this.rings();
    return {
      logPx: best + Math.log(total) + 2 * Math.log(cells.h),
      ...this.moments(),
      rings,
      extent: extentOf(rings[1]),
      nPieces: outer(rings[1]),
      largestShare: 1 / total,
    };
  }

  private moments(): Pick<TruePosterior, "mean" | "covariance"> {
    const places = [...this.cells.f].map(
      ([cell, f]) => [...this.cells.place(cell), Math.exp(f - this.best) / this.total] as const,
    );
    const sum = (term: (x: number, y: number) => number): number =>
      places.reduce((all, [x, y, share]) => all + share * term(x, y), 0);
    const [mx, my] = [sum((x) => x), sum((_, y) => y)];
    return {
      mean: [mx, my],
      covariance: [sum((x) => (x - mx) ** 2), sum((x, y) => (x - mx) * (y - my)), sum((_, y) => (y - my) ** 2)],
    };
  }

  /** Of log density: between two cells it is nearly straight where the density itself is not. */
  private rings(): Ring[][] {
    const levels = levelsOfMass(
      [...this.cells.f.values()].map((f) => f - this.best),
      MASSES,
    );
    const rings: Ring[][] = MASSES.map(() => []);
    for (const grid of this.blocks())
      contourRings(smoothed(grid), levels).forEach((some, level) => rings[level].push(...some));
    return rings;
  }

  /** One grid of log density for every group of neighbouring cells: peaks far apart need no grid over all between them. */
  private blocks(): Grid[] {
    const { cells, best } = this;
    const left = new Set([...cells.f].filter(([, f]) => f > best - NEGLIGIBLE).map(([cell]) => cell));
    const grids: Grid[] = [];
    for (const first of left) {
      const group = [first];
      left.delete(first);
      for (let at = 0; at < group.length; at++) {
        for (const dy of [-1, 0, 1]) {
          for (const dx of [-1, 0, 1]) {
            const other = group[at] + dy * cells.columns + dx;
            if (left.delete(other)) group.push(other);
          }
        }
      }
      grids.push(this.grid(group));
    }
    return grids;
  }

  private grid(group: readonly number[]): Grid {
    const { cells, best } = this;
    const places = group.map((cell) => cells.split(cell));
    const [c0, r0] = [Math.min(...places.map(([column]) => column)) - 1, Math.min(...places.map(([, row]) => row)) - 1];
    const [columns, rows] = [
      Math.max(...places.map(([column]) => column)) - c0 + 2,
      Math.max(...places.map(([, row]) => row)) - r0 + 2,
    ];
    const [x0, y0] = cells.place(r0 * cells.columns + c0).map((value) => value - cells.h / 2);
    const grid = new Grid([x0, x0 + columns * cells.h, y0, y0 + rows * cells.h], columns, rows);
    grid.values.fill(-NEGLIGIBLE - 1);
    group.forEach(
      (cell, i) =>
        (grid.values[(places[i][1] - r0) * columns + places[i][0] - c0] = (cells.f.get(cell) as number) - best),
    );
    return grid;
  }
}

/** The same field on a finer grid, by cubic convolution (Keys 1981), which keeps what is quadratic: the log density of a Gaussian. */
export function smoothed(grid: Grid): Grid {
  const factor = Math.max(1, Math.min(FINER_TO_DRAW, Math.floor(Math.sqrt(MOST_DRAWN / (grid.columns * grid.rows)))));
  const out = new Grid(grid.extent, grid.columns * factor, grid.rows * factor);
  const [across, up] = [keysWeights(grid.columns, factor), keysWeights(grid.rows, factor)];
  for (let row = 0, at = 0; row < out.rows; row++) {
    for (let column = 0; column < out.columns; column++, at++) {
      for (const [r, wr] of up[row])
        for (const [c, wc] of across[column]) out.values[at] += wr * wc * grid.values[r * grid.columns + c];
    }
  }
  return out;
}

/** For every fine cell the coarse ones around it with their weights, which add up to 1; the border's value goes on outside. */
function keysWeights(n: number, factor: number): readonly (readonly (readonly [cell: number, weight: number])[])[] {
  return Array.from({ length: n * factor }, (_, i) => {
    const place = (i + 0.5) / factor - 0.5;
    const base = Math.floor(place);
    const t = place - base;
    const weights = [
      ((-0.5 * t + 1) * t - 0.5) * t,
      (1.5 * t - 2.5) * t * t + 1,
      ((-1.5 * t + 2) * t + 0.5) * t,
      (0.5 * t - 0.5) * t * t,
    ];
    return weights.map((weight, k) => [Math.min(n - 1, Math.max(0, base - 1 + k)), weight] as const);
  });
}

/**
 * The log densities above which the given shares of the mass lie; `logs`: of equal cells.
 *
 * A cell's own mass lies half above its middle's density. Between cells by the density, which for a Gaussian is linear in the mass.
 */
export function levelsOfMass(logs: readonly number[], masses: readonly number[]): number[] {
  const best = highest(logs);
  const densities = logs.map((f) => Math.exp(f - best)).sort((a, b) => b - a);
  const total = densities.reduce((sum, density) => sum + density, 0);
  const above: number[] = [];
  let sum = 0;
  for (const density of densities) {
    above.push((sum + density / 2) / total);
    sum += density;
  }
  return masses.map((mass) => {
    const i = Math.max(
      1,
      above.findIndex((value) => value >= mass),
    );
    if (i >= above.length) return best;
    const t = (mass - above[i - 1]) / (above[i] - above[i - 1]);
    return (
      best +
      Math.log(Math.max(densities[i], Math.min(densities[0], densities[i - 1] + t * (densities[i] - densities[i - 1]))))
    );
  });
}

function highest(values: Iterable<number>): number {
  let most = -Infinity;
  for (const value of values) if (value > most) most = value;
  return most;
}

function extentOf(rings: readonly Ring[]): Extent {
  const all = rings.flat();
  const along = (axis: 0 | 1, pick: (...values: number[]) => number): number =>
    pick(...all.map((place) => place[axis]));
  return [along(0, Math.min), along(0, Math.max), along(1, Math.min), along(1, Math.max)];
}

/** Rings that are no holes: d3 turns those the other way round. */
function outer(rings: readonly Ring[]): number {
  const areas = rings.map((ring) =>
    ring.reduce((sum, [x, y], i) => sum + x * ring[(i + 1) % ring.length][1] - ring[(i + 1) % ring.length][0] * y, 0),
  );
  const sign = Math.sign(areas.reduce((most, area) => (Math.abs(area) > Math.abs(most) ? area : most), 0));
  return areas.filter((area) => Math.sign(area) === sign).length;
}
