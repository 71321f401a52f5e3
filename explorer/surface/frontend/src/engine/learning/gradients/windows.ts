/** How do pools and bilinear pictures learn? Every number of the output goes back to where it came from, in shares. */

import type { PoolKind } from "../../../wire/schema";
import { adaptedTo, between, type Window, windowsOf } from "../../ops/pooling";
import type { LearnOf, Maker, OpOf, Planned, Tensor } from "../../plan";

export const learnPool: LearnOf<OpOf<"pool">> = (op, [x], y, make) => {
  const sides = ([0, 1] as const).map((axis) => windowsOf(op, axis, x.shape[axis + 1]));
  return learnPooled(op.kind, sides, x, y, make);
};

export const learnAdaptive: LearnOf<OpOf<"adaptive_pool">> = ({ kind, height, width }, [x], y, make) => {
  const sides = [height, width].map((n, axis) => adaptedTo(n, x.shape[axis + 1]));
  return learnPooled(kind, sides, x, y, make);
};

function learnPooled(kind: PoolKind, [rows, columns]: Window[][], x: Tensor, y: Tensor, make: Maker): Planned["learn"] {
  const [channels, height, width] = x.shape;
  const give = kind === "max" ? giveLargest : giveAll;
  return (gradients) => {
    const [dx, dy] = [gradients.of(x) / 4, gradients.of(y) / 4];
    return (batch) => {
      if (!dx) return;
      const F = make.arena.floats;
      let at = dy;
      for (let plane = 0; plane < batch * channels; plane++) {
        const base = plane * height * width;
        for (const row of rows)
          for (const column of columns) give(F, x.at / 4 + base, dx + base, width, row, column, F[at++]);
      }
    };
  };
}

type Give = (F: Float32Array, x: number, dx: number, width: number, row: Window, column: Window, slope: number) => void;

const giveAll: Give = (F, _, dx, width, row, column, slope) => {
  const share = slope / (row.counted * column.counted);
  for (let r = row.from; r < row.to; r += row.step)
    for (let c = column.from; c < column.to; c += column.step) F[dx + r * width + c] += share;
};

/** The first of several that are the largest. */
const giveLargest: Give = (F, x, dx, width, row, column, slope) => {
  let largest = -1;
  for (let r = row.from; r < row.to; r += row.step)
    for (let c = column.from; c < column.to; c += column.step)
      if (largest < 0 || F[x + r * width + c] > F[x + largest]) largest = r * width + c;
  if (largest >= 0) F[dx + largest] += slope;
};

/** Nearest only moves numbers, and has its gradients there. */
export const learnResize: LearnOf<OpOf<"resize">> = (op, [x], y, { arena }) => {
  const [channels, height, width] = x.shape;
  const rows = between(height, op.height, op.aligns_corners);
  const columns = between(width, op.width, op.aligns_corners);
  return (gradients) => {
    const [dx, dy] = [gradients.of(x) / 4, gradients.of(y) / 4];
    return (batch) => {
      if (!dx) return;
      const F = arena.floats;
      let at = dy;
      for (let plane = 0; plane < batch * channels; plane++) {
        const base = dx + plane * height * width;
        for (const [above, below, down] of rows)
          for (const [left, right, across] of columns) {
            const slope = F[at++];
            F[base + above * width + left] += (1 - down) * (1 - across) * slope;
            F[base + above * width + right] += (1 - down) * across * slope;
            F[base + below * width + left] += down * (1 - across) * slope;
            F[base + below * width + right] += down * across * slope;
          }
      }
    };
  };
};
