/**
 * What lies between the points? Numbers on a regular grid over the map, made in slices between two frames.
 *
 * Letters: q̄(z) the aggregated posterior (1/N) Σ_i q(z|x_i), p(z) the prior; both as densities on the map's plane, so that they integrate
 * to 1 over it. A linear map's basis is orthonormal: a Gaussian code stays Gaussian there, with covariance B diag(σ²) Bᵀ.
 */

import type { Extent } from "../wire/schema";
import { Pace } from "./pace";

/** Values (rows, columns), row 0 at y0; each belongs to the middle of its cell. */
export class Grid {
  readonly values: Float32Array;
  readonly dx: number;
  readonly dy: number;

  constructor(
    readonly extent: Extent,
    readonly columns: number,
    readonly rows: number,
  ) {
    this.values = new Float32Array(columns * rows);
    this.dx = (extent[1] - extent[0]) / columns;
    this.dy = (extent[3] - extent[2]) / rows;
  }

  x(column: number): number {
    return this.extent[0] + (column + 0.5) * this.dx;
  }

  y(row: number): number {
    return this.extent[2] + (row + 0.5) * this.dy;
  }

  /** The value of the cell around a place; NaN outside. */
  at(x: number, y: number): number {
    const column = Math.floor((x - this.extent[0]) / this.dx);
    const row = Math.floor((y - this.extent[2]) / this.dy);
    return column >= 0 && row >= 0 && column < this.columns && row < this.rows
      ? this.values[row * this.columns + column]
      : Number.NaN;
  }

  /** ∫ over the grid. */
  total(): number {
    return this.values.reduce((sum, value) => sum + value, 0) * this.dx * this.dy;
  }
}

/** Cells as square as they go, about `cells` along the longer side. */
export function gridOver(extent: Extent, cells: number): Grid {
  const [width, height] = [extent[1] - extent[0], extent[3] - extent[2]];
  const cell = Math.max(width, height) / cells;
  return new Grid(extent, Math.max(2, Math.round(width / cell)), Math.max(2, Math.round(height / cell)));
}

export interface Job {
  readonly isComplete: boolean;
  readonly share: number;
  work(deadline: number): void;
}

/** Covariance of point i on the map: xx, xy, yy. */
export type Spread = (i: number) => readonly [number, number, number];

/**
 * Σ_i w N(place; point_i, spread_i) over the accepted points, each with the same weight, into `grid`.
 *
 * A posterior narrower than a cell is widened to it, or the sum over cell middles would miss it; that is what a coarse picture can show.
 */
export class DensityJob implements Job {
  private next = 0;
  private readonly chosen: Uint32Array;

  constructor(
    readonly grid: Grid,
    private readonly points: Float32Array,
    private readonly spread: Spread,
    accepts: (i: number) => boolean = () => true,
  ) {
    const all: number[] = [];
    for (let i = 0; i < points.length / 2; i++) if (accepts(i)) all.push(i);
    this.chosen = Uint32Array.from(all);
  }

  get isComplete(): boolean {
    return this.next >= this.chosen.length;
  }

  get share(): number {
    return this.chosen.length ? this.next / this.chosen.length : 1;
  }

  work(deadline: number): void {
    while (!this.isComplete) {
      this.add(this.chosen[this.next++]);
      if ((this.next & 63) === 0 && performance.now() >= deadline) return;
    }
  }

  private add(i: number): void {
    const { grid } = this;
    const [givenXx, xy, givenYy] = this.spread(i);
    const xx = givenXx + (0.6 * grid.dx) ** 2;
    const yy = givenYy + (0.6 * grid.dy) ** 2;
    const determinant = xx * yy - xy * xy;
    const [px, py] = [this.points[2 * i], this.points[2 * i + 1]];
    const [reachX, reachY] = [4 * Math.sqrt(xx), 4 * Math.sqrt(yy)];
    const c0 = Math.max(0, Math.floor((px - reachX - grid.extent[0]) / grid.dx));
    const c1 = Math.min(grid.columns - 1, Math.floor((px + reachX - grid.extent[0]) / grid.dx));
    const r0 = Math.max(0, Math.floor((py - reachY - grid.extent[2]) / grid.dy));
    const r1 = Math.min(grid.rows - 1, Math.floor((py + reachY - grid.extent[2]) / grid.dy));
    const weight = 1 / (2 * Math.PI * Math.sqrt(determinant) * this.chosen.length);
    const [a, b, c] = [-0.5 * (yy / determinant), xy / determinant, -0.5 * (xx / determinant)];
    for (let row = r0; row <= r1; row++) {
      const dy = grid.y(row) - py;
      for (let column = c0, at = row * grid.columns + c0; column <= c1; column++, at++) {
        const dx = grid.x(column) - px;
        grid.values[at] += weight * Math.exp(a * dx * dx + b * dx * dy + c * dy * dy);
      }
    }
  }
}

