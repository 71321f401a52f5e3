/** How are groups of numbers brought to mean 0 and variance 1? Sums in double precision: a variance is a small difference of large ones. */

import { product } from "../../wire/payload";
import { expectFit, type Maker, type OpOf, type Planned, type Tensor } from "../plan";

/** Every group of channels by itself. */
export function planGroupNorm(op: OpOf<"group_norm">, [x]: readonly Tensor[], make: Maker): Planned {
  const [channels] = x.shape;
  const n = x.size / channels;
  expectFit(channels % op.groups === 0 && product(make.weights.shape(op.weight)) === channels, "group_norm", x);
  return normalised(x, x.size / op.groups, op.eps, op, make, (i) => Math.floor(i / n));
}

/** Over the last axes, those of its weight. */
export function planLayerNorm(op: OpOf<"layer_norm">, [x]: readonly Tensor[], make: Maker): Planned {
  const n = product(make.weights.shape(op.weight));
  expectFit(x.size % n === 0, "layer_norm", x);
  return normalised(x, n, op.eps, op, make, (i) => i % n);
}

/** `length` numbers at a time; `own` says which gain and offset a number of a picture has. */
function normalised(
  x: Tensor,
  length: number,
  eps: number,
  op: { readonly weight: string; readonly bias: string },
  make: Maker,
  own: (i: number) => number,
): Planned {
  const owners = Uint32Array.from({ length: x.size }, (_, i) => own(i));
  const [gain, offset] = [make.weight(op.weight) / 4, make.weight(op.bias) / 4];
  const y = make.inPlace(x);
  return {
    y,
    forward: (batch) => {
      const F = make.arena.floats;
      for (let begin = 0; begin < batch * x.size; begin += length) {
        const from = x.at / 4 + begin;
        let sum = 0;
        for (let i = 0; i < length; i++) sum += F[from + i];
        const mean = sum / length;
        let squares = 0;
        for (let i = 0; i < length; i++) squares += (F[from + i] - mean) ** 2;
        const by = 1 / Math.sqrt(squares / length + eps);
        const to = y.at / 4 + begin;
        const first = begin % x.size;
        for (let i = 0; i < length; i++) {
          const o = owners[first + i];
          F[to + i] = (F[from + i] - mean) * by * F[gain + o] + F[offset + o];
        }
      }
    },
  };
}
