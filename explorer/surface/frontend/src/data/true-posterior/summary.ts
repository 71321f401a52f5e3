/** What do evaluated cells say of a posterior? Its moments, and the borders of the regions that hold most of its mass. */

import { contourRings } from "../../geometry/contours";
import { Grid } from "../../geometry/grid-field";
import type { Extent, Point } from "../../wire/schema";
import { type Cells, highest } from "./cells";

/** Mass inside 1σ and 2σ of a Gaussian in two dimensions: 1 − exp(−k²/2). */
export const MASSES = [1 - Math.exp(-0.5), 1 - Math.exp(-2)] as const;

/** Cells so many nats below the best one hold nothing: e^−14 is 1e-6. */
export const NEGLIGIBLE = 14;
const FINER_TO_DRAW = 4;
const MOST_DRAWN = 200_000;

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

/** The numbers of the finest cells. */
export class Summary {
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