/** Bandwidth of a kernel density estimate in two dimensions (Scott 1992: n^(−1/6) of each axis' standard deviation). */
export function scottSpread(points: Float32Array): readonly [number, number, number] {
  const n = Math.max(2, points.length / 2);
  const variance = (offset: number): number => {
    let sum = 0;
    let squares = 0;
    for (let at = offset; at < points.length; at += 2) sum += points[at];
    const mean = sum / n;
    for (let at = offset; at < points.length; at += 2) squares += (points[at] - mean) ** 2;
    return squares / (n - 1);
  };
  const shrink = n ** (-1 / 3); // the square of n^(−1/6)
  return [variance(0) * shrink + 1e-12, 0, variance(1) * shrink + 1e-12];
}

/** N(place; centre, I) at every cell: the prior on an orthonormal plane. */
export function priorField(grid: Grid, [cx, cy]: readonly [number, number]): Grid {
  const out = new Grid(grid.extent, grid.columns, grid.rows);
  for (let row = 0, at = 0; row < grid.rows; row++) {
    for (let column = 0; column < grid.columns; column++, at++) {
      out.values[at] = Math.exp(-0.5 * ((grid.x(column) - cx) ** 2 + (grid.y(row) - cy) ** 2)) / (2 * Math.PI);
    }
  }
  return out;
}

/** q̄ − p: below 0 the region is under-represented by the aggregated posterior. */
export function difference(posterior: Grid, prior: Grid): Grid {
  const out = new Grid(posterior.extent, posterior.columns, posterior.rows);
  for (let at = 0; at < out.values.length; at++) out.values[at] = posterior.values[at] - prior.values[at];
  return out;
}

/**
 * √det(JᵀJ) of the decoder along the map's two axes: how much area of picture space a unit of map area becomes (Arvanitidis 2018, eq. 4;
 * Bishop 1997 calls it the magnification factor). J from the pictures at the four corners of every cell, each decoded once.
 */
export class MagnificationJob implements Job {
  private row = 0;
  private column = 0;
  private readonly pace = new Pace();
  /** Pictures (columns + 1, pixels) along the lower and the upper border of the row of cells in work. */
  private below: Float32Array;
  private above: Float32Array;

  constructor(
    readonly grid: Grid,
    /** Pictures of places (x, y pairs), one after the other. */
    private readonly decodeAt: (places: Float64Array) => Float32Array,
    private readonly nPixels: number,
  ) {
    this.below = new Float32Array((grid.columns + 1) * nPixels);
    this.above = new Float32Array((grid.columns + 1) * nPixels);
  }

  get isComplete(): boolean {
    return this.row > this.grid.rows;
  }

  get share(): number {
    return this.row / (this.grid.rows + 1);
  }

  work(deadline: number): void {
    const left = (): number => (this.isComplete ? 0 : this.grid.columns + 1 - this.column);
    this.pace.work(deadline, left, (n) => this.add(n));
  }

  /** The next n corners of a row; row 0 is the lower border of the first cells. */
  private add(n: number): void {
    const { grid, nPixels, row, column } = this;
    const [x, y] = [(c: number): number => grid.extent[0] + c * grid.dx, grid.extent[2] + row * grid.dy];
    const places = Float64Array.from({ length: 2 * n }, (_, at) => (at % 2 ? y : x(column + (at >> 1))));
    this.above.set(this.decodeAt(places), column * nPixels);
    for (let c = Math.max(1, column); row > 0 && c < column + n; c++)
      grid.values[(row - 1) * grid.columns + c - 1] = this.magnification(c);
    this.column += n;
    if (this.column <= grid.columns) return;
    this.column = 0;
    this.row++;
    [this.below, this.above] = [this.above, this.below];
  }

  /** Of the cell whose upper right corner is the given one. */
  private magnification(column: number): number {
    const {
      above,
      below,
      nPixels,
      grid: { dx, dy },
    } = this;
    const [left, right] = [(column - 1) * nPixels, column * nPixels];
    let xx = 0;
    let xy = 0;
    let yy = 0;
    for (let p = 0; p < nPixels; p++) {
      const [ll, lr, ul, ur] = [below[left + p], below[right + p], above[left + p], above[right + p]];
      const a = (lr - ll + ur - ul) / (2 * dx);
      const b = (ul - ll + ur - lr) / (2 * dy);
      xx += a * a;
      xy += a * b;
      yy += b * b;
    }
    return Math.sqrt(Math.max(0, xx * yy - xy * xy));
  }
}

/** The level above which `mass` of the field's total lies: the border of its highest-density region. */
export function levelOfMass(values: Float32Array, mass: number): number {
  const sorted = Float32Array.from(values).sort();
  let total = 0;
  for (const value of sorted) total += value;
  let sum = 0;
  for (let i = sorted.length - 1; i >= 0; i--) {
    sum += sorted[i];
    if (sum >= mass * total) return sorted[i];
  }
  return 0;
}
