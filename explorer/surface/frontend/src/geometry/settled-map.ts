/** Which place of a settled map is a code on? `trainer.maps.inverse.place_of` in the browser, number for number. */

import type { Extent, Point } from "../wire/schema";

const NEIGHBOURS = 15;
/** Of the map's width: what counts as the same neighbourhood, and how far a place may move towards its code. */
const ON_MAP = 0.03;
const MEDIAN_ROUNDS = 60;
const DESCENTS = 20;
const HALVINGS = 8;
/** Of the distance to the neighbourhood: this is a real code, rounded. */
const SAME = 0.01;
const FAR_AWAY = 1e30;

/** A lattice of codes over the map, bilinear between its nodes. */
export class Sheet {
  readonly value: Float64Array;
  private readonly alongX: Float64Array;
  private readonly alongY: Float64Array;
  private readonly size: number;

  /** lattice (G, G, K), row 0 at y0. */
  constructor(
    private readonly lattice: Float32Array,
    private readonly extent: Extent,
    private readonly K: number,
  ) {
    this.size = Math.round(Math.sqrt(lattice.length / K));
    [this.value, this.alongX, this.alongY] = [new Float64Array(K), new Float64Array(K), new Float64Array(K)];
  }

  get width(): number {
    return this.extent[1] - this.extent[0];
  }

  /** |code of the place − z|²; value and slopes are those of the place until the next call. */
  missed(x: number, y: number, z: ArrayLike<number>): number {
    const {
      lattice,
      K,
      size,
      extent: [x0, x1, y0, y1],
    } = this;
    const last = size - 1;
    const clipped = (value: number): number => Math.min(last, Math.max(0, value));
    const [column, row] = [clipped(((x - x0) / (x1 - x0)) * last), clipped(((y - y0) / (y1 - y0)) * last)];
    const [j, i] = [Math.min(Math.floor(column), last - 1), Math.min(Math.floor(row), last - 1)];
    const [u, v] = [column - j, row - i];
    let total = 0;
    for (let k = 0, at = (i * size + j) * K; k < K; k++, at++) {
      const [a, b, c, d] = [lattice[at], lattice[at + K], lattice[at + size * K], lattice[at + size * K + K]];
      this.alongX[k] = ((1 - v) * (b - a) + v * (d - c)) * (last / (x1 - x0));
      this.alongY[k] = ((1 - u) * (c - a) + u * (d - b)) * (last / (y1 - y0));
      this.value[k] = (1 - v) * ((1 - u) * a + u * b) + v * ((1 - u) * c + u * d);
      total += (this.value[k] - z[k]) ** 2;
    }
    return total;
  }

  /** From a place downhill in |sheet(place) − z|², at most `reach` away: damped Gauss-Newton, halving steps that do not help. */
  descend(start: Point, z: ArrayLike<number>, reach: number): Point {
    let now = start;
    let missed = this.missed(now[0], now[1], z);
    for (let round = 0; round < DESCENTS; round++) {
      const [dx, dy] = this.step(z);
      let isNearer = false;
      for (let halving = 0; halving < HALVINGS && !isNearer; halving++) {
        const there = within(start, [now[0] + dx / 2 ** halving, now[1] + dy / 2 ** halving], reach);
        const missedThere = this.missed(there[0], there[1], z);
        isNearer = missedThere < missed;
        if (isNearer) [now, missed] = [there, missedThere];
      }
      if (!isNearer) return now;
    }
    return now;
  }

  /** Gauss-Newton's, from the last place asked for. */
  private step(z: ArrayLike<number>): Point {
    const { alongX, alongY, value, K } = this;
    let [xx, xy, yy, gx, gy] = [0, 0, 0, 0, 0];
    for (let k = 0; k < K; k++) {
      const off = value[k] - z[k];
      xx += alongX[k] * alongX[k];
      xy += alongX[k] * alongY[k];
      yy += alongY[k] * alongY[k];
      gx += alongX[k] * off;
      gy += alongY[k] * off;
    }
    const damping = 1e-3 * (xx + yy) + 1e-12;
    const determinant = (xx + damping) * (yy + damping) - xy * xy;
    return [(xy * gy - (yy + damping) * gx) / determinant, (xy * gx - (xx + damping) * gy) / determinant];
  }
}

