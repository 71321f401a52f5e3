/** Where is a latent plane looked at? A coarse lattice whose outputs are kept, and cells of any size that may be divided. */

import type { Extent, Point } from "../../wire/schema";

/** As far as the prior is looked at, in its standard deviations: 1 − 4e-9 of it, along each axis. */
const PRIOR_REACH = 6;
const POSTERIOR_REACH = 6;
const COARSE_NODES = 4500;
const FINEST_COARSE = 0.1;
/** Decoded planes above so many numbers (40 MB) are decoded anew for every image. */
const MOST_KEPT = 10_000_000;

/** A diagonal Gaussian on the plane. */
export interface Encoded {
  readonly mu: ArrayLike<number>;
  readonly logvar: ArrayLike<number>;
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
    private readonly outputsAt: (places: readonly number[]) => Float32Array,
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
    const [x0, x1, y0, y1] = withGaussian(this.extent, q, POSTERIOR_REACH);
    return x0 >= this.extent[0] && x1 <= this.extent[1] && y0 >= this.extent[2] && y1 <= this.extent[3];
  }

  /** What the decoder gives at the middles of n cells from the first one on; overwritten by the next call where planes are not kept. */
  outputs(first: number, n: number): Float32Array {
    const { kept, nPixels, isMade } = this;
    if (!kept || !isMade.subarray(first, first + n).every(Boolean)) {
      const made = this.outputsAt(Array.from({ length: n }, (_, i) => this.middle(first + i)).flat());
      if (!kept) return made;
      kept.set(made, first * nPixels);
      isMade.fill(1, first, first + n);
    }
    return kept.subarray(first * nPixels, (first + n) * nPixels);
  }

  private middle(cell: number): Point {
    const column = cell % this.columns;
    return [
      this.extent[0] + (column + 0.5) * this.step,
      this.extent[2] + ((cell - column) / this.columns + 0.5) * this.step,
    ];
  }
}

/** The prior's square, and all that Gaussians reach. */
export function planeExtent(codes: readonly Encoded[]): Extent {
  return codes.reduce<Extent>(
    (all, q) => withGaussian(all, q, POSTERIOR_REACH),
    [-PRIOR_REACH, PRIOR_REACH, -PRIOR_REACH, PRIOR_REACH],
  );
}

/** An extent, and the ellipse of a Gaussian of so many σ. */
export function withGaussian([x0, x1, y0, y1]: Extent, { mu, logvar }: Encoded, reach: number): Extent {
  const [rx, ry] = [reach * Math.exp(logvar[0] / 2), reach * Math.exp(logvar[1] / 2)];
  return [Math.min(x0, mu[0] - rx), Math.max(x1, mu[0] + rx), Math.min(y0, mu[1] - ry), Math.max(y1, mu[1] + ry)];
}

/** Some cells of a lattice with cells of side h. */
export class Cells {
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

export function highest(values: Iterable<number>): number {
  let most = -Infinity;
  for (const value of values) if (value > most) most = value;
  return most;
}
