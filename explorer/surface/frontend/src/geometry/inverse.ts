/** Which z does a place on the map stand for? */

import type { Payload } from "../wire/payload";
import type { Extent } from "../wire/schema";
import type { Plane } from "./planes";

export type How = "identity" | "linear" | "lattice";

export interface Space {
  readonly how: How;
  readonly latentDim: number;
  /** Writes z (K,) of the map place into `z`. */
  toZ(x: number, y: number, z: Float64Array): void;
}

/** Codes (n·K) of places (n·2), one after the other. */
export function codesAt({ latentDim, toZ }: Space, places: ArrayLike<number>): Float32Array {
  const n = places.length / 2;
  const [codes, z] = [new Float32Array(n * latentDim), new Float64Array(latentDim)];
  for (let i = 0; i < n; i++) {
    toZ(places[2 * i], places[2 * i + 1], z);
    codes.set(z, i * latentDim);
  }
  return codes;
}

export function makeSpace(payload: Payload): Space {
  const { projection, run } = payload.header;
  return { how: projection.kind, latentDim: run.latent_dim, toZ: wayBack(payload, run.latent_dim) };
}

/** A plane that was laid on the spot: exact. */
export function planeSpace({ origin, basis }: Plane, latentDim: number): Space {
  return { how: "linear", latentDim, toZ: linearWay(basis, origin, latentDim) };
}

type WayBack = Space["toZ"];

function wayBack(payload: Payload, latentDim: number): WayBack {
  const { projection } = payload.header;
  if (projection.kind === "linear") return linearWay(payload.floats("basis"), payload.floats("origin"), latentDim);
  if (projection.kind === "lattice") {
    return latticeWay(new Lattice(payload.floats("lattice_z"), payload.shape("lattice_z"), projection.extent));
  }
  return (x, y, z) => {
    z[0] = x;
    if (latentDim > 1) z[1] = y;
  };
}

/** z = origin + x · basis[0] + y · basis[1]: exact everywhere on the plane. */
function linearWay(basis: Float32Array, origin: Float32Array, latentDim: number): WayBack {
  return (x, y, z) => {
    for (let k = 0; k < latentDim; k++) z[k] = origin[k] + x * basis[k] + y * basis[latentDim + k];
  };
}

function latticeWay(lattice: Lattice): WayBack {
  return (x, y, z) => lattice.all(x, y, z);
}

/** Values (rows, columns, depth) on a regular grid over the extent: bilinear between, clamped outside. Row 0 is y0. */
export class Lattice {
  private readonly rows: number;
  private readonly columns: number;
  private readonly depth: number;

  constructor(
    private readonly values: Float32Array,
    shape: readonly number[],
    private readonly extent: Extent,
  ) {
    [this.rows, this.columns] = shape;
    this.depth = shape[2] ?? 1;
  }

  at(x: number, y: number, channel: number): number {
    const c = this.corner(x, y);
    const v = this.values;
    const d = this.depth;
    const low = v[c.base + channel] * (1 - c.u) + v[c.base + c.right * d + channel] * c.u;
    const high = v[c.base + c.up * d + channel] * (1 - c.u) + v[c.base + (c.up + c.right) * d + channel] * c.u;
    return low * (1 - c.v) + high * c.v;
  }

  all(x: number, y: number, out: Float64Array): void {
    const { base, right, up, u, v } = this.corner(x, y);
    const { values, depth } = this;
    const a = base,
      b = base + right * depth,
      c = base + up * depth,
      d = base + (up + right) * depth;
    const wa = (1 - u) * (1 - v),
      wb = u * (1 - v),
      wc = (1 - u) * v,
      wd = u * v;
    for (let k = 0; k < depth; k++)
      out[k] = wa * values[a + k] + wb * values[b + k] + wc * values[c + k] + wd * values[d + k];
  }

  /** The cell's lower left value, the steps (in grid points) to its neighbours, and the place within the cell. */
  private corner(x: number, y: number): { base: number; right: number; up: number; u: number; v: number } {
    const [x0, x1, y0, y1] = this.extent;
    const col = clamp(((x - x0) / (x1 - x0)) * (this.columns - 1), 0, this.columns - 1);
    const row = clamp(((y - y0) / (y1 - y0)) * (this.rows - 1), 0, this.rows - 1);
    const j = Math.min(Math.floor(col), Math.max(0, this.columns - 2));
    const i = Math.min(Math.floor(row), Math.max(0, this.rows - 2));
    return {
      base: (i * this.columns + j) * this.depth,
      right: this.columns > 1 ? 1 : 0,
      up: this.rows > 1 ? this.columns : 0,
      u: col - j,
      v: row - i,
    };
  }
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