function within(middle: Point, [x, y]: Point, reach: number): Point {
  const [dx, dy] = [x - middle[0], y - middle[1]];
  const shrink = Math.min(1, reach / Math.max(Math.sqrt(dx * dx + dy * dy), 1e-300));
  return [middle[0] + dx * shrink, middle[1] + dy * shrink];
}

/**
 * The nearest real codes may lie on several islands, and a mean of their places in the sea between. So: the weighted median of their places,
 * which is on the island of most; the neighbour on that island whose place decodes most like the code; from there downhill on the sheet.
 * A real code has its own place.
 */
export function placeOn(
  sheet: Sheet,
  mu: Float32Array,
  points: Float32Array,
  K: number,
): (z: ArrayLike<number>) => Point {
  const n = mu.length / K;
  const squares = new Float64Array(n);
  const place = (i: number): Point => [points[2 * i], points[2 * i + 1]];
  return (given) => {
    const z = Float64Array.from({ length: K }, (_, k) =>
      Math.fround(Math.min(FAR_AWAY, Math.max(-FAR_AWAY, given[k]))),
    ); // Python's are float32
    for (let i = 0; i < n; i++) {
      let total = 0;
      for (let k = 0, at = i * K; k < K; k++, at++) total += (mu[at] - z[k]) ** 2;
      squares[i] = total;
    }
    const near = smallest(squares, Math.min(NEIGHBOURS, n));
    const mean = near.reduce((total, i) => total + Math.sqrt(squares[i]), 0) / near.length;
    if (Math.sqrt(squares[near[0]]) <= SAME * mean) return place(near[0]);
    const weights = near.map((i) => Math.exp((-0.5 * (squares[i] - squares[near[0]])) / (mean / 2 + 1e-9) ** 2));
    const middle = median(near.map(place), weights, 1e-6 * sheet.width);
    const reach = ON_MAP * sheet.width;
    let [start, least] = [middle, Infinity];
    for (const there of near.map(place)) {
      if ((there[0] - middle[0]) ** 2 + (there[1] - middle[1]) ** 2 > reach ** 2) continue;
      const missed = sheet.missed(there[0], there[1], z);
      if (missed < least) [start, least] = [there, missed];
    }
    return sheet.descend(start, z, reach);
  };
}

/** The point with the smallest weighted sum of distances (Weiszfeld 1937), from the weighted mean. */
function median(places: readonly Point[], weights: readonly number[], least: number): Point {
  const mean = (pull: readonly number[]): Point => {
    const all = pull.reduce((total, value) => total + value, 0);
    const along = (axis: 0 | 1): number => places.reduce((total, place, i) => total + pull[i] * place[axis], 0) / all;
    return [along(0), along(1)];
  };
  let middle = mean(weights);
  for (let round = 0; round < MEDIAN_ROUNDS; round++) {
    const [x, y] = middle;
    middle = mean(
      weights.map((weight, i) => weight / (Math.sqrt((places[i][0] - x) ** 2 + (places[i][1] - y) ** 2) + least)),
    );
  }
  return middle;
}

/** The numbers of the `n` smallest values, smallest first. */
function smallest(values: Float64Array, n: number): number[] {
  const kept: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if (kept.length === n && values[i] >= values[kept[n - 1]]) continue;
    let at = kept.length;
    while (at > 0 && values[kept[at - 1]] > values[i]) at--;
    kept.splice(at, 0, i);
    if (kept.length > n) kept.pop();
  }
  return kept;
}
