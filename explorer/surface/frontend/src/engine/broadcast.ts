/** How do shapes of unlike length or with sides of 1 go together? numpy's rule. */

import { product } from "../wire/payload";
import type { Shape } from "./plan";

/** The common shape, axes counted from the last; null where two sides differ and none is 1. */
export function broadcast(a: Shape, b: Shape): number[] | null {
  const n = Math.max(a.length, b.length);
  const found: number[] = [];
  for (let i = 1; i <= n; i++) {
    const [x, y] = [a.at(-i) ?? 1, b.at(-i) ?? 1];
    if (i > a.length || i > b.length || x === y || x === 1 || y === 1) found.unshift(Math.max(x, y));
    else return null;
  }
  return found;
}

/** For every number of a tensor of shape `to`, which one of a tensor of shape `from` stands there. */
export function flatIndices(from: Shape, to: Shape): Uint32Array {
  const steps = strides(from);
  const skipped = to.length - from.length;
  return indicesOf(to, (axis) => (axis < skipped || from[axis - skipped] === 1 ? 0 : steps[axis - skipped]));
}

/** Σ index · step over all axes, for every number of a tensor of that shape in its order. */
export function indicesOf(shape: Shape, step: (axis: number) => number): Uint32Array {
  const found = new Uint32Array(product(shape));
  let block = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    // what is there for the axes behind is repeated for every place along this one
    for (let i = 1; i < shape[axis]; i++)
      for (let j = 0; j < block; j++) found[i * block + j] = found[j] + i * step(axis);
    block *= shape[axis];
  }
  return found;
}

/** Numbers from one place to the next along each axis. */
export function strides(shape: Shape): number[] {
  const found = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) found[axis] = found[axis + 1] * shape[axis + 1];
  return found;
}
