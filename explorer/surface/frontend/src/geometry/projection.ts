/** Where on the map is a code? `trainer.maps.projection.Projection.to_map` in the browser. */

import type { Payload } from "../wire/payload";
import type { Point } from "../wire/schema";
import { placeOn, Sheet } from "./settled-map";

export type ToMap = (z: ArrayLike<number>) => Point;

export function makeToMap(payload: Payload): ToMap {
  const { projection, run } = payload.header;
  const K = run.latent_dim;
  if (projection.kind === "identity") return (z) => [z[0], z[1]];
  if (projection.kind === "linear") return linear(payload.floats("basis"), payload.floats("origin"), K);
  const sheet = new Sheet(payload.floats("lattice_z"), projection.extent, K);
  return placeOn(sheet, payload.floats("points_mu"), payload.floats("points_map"), K);
}

/** Least squares on the plane origin + x·basis[0] + y·basis[1]; a direction of length 0 (a line's) gets 0. */
export function linear(basis: Float32Array, origin: Float32Array, K: number): ToMap {
  const dot = (a: number, b: number): number => sum(K, (k) => basis[a * K + k] * basis[b * K + k]);
  const aa = dot(0, 0),
    ab = dot(0, 1),
    bb = dot(1, 1);
  const determinant = aa * bb - ab * ab;
  return (z) => {
    const p = sum(K, (k) => (z[k] - origin[k]) * basis[k]);
    const q = sum(K, (k) => (z[k] - origin[k]) * basis[K + k]);
    if (determinant > 1e-12) return [(p * bb - q * ab) / determinant, (q * aa - p * ab) / determinant];
    return [aa > 0 ? p / aa : 0, bb > 0 ? q / bb : 0];
  };
}

function sum(n: number, term: (k: number) => number): number {
  let total = 0;
  for (let k = 0; k < n; k++) total += term(k);
  return total;
}
