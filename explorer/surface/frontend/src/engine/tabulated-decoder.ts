/**
 * What stands in for a decoder that no engine can run: pictures that it gave, and what lies between them. As trainer/models/tabulated_decoder.py.
 *
 * Letters: K codes, P = C·H·W numbers of a picture, n stored pictures.
 */

import { PayloadError } from "../wire/errors";
import { product } from "../wire/payload";
import { TABLE_NEIGHBOURS } from "../wire/schema";
import type { Maker, OpOf, Planned, Tensor, Weights } from "./plan";

/** Linear or bilinear between the pictures around a code of one or two numbers; beyond the lattice its edge. */
export function planLattice(op: OpOf<"lattice">, [x]: readonly Tensor[], make: Maker): Planned {
  const { weights } = make;
  const { shape } = x;
  const pictures = bytesOf(weights, op.pictures);
  const [n, P] = weights.shape(op.pictures);
  const K = shape[0];
  const last = op.size - 1;
  const fits =
    shape.length === 1 && (K === 1 || K === 2) && last >= 1 && n === op.size ** K && pictures.length === n * P;
  if (!fits || P !== product(op.shape))
    throw new PayloadError("The stored pictures do not fit together: reload the page.");
  const place = (value: number): [number, number] => {
    const at = Math.min(Math.max(((value - op.low) / (op.high - op.low)) * last, 0), last);
    const corner = Math.min(Math.floor(at), last - 1);
    return [corner, at - corner];
  };
  return ofEach(x, op.shape, make, (z, y) => {
    y.fill(0);
    const [column, across] = place(z[0]);
    const [row, up] = K === 2 ? place(z[1]) : [0, 0];
    for (let dy = 0; dy < K; dy++) {
      for (let dx = 0; dx < 2; dx++) {
        const weight = (dx ? across : 1 - across) * (dy ? up : 1 - up);
        if (weight > 0) add(y, pictures, ((row + dy) * op.size + column + dx) * P, weight / 255);
      }
    }
  });
}

/** One picture of the batch after the other. */
function ofEach(
  x: Tensor,
  shape: readonly number[],
  make: Maker,
  run: (z: Float32Array, y: Float32Array) => void,
): Planned {
  const y = make.output(shape);
  return {
    y,
    forward: (batch) => {
      for (let i = 0; i < batch; i++)
        run(make.arena.at(x.at + 4 * i * x.size, x.size), make.arena.at(y.at + 4 * i * y.size, y.size));
    },
  };
}

/** The mean of the nearest pictures, weighted by ((R − d) / (R d))²: exact at a stored code, and nothing jumps (Franke & Nielson 1980). */
export function planGallery(op: OpOf<"gallery">, [x]: readonly Tensor[], make: Maker): Planned {
  const { weights } = make;
  const { shape } = x;
  const pictures = bytesOf(weights, op.pictures);
  const codes = weights.floats(op.codes);
  const [n, P] = weights.shape(op.pictures);
  const K = shape[0];
  const fits =
    shape.length === 1 &&
    n > TABLE_NEIGHBOURS &&
    codes.length === n * K &&
    pictures.length === n * P &&
    P === product(op.shape);
  if (!fits) throw new PayloadError("The stored pictures do not fit together: reload the page.");
  const nearest = new Int32Array(TABLE_NEIGHBOURS + 1);
  const squares = new Float64Array(TABLE_NEIGHBOURS + 1);
  const shares = new Float64Array(TABLE_NEIGHBOURS);
  return ofEach(x, op.shape, make, (z, y) => {
    findNearest(z, codes, n, K, nearest, squares);
    const distance = (i: number): number => Math.sqrt(Math.max(squares[i], 1e-12));
    const reach = distance(TABLE_NEIGHBOURS);
    let total = 0;
    for (let i = 0; i < TABLE_NEIGHBOURS; i++)
      total += shares[i] = ((reach - distance(i)) / (reach * distance(i))) ** 2 + 1e-12;
    y.fill(0);
    for (let i = 0; i < TABLE_NEIGHBOURS; i++) add(y, pictures, nearest[i] * P, shares[i] / total / 255);
  });
}

/** The nine nearest codes in ascending order, by insertion. */
function findNearest(
  z: Float32Array,
  codes: Float32Array,
  n: number,
  K: number,
  nearest: Int32Array,
  squares: Float64Array,
): void {
  squares.fill(Infinity);
  for (let i = 0, at = 0; i < n; i++) {
    let square = 0;
    for (let k = 0; k < K; k++, at++) square += (z[k] - codes[at]) ** 2;
    if (square >= squares[TABLE_NEIGHBOURS]) continue;
    let to = TABLE_NEIGHBOURS;
    for (; to > 0 && squares[to - 1] > square; to--) {
      squares[to] = squares[to - 1];
      nearest[to] = nearest[to - 1];
    }
    squares[to] = square;
    nearest[to] = i;
  }
}

function add(y: Float32Array, pictures: Uint8Array, from: number, weight: number): void {
  for (let i = 0; i < y.length; i++) y[i] += weight * pictures[from + i];
}

function bytesOf(weights: Weights, name: string): Uint8Array {
  const found = weights.bytes?.(name);
  if (!found) throw new PayloadError("The stored pictures are missing: reload the page.");
  return found;
}
