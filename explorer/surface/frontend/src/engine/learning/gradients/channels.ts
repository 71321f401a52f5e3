/** How do operations learn that have a gain, an offset or a slope for each channel, and those that normalise before? */

import { product } from "../../../wire/payload";
import type { LearnOf, Maker, OpOf, Planned, Tensor } from "../../plan";

export const learnChannelAffine: LearnOf<OpOf<"channel_affine">> =
  (op, [x], y, make) =>
  (gradients) => {
    const [dx, dy] = [gradients.of(x) / 4, gradients.of(y) / 4];
    const [gain, dGain, dOffset] = [make.weight(op.weight), gradients.ofWeight(op.weight), gradients.ofWeight(op.bias)];
    return byChannel(x, make, (F, at, n, c) => {
      let [sum, product] = [0, 0];
      for (let i = at; i < at + n; i++) {
        sum += F[dy + i];
        product += F[dy + i] * F[x.at / 4 + i];
        if (dx) F[dx + i] += F[dy + i] * F[gain / 4 + c];
      }
      F[dGain / 4 + c] += product;
      F[dOffset / 4 + c] += sum;
    });
  };

export const learnPrelu: LearnOf<OpOf<"prelu">> =
  ({ weight }, [x], y, make) =>
  (gradients) => {
    const [dx, dy] = [gradients.of(x) / 4, gradients.of(y) / 4];
    const [slopes, dSlopes] = [make.weight(weight) / 4, gradients.ofWeight(weight) / 4];
    return byChannel(x, make, (F, at, n, c) => {
      let product = 0;
      for (let i = at; i < at + n; i++) {
        const value = F[x.at / 4 + i];
        if (value <= 0) product += value * F[dy + i];
        if (dx) F[dx + i] += value > 0 ? F[dy + i] : F[slopes + c] * F[dy + i];
      }
      F[dSlopes + c] += product;
    });
  };

/** `each` is told where n numbers of a channel begin in a batch. */
function byChannel(
  x: Tensor,
  { arena }: Maker,
  each: (F: Float32Array, at: number, n: number, channel: number) => void,
): (batch: number) => void {
  const [channels] = x.shape;
  const n = x.size / channels;
  return (batch) => {
    const F = arena.floats;
    for (let i = 0; i < batch * channels; i++) each(F, i * n, n, i % channels);
  };
}

export const learnGroupNorm: LearnOf<OpOf<"group_norm">> = (op, [x], y, make) => {
  const n = x.size / x.shape[0];
  return learnNormalised(op, x, y, make, x.size / op.groups, (i) => Math.floor(i / n));
};

export const learnLayerNorm: LearnOf<OpOf<"layer_norm">> = (op, [x], y, make) => {
  const n = product(make.weights.shape(op.weight));
  return learnNormalised(op, x, y, make, n, (i) => i % n);
};

/**
 * With x̂ = (x − mean)·by and g = gain·∂y: ∂x = by·(g − mean(g) − x̂·mean(g·x̂)), ∂gain = Σ ∂y·x̂, ∂offset = Σ ∂y. `length` numbers at a time, sums
 * in double precision; `own` says which gain a number of a picture has.
 */
function learnNormalised(
  op: OpOf<"group_norm" | "layer_norm">,
  x: Tensor,
  y: Tensor,
  make: Maker,
  length: number,
  own: (i: number) => number,
): Planned["learn"] {
  const owners = Uint32Array.from({ length: x.size }, (_, i) => own(i));
  const gain = make.weight(op.weight) / 4;
  const hats = new Float64Array(length);
  return (gradients) => {
    const [dx, dy] = [gradients.of(x) / 4, gradients.of(y) / 4];
    const [dGain, dOffset] = [gradients.ofWeight(op.weight) / 4, gradients.ofWeight(op.bias) / 4];
    return (batch) => {
      const F = make.arena.floats;
      for (let begin = 0; begin < batch * x.size; begin += length) {
        const by = standardise(F.subarray(x.at / 4 + begin, x.at / 4 + begin + length), op.eps, hats);
        let [sum, product] = [0, 0];
        for (let i = 0; i < length; i++) {
          const owner = owners[(begin % x.size) + i];
          const slope = F[dy + begin + i];
          F[dGain + owner] += slope * hats[i];
          F[dOffset + owner] += slope;
          sum += slope * F[gain + owner];
          product += slope * F[gain + owner] * hats[i];
        }
        if (!dx) continue;
        for (let i = 0; i < length; i++) {
          const slope = F[dy + begin + i] * F[gain + owners[(begin % x.size) + i]];
          F[dx + begin + i] += by * (slope - sum / length - (hats[i] * product) / length);
        }
      }
    };
  };
}

/** Writes (x − mean) / √(variance + eps); gives 1 / √(variance + eps). */
function standardise(x: Float32Array, eps: number, hats: Float64Array): number {
  let sum = 0;
  for (const value of x) sum += value;
  const mean = sum / x.length;
  let squares = 0;
  for (const value of x) squares += (value - mean) ** 2;
  const by = 1 / Math.sqrt(squares / x.length + eps);
  for (let i = 0; i < x.length; i++) hats[i] = (x[i] - mean) * by;
  return by;
}
