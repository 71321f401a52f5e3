/** Which operations act on each number by itself, or on two numbers, or on the numbers along axes? */

import { PayloadError } from "../../wire/errors";
import { product } from "../../wire/payload";
import type { ActivationKind, CombineKind } from "../../wire/schema";
import { broadcast, flatIndices, indicesOf, strides } from "../broadcast";
import { KERNEL_ACTIVATIONS } from "../kernels";
import { expectFit, type Maker, type OpOf, type Planned, type Shape, type Tensor } from "../plan";

export function planActivation(op: OpOf<"activation">, [x]: readonly Tensor[], make: Maker): Planned {
  const kind = (KERNEL_ACTIVATIONS as readonly ActivationKind[]).indexOf(op.kind);
  if (kind < 0) return planRare(op, x, make);
  const slope = op.slope ?? 0;
  const { kernels } = make.arena;
  const y = make.inPlace(x);
  return {
    y,
    forward: (batch) => kernels.activate(kind, batch * x.size, x.at, y.at, slope),
    learn: (gradients) => {
      const [dx, dy] = [gradients.of(x), gradients.of(y)];
      return (batch) => {
        if (dx) kernels.activateBack(kind, batch * x.size, x.at, dy, dx, slope);
      };
    },
  };
}

/** Those that only imported networks have. */
const RARE: Partial<Record<ActivationKind, (x: number) => number>> = {
  logit: (x) => {
    const p = Math.min(Math.max(x, 1e-6), 1 - 1e-6);
    return Math.log(p) - Math.log1p(-p);
  },
  selu: (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)),
  "hard-swish": (x) => (x * Math.min(Math.max(x + 3, 0), 6)) / 6,
  "hard-sigmoid": (x) => Math.min(Math.max(x + 3, 0), 6) / 6,
  log: Math.log,
  square: (x) => x * x,
  sqrt: Math.sqrt,
  abs: Math.abs,
};

function planRare({ kind }: OpOf<"activation">, x: Tensor, make: Maker): Planned {
  const f = RARE[kind];
  if (!f) throw new PayloadError(`This page cannot compute the activation “${kind}”.`);
  return mapped(x, make, f);
}

function mapped(x: Tensor, make: Maker, f: (value: number) => number): Planned {
  const y = make.inPlace(x);
  return {
    y,
    forward: (batch) => {
      const F = make.arena.floats;
      for (let i = 0, from = x.at / 4, to = y.at / 4; i < batch * x.size; i++) F[to + i] = f(F[from + i]);
    },
  };
}

export function planClamp({ low, high }: OpOf<"clamp">, [x]: readonly Tensor[], make: Maker): Planned {
  return mapped(x, make, (value) => (value < low ? low : value > high ? high : value));
}

export function planScale({ by, plus }: OpOf<"scale">, [x]: readonly Tensor[], make: Maker): Planned {
  return mapped(x, make, (value) => value * by + plus);
}

/** One number of a list for each channel, the first axis. */
function byChannel(
  x: Tensor,
  make: Maker,
  f: (F: Float32Array, at: number, to: number, n: number, channel: number) => void,
): Planned {
  const y = make.inPlace(x);
  const [channels] = x.shape;
  const n = x.size / channels;
  return {
    y,
    forward: (batch) => {
      const F = make.arena.floats;
      for (let i = 0; i < batch * channels; i++) f(F, x.at / 4 + i * n, y.at / 4 + i * n, n, i % channels);
    },
  };
}

export function planChannelAffine(op: OpOf<"channel_affine">, [x]: readonly Tensor[], make: Maker): Planned {
  const fits = [op.weight, op.bias].every((name) => product(make.weights.shape(name)) === x.shape[0]);
  expectFit(fits, "channel_affine", x);
  const [gain, offset] = [make.weight(op.weight) / 4, make.weight(op.bias) / 4];
  return byChannel(x, make, (F, at, to, n, c) => {
    const [a, b] = [F[gain + c], F[offset + c]];
    for (let j = 0; j < n; j++) F[to + j] = F[at + j] * a + b;
  });
}

export function planPrelu(op: OpOf<"prelu">, [x]: readonly Tensor[], make: Maker): Planned {
  expectFit(product(make.weights.shape(op.weight)) === x.shape[0], "prelu", x);
  const slopes = make.weight(op.weight) / 4;
  return byChannel(x, make, (F, at, to, n, c) => {
    const slope = F[slopes + c];
    for (let j = 0; j < n; j++) F[to + j] = F[at + j] > 0 ? F[at + j] : F[at + j] * slope;
  });
}

