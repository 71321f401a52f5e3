/** How do operations learn that act on each number by itself, or on two? As torch has it where a slope jumps. */

import type { ActivationKind, CombineKind } from "../../../wire/schema";
import { flatIndices } from "../../broadcast";
import type { LearnOf, Maker, OpOf, Planned, Tensor } from "../../plan";

/** f′ of activations that no kernel knows; kernels have those of the others. */
const SLOPES: Partial<Record<ActivationKind, (x: number) => number>> = {
  logit: (x) => (x < 1e-6 || x > 1 - 1e-6 ? 0 : 1 / (x * (1 - x))),
  selu: (x) => 1.0507009873554805 * (x > 0 ? 1 : 1.6732632423543772 * Math.exp(x)),
  "hard-swish": (x) => (x <= -3 ? 0 : x < 3 ? x / 3 + 0.5 : 1),
  "hard-sigmoid": (x) => (x > -3 && x < 3 ? 1 / 6 : 0),
  log: (x) => 1 / x,
  square: (x) => 2 * x,
  sqrt: (x) => 0.5 / Math.sqrt(x),
  abs: Math.sign,
};

export const learnRare: LearnOf<OpOf<"activation">> = ({ kind }, [x], y, make) => {
  const slope = SLOPES[kind];
  return slope && throughSlope(x, y, make, slope);
};

export const learnClamp: LearnOf<OpOf<"clamp">> = ({ low, high }, [x], y, make) =>
  throughSlope(x, y, make, (value) => (value >= low && value <= high ? 1 : 0));

export const learnScale: LearnOf<OpOf<"scale">> = ({ by }, [x], y, make) => throughSlope(x, y, make, () => by);

function throughSlope(x: Tensor, y: Tensor, { arena }: Maker, slope: (x: number) => number): Planned["learn"] {
  return (gradients) => {
    const [dx, dy] = [gradients.of(x) / 4, gradients.of(y) / 4];
    return (batch) => {
      const F = arena.floats;
      if (dx) for (let i = 0; i < batch * x.size; i++) F[dx + i] += slope(F[x.at / 4 + i]) * F[dy + i];
    };
  };
}

/** By each of two numbers; of two equal ones both are half the larger. */
const PARTIAL: Record<CombineKind, readonly ((a: number, b: number) => number)[]> = {
  add: [() => 1, () => 1],
  subtract: [() => 1, () => -1],
  multiply: [(_, b) => b, (a) => a],
  divide: [(_, b) => 1 / b, (a, b) => -a / (b * b)],
  maximum: [(a, b) => share(a - b), (a, b) => share(b - a)],
  minimum: [(a, b) => share(b - a), (a, b) => share(a - b)],
};

function share(lead: number): number {
  return lead > 0 ? 1 : lead < 0 ? 0 : 0.5;
}

/** What was broadcast gets the sum. */
export const learnCombine: LearnOf<OpOf<"combine">> =
  ({ kind }, [a, b], y, { arena }) =>
  (gradients) => {
    const dy = gradients.of(y);
    const [da, db] = [gradients.of(a), gradients.of(b)];
    if (kind === "add" && a.size === y.size && b.size === y.size)
      return (batch) => {
        if (da) arena.kernels.addScaled(batch * y.size, 1, dy, da);
        if (db) arena.kernels.addScaled(batch * y.size, 1, dy, db);
      };
    const [ofA, ofB] = [a, b].map(({ shape }) => flatIndices(shape, y.shape));
    const [byA, byB] = PARTIAL[kind];
    return (batch) => {
      const F = arena.floats;
      for (let i = 0, at = dy / 4; i < batch; i++)
        for (let j = 0; j < y.size; j++, at++) {
          const [p, q] = [i * a.size + ofA[j], i * b.size + ofB[j]];
          const [u, v] = [F[a.at / 4 + p], F[b.at / 4 + q]];
          if (da) F[da / 4 + p] += byA(u, v) * F[at];
          if (db) F[db / 4 + q] += byB(u, v) * F[at];
        }
    };
  };

export const learnConstant: LearnOf<OpOf<"constant">> =
  ({ weight }, _, y, { arena }) =>
  (gradients) => {
    const [dw, dy] = [gradients.ofWeight(weight), gradients.of(y)];
    return (batch) => arena.kernels.addColumns(batch, y.size, dy, dw);
  };
