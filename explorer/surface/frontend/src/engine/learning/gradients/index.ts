/**
 * Which operations learn that only compute where nothing is trained? Their gradients are apart from their planners, so that pages that only look
 * do not carry them; dense layers, convolutions and what only moves numbers have theirs beside them.
 *
 * A batch norm is no operation here: what has been trained is a gain and an offset a channel, and so it learns.
 */

import { PayloadError } from "../../../wire/errors";
import type { Op } from "../../../wire/schema";
import type { LearnOf, OpOf } from "../../plan";
import { learnMatmul, learnReduce, learnSoftmax } from "./axes";
import { learnChannelAffine, learnGroupNorm, learnLayerNorm, learnPrelu } from "./channels";
import { learnClamp, learnCombine, learnConstant, learnRare, learnScale } from "./elements";
import { learnAdaptive, learnPool, learnResize } from "./windows";

const GRADIENTS: { readonly [Name in Op["op"]]?: LearnOf<OpOf<Name>> } = {
  matmul: learnMatmul,
  pool: learnPool,
  adaptive_pool: learnAdaptive,
  resize: learnResize,
  group_norm: learnGroupNorm,
  layer_norm: learnLayerNorm,
  channel_affine: learnChannelAffine,
  activation: learnRare,
  prelu: learnPrelu,
  clamp: learnClamp,
  scale: learnScale,
  combine: learnCombine,
  constant: learnConstant,
  softmax: learnSoftmax,
  reduce: learnReduce,
};

/** Refuses what has no gradients here: stored pictures, pixels that are told the ones before, layers that are told a class. */
export function expectLearnable(ops: readonly Op[]): void {
  for (const op of ops) {
    if (op.op === "lattice" || op.op === "gallery" || op.op === "autoregress")
      throw new PayloadError(`This page cannot learn the layer “${op.op}”.`);
    if (op.op === "linear" && op.biases)
      throw new PayloadError("This page cannot learn the layer “linear” where it is given a class.");
  }
}

export const learnOf: LearnOf = (op, inputs, y, make) =>
  (GRADIENTS[op.op] as LearnOf | undefined)?.(op, inputs, y, make);
