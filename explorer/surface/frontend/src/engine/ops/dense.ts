/** How are dense layers and matrix products computed? */

import { product } from "../../wire/payload";
import { broadcast, flatIndices } from "../broadcast";
import { expectFit, type Gradients, type Maker, type OpOf, type Planned, type Tensor } from "../plan";

/** y = W x + b along the last axis; a decoder that is told the class has a bias for each, a column of `biases` (O, Y). */
export function planLinear(op: OpOf<"linear">, [x]: readonly Tensor[], make: Maker): Planned {
  const { arena, weights } = make;
  const [nOut, nIn] = weights.shape(op.weight);
  expectFit(
    weights.shape(op.weight).length === 2 && x.shape.at(-1) === nIn && product(weights.shape(op.bias)) === nOut,
    "linear",
    x,
  );
  const rows = x.size / nIn;
  const w = make.weight(op.weight);
  const bias = make.weight(op.bias);
  const told = op.biases ? toldBiases(op.biases, bias, nOut, make) : null;
  const y = make.output([...x.shape.slice(0, -1), nOut]);
  const { kernels, panel } = arena;
  return {
    y,
    forward: (batch) => {
      if (!told) kernels.copyRows(batch * rows, nOut, bias, y.at);
      else for (let i = 0; i < batch; i++) kernels.copyRows(rows, nOut, told.at(i), y.at + 4 * i * y.size);
      kernels.product(batch * rows, nOut, nIn, x.at, nIn, 1, w, 1, nIn, y.at, nOut, 1, panel);
    },
    learn: (gradients) => learnLinear(gradients, op, { x, y, w, rows, nIn, nOut }, make),
    ...(told ? { tell: told.tell } : {}),
  };
}

interface Dense {
  readonly x: Tensor;
  readonly y: Tensor;
  readonly w: number;
  readonly rows: number;
  readonly nIn: number;
  readonly nOut: number;
}

/** ∂W = ∂yᵀ x, ∂b = Σ ∂y, ∂x = ∂y W. */
function learnLinear(
  gradients: Gradients,
  op: OpOf<"linear">,
  dense: Dense,
  { arena }: Maker,
): (batch: number) => void {
  const { x, y, w, rows, nIn, nOut } = dense;
  const { kernels, panel } = arena;
  const [dx, dy] = [gradients.of(x), gradients.of(y)];
  const [dw, db] = [gradients.ofWeight(op.weight), gradients.ofWeight(op.bias)];
  return (batch) => {
    const n = batch * rows;
    kernels.product(nOut, nIn, n, dy, 1, nOut, x.at, nIn, 1, dw, nIn, 1, panel);
    kernels.addColumns(n, nOut, dy, db);
    if (dx) kernels.product(n, nIn, nOut, dy, nOut, 1, w, nIn, 1, dx, nIn, 1, panel);
  };
}

/** A bias for each of a batch: a column of the table, or `bias` where no class is told. */
interface ToldBiases {
  /** Address of that of the i-th of the batch. */
  at(i: number): number;
  readonly tell: (i: number, label: number) => void;
}

function toldBiases(name: string, bias: number, nOut: number, { arena, weights, capacity }: Maker): ToldBiases {
  const [rows, nLabels] = weights.shape(name);
  const biases = weights.floats(name);
  expectFit(rows === nOut && biases.length === nOut * nLabels, "linear", { shape: [rows, nLabels], size: 0, at: 0 });
  const room = arena.floatsOf(capacity * nOut);
  arena.kernels.copyRows(capacity, nOut, bias, room);
  const at = (i: number): number => room + 4 * i * nOut;
  return {
    at,
    tell: (i, label) => {
      const to = arena.at(at(i), nOut);
      if (label < 0) to.set(arena.at(bias, nOut));
      else for (let o = 0; o < nOut; o++) to[o] = biases[o * nLabels + label];
    },
  };
}

/** (…, n, k) · (…, k, m), the outer axes broadcast. */
export function planMatmul(_: OpOf<"matmul">, [a, b]: readonly Tensor[], make: Maker): Planned {
  expectFit(b !== undefined && Math.min(a.shape.length, b.shape.length) >= 2, "matmul", a);
  const [n, k] = a.shape.slice(-2);
  const [kb, m] = b.shape.slice(-2);
  const outer = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
  expectFit(k === kb && outer !== null, "matmul", a, b);
  const y = make.output([...(outer ?? []), n, m]);
  const [ofA, ofB] = [a, b].map(({ shape }) => flatIndices(shape.slice(0, -2), outer ?? []));
  const { kernels, panel } = make.arena;
  return {
    y,
    forward: (batch) => {
      for (let i = 0; i < batch; i++) {
        for (let o = 0; o < ofA.length; o++) {
          const from = a.at + 4 * (i * a.size + ofA[o] * n * k);
          const by = b.at + 4 * (i * b.size + ofB[o] * k * m);
          kernels.product(n, m, k, from, k, 1, by, m, 1, y.at + 4 * (i * y.size + o * n * m), m, 0, panel);
        }
      }
    },
  };
}
