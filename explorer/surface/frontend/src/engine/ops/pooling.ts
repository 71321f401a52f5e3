/** How is a picture made smaller by windows, or brought to another size? */

import type { PoolKind } from "../../wire/schema";
import { expectFit, type Maker, type OpOf, type Planned, type Tensor } from "../plan";
import { windows } from "./convolution";
import { planNearest } from "./movement";

/** One window along an axis: the places that it sees, and by how many a mean divides. */
export interface Window {
  readonly from: number;
  readonly to: number;
  readonly step: number;
  readonly counted: number;
}

export function planPool(op: OpOf<"pool">, [x]: readonly Tensor[], make: Maker): Planned {
  expectFit(x.shape.length === 3, "pool", x);
  const sides = ([0, 1] as const).map((axis) => windowsOf(op, axis, x.shape[axis + 1]));
  expectFit(
    sides.every(({ length }) => length >= 1),
    "pool",
    x,
  );
  return pooled(op.kind, sides, x, make);
}

export function windowsOf(op: OpOf<"pool">, axis: 0 | 1, length: number): Window[] {
  const [kernel, stride, padding, dilation] = [op.kernel[axis], op.stride[axis], op.padding[axis], op.dilation[axis]];
  const room = length + 2 * padding - dilation * (kernel - 1) - 1;
  let n = windows(length, kernel, stride, padding, dilation);
  if (op.rounds_up) {
    n = Math.ceil(room / stride) + 1;
    // none that begins in the padding on the right
    if ((n - 1) * stride >= length + padding) n--;
  }
  return Array.from({ length: Math.max(n, 0) }, (_, i) => {
    const begin = i * stride - padding;
    const skipped = begin < 0 ? Math.ceil(-begin / dilation) : 0;
    const end = Math.min(begin + (kernel - 1) * dilation + 1, length);
    const counted = op.counts_padding
      ? Math.min(begin + kernel, length + padding) - begin
      : Math.min(begin + kernel, length) - Math.max(begin, 0);
    return { from: begin + skipped * dilation, to: end, step: dilation, counted };
  });
}

export function planAdaptive(
  { kind, height, width }: OpOf<"adaptive_pool">,
  [x]: readonly Tensor[],
  make: Maker,
): Planned {
  expectFit(x.shape.length === 3, "adaptive_pool", x);
  const sides = [height, width].map((n, axis) => adaptedTo(n, x.shape[axis + 1]));
  return pooled(kind, sides, x, make);
}

/** n windows of a side. */
export function adaptedTo(n: number, length: number): Window[] {
  return Array.from({ length: n }, (_, i) => {
    const from = Math.floor((i * length) / n);
    const to = Math.ceil(((i + 1) * length) / n);
    return { from, to, step: 1, counted: to - from };
  });
}

function pooled(kind: PoolKind, [rows, columns]: readonly Window[][], x: Tensor, make: Maker): Planned {
  const [channels, height, width] = x.shape;
  const y = make.output([channels, rows.length, columns.length]);
  return {
    y,
    forward: (batch) => {
      const F = make.arena.floats;
      let to = y.at / 4;
      for (let plane = 0; plane < batch * channels; plane++) {
        const base = x.at / 4 + plane * height * width;
        for (const row of rows) {
          for (const column of columns) {
            let found = kind === "max" ? -Infinity : 0;
            for (let r = row.from; r < row.to; r += row.step) {
              for (let c = column.from; c < column.to; c += column.step) {
                const value = F[base + r * width + c];
                found = kind === "max" ? Math.max(found, value) : found + value;
              }
            }
            F[to++] = kind === "max" ? found : found / (row.counted * column.counted);
          }
        }
      }
    },
  };
}

export function planResize(op: OpOf<"resize">, inputs: readonly Tensor[], make: Maker): Planned {
  const [x] = inputs;
  expectFit(x.shape.length === 3, "resize", x);
  return op.kind === "nearest" ? planNearest(op, inputs, make) : planBilinear(op, x, make);
}

/** Between which two places of an axis one lies, and how far on the way. */
export function between(from: number, to: number, aligns: boolean): readonly (readonly [number, number, number])[] {
  return Array.from({ length: to }, (_, i) => {
    const at = aligns ? (to > 1 ? (i * (from - 1)) / (to - 1) : 0) : Math.max(((i + 0.5) * from) / to - 0.5, 0);
    const low = Math.min(Math.floor(at), from - 1);
    return [low, Math.min(low + 1, from - 1), at - low];
  });
}

function planBilinear(op: OpOf<"resize">, x: Tensor, make: Maker): Planned {
  const [channels, height, width] = x.shape;
  const rows = between(height, op.height, op.aligns_corners);
  const columns = between(width, op.width, op.aligns_corners);
  const y = make.output([channels, op.height, op.width]);
  return {
    y,
    forward: (batch) => {
      const F = make.arena.floats;
      let to = y.at / 4;
      for (let plane = 0; plane < batch * channels; plane++) {
        const base = x.at / 4 + plane * height * width;
        for (const [above, below, down] of rows) {
          for (const [left, right, across] of columns) {
            const [a, b] = [base + above * width, base + below * width];
            const top = F[a + left] * (1 - across) + F[a + right] * across;
            const bottom = F[b + left] * (1 - across) + F[b + right] * across;
            F[to++] = top * (1 - down) + bottom * down;
          }
        }
      }
    },
  };
}
