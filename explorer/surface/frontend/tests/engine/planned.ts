/** One operation as a network of its own, run by every arithmetic that this machine has: they must agree before anything is compared. */

import { expect } from "vitest";
import { use } from "../../src/engine/kernels";
import { Network } from "../../src/engine/network";
import type { Shape, Weights } from "../../src/engine/plan";
import type { Op } from "../../src/wire/schema";

export interface RunnableOp {
  readonly shape: Shape;
  run(values: ArrayLike<number>): Float32Array;
}

/** Networks of these operations, computed by plain TypeScript and by WebAssembly. */
export function planOps(ops: readonly Op[], shape: Shape, weights: Weights, nClasses = 0): RunnableOp {
  const networks = (["scalar", "simd"] as const).map((kind) => {
    use(kind);
    return new Network(ops, shape, weights, nClasses);
  });
  use(null);
  return {
    shape: networks[0].outputShape,
    run: (values) => {
      const [scalar, simd] = networks.map((network) => network.run(values).slice());
      scalar.forEach((value, i) => {
        const off = Math.abs(simd[i] - value);
        if (!(off <= 1e-5 * Math.max(1, Math.abs(value))) && !Object.is(simd[i], value))
          expect(`${i}: WebAssembly ${simd[i]}`).toBe(`${i}: TypeScript ${value}`);
      });
      return simd;
    },
  };
}

export function planOp(op: Op, shape: Shape, weights: Weights): RunnableOp {
  return planOps([op], shape, weights);
}