/** Adds one number to every pixel. */
export function planBias(op: OpOf<"bias">, [x]: readonly Tensor[], make: Maker): Planned {
  expectFit(product(make.weights.shape(op.bias)) === x.size, "bias", x);
  const bias = make.weight(op.bias);
  const { arena } = make;
  const y = make.inPlace(x);
  return {
    y,
    forward: (batch) => {
      if (y.at !== x.at) arena.floats.copyWithin(y.at / 4, x.at / 4, x.at / 4 + batch * x.size);
      for (let i = 0; i < batch; i++) {
        const F = arena.floats;
        for (let j = 0, to = y.at / 4 + i * x.size; j < x.size; j++) F[to + j] += F[bias / 4 + j];
      }
    },
    learn: (gradients) => {
      const [dx, dy, db] = [gradients.of(x), gradients.of(y), gradients.ofWeight(op.bias)];
      return (batch) => {
        arena.kernels.addColumns(batch, x.size, dy, db);
        if (dx) arena.kernels.addScaled(batch * x.size, 1, dy, dx);
      };
    },
  };
}

const COMBINED: Record<CombineKind, (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  maximum: Math.max,
  minimum: Math.min,
};

/** Two tensors number by number, broadcast as numpy does. */
export function planCombine({ kind }: OpOf<"combine">, [a, b]: readonly Tensor[], make: Maker): Planned {
  expectFit(b !== undefined, "combine", a);
  const shape = broadcast(a.shape, b.shape);
  expectFit(shape !== null, "combine", a, b);
  const y = make.output(shape ?? []);
  const isPlain = a.size === y.size && b.size === y.size;
  const tables = isPlain ? null : [a, b].map((x) => flatIndices(x.shape, y.shape));
  const f = COMBINED[kind];
  const { arena } = make;
  return {
    y,
    forward: (batch) => {
      const F = arena.floats;
      const [from, by, to] = [a.at / 4, b.at / 4, y.at / 4];
      if (!tables) for (let i = 0; i < batch * y.size; i++) F[to + i] = f(F[from + i], F[by + i]);
      else
        for (let i = 0, at = to; i < batch; i++)
          for (let j = 0; j < y.size; j++, at++)
            F[at] = f(F[from + i * a.size + tables[0][j]], F[by + i * b.size + tables[1][j]]);
    },
  };
}

/** Numbers along an axis lie `step` apart; lines begin at `starts`. */
export function linesOf(shape: Shape, axes: readonly number[]): { starts: Uint32Array; places: Uint32Array } {
  const steps = strides(shape);
  const others = shape.flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]));
  return {
    starts: indicesOf(
      others.map((axis) => shape[axis]),
      (i) => steps[others[i]],
    ),
    places: indicesOf(
      axes.map((axis) => shape[axis]),
      (i) => steps[axes[i]],
    ),
  };
}

/** In place, the largest taken off first, so that none overflows. */
export function planSoftmax({ axis }: OpOf<"softmax">, [x]: readonly Tensor[], make: Maker): Planned {
  expectFit(axis < x.shape.length, "softmax", x);
  const { starts, places } = linesOf(x.shape, [axis]);
  const y = make.output(x.shape);
  return {
    y,
    forward: (batch) => {
      const F = make.arena.floats;
      for (let i = 0; i < batch; i++) {
        for (const start of starts) {
          const [from, to] = [x.at / 4 + i * x.size + start, y.at / 4 + i * x.size + start];
          let largest = -Infinity;
          for (const place of places) if (F[from + place] > largest) largest = F[from + place];
          let sum = 0;
          for (const place of places) sum += F[to + place] = Math.exp(F[from + place] - largest);
          for (const place of places) F[to + place] /= sum;
        }
      }
    },
  };
}

export function planReduce({ kind, axes, keeps }: OpOf<"reduce">, [x]: readonly Tensor[], make: Maker): Planned {
  expectFit(axes.length > 0 && axes.every((axis) => axis < x.shape.length), "reduce", x);
  const { starts, places } = linesOf(x.shape, axes);
  const left = x.shape.flatMap((n, axis) => (axes.includes(axis) ? (keeps ? [1] : []) : [n]));
  const y = make.output(left.length ? left : [1]);
  return {
    y,
    forward: (batch) => {
      const F = make.arena.floats;
      for (let i = 0, to = y.at / 4; i < batch; i++) {
        for (let s = 0; s < starts.length; s++, to++) {
          const from = x.at / 4 + i * x.size + starts[s];
          let found = kind === "max" ? -Infinity : 0;
          for (const place of places) {
            const value = F[from + place];
            found = kind === "max" ? Math.max(found, value) : found + value;
          }
          F[to] = kind === "mean" ? found / places.length : found;
        }
      }
    },
  };
}
