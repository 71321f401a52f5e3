/** Which planner has which operation? The one list; the schema's names are its keys, so that the compiler names one that is missing. */

import { PayloadError } from "../../wire/errors";
import type { Op } from "../../wire/schema";
import type { Maker, OpOf, Planned, Planner, Tensor } from "../plan";
import { planGallery, planLattice } from "../tabulated-decoder";
import { planAutoregress } from "./autoregressive";
import { planConv, planTransposed } from "./convolution";
import { planLinear, planMatmul } from "./dense";
import {
  planActivation,
  planBias,
  planChannelAffine,
  planClamp,
  planCombine,
  planPrelu,
  planReduce,
  planScale,
  planSoftmax,
} from "./elementwise";
import {
  planConcat,
  planConstant,
  planCrop,
  planFlatten,
  planPad,
  planPermute,
  planReshape,
  planShuffle,
  planSlice,
  planUnshuffle,
  planUpsample,
} from "./movement";
import { planGroupNorm, planLayerNorm } from "./normalisation";
import { planAdaptive, planPool, planResize } from "./pooling";

const PLANNERS: { readonly [Name in Op["op"]]: Planner<OpOf<Name>> } = {
  linear: planLinear,
  matmul: planMatmul,
  conv2d: planConv,
  conv_transpose2d: planTransposed,
  pad: planPad,
  pool: planPool,
  adaptive_pool: planAdaptive,
  upsample: planUpsample,
  resize: planResize,
  pixel_shuffle: planShuffle,
  pixel_unshuffle: planUnshuffle,
  group_norm: planGroupNorm,
  layer_norm: planLayerNorm,
  channel_affine: planChannelAffine,
  activation: planActivation,
  prelu: planPrelu,
  clamp: planClamp,
  scale: planScale,
  combine: planCombine,
  constant: planConstant,
  softmax: planSoftmax,
  reduce: planReduce,
  concat: planConcat,
  slice: planSlice,
  reshape: planReshape,
  permute: planPermute,
  flatten: planFlatten,
  unflatten: planReshape,
  crop: planCrop,
  bias: planBias,
  autoregress: planAutoregress,
  lattice: planLattice,
  gallery: planGallery,
};

/** Plans one operation. Raises `PayloadError` for one that is not known here or cannot take its inputs. */
export function planOp(op: Op, inputs: readonly Tensor[], make: Maker): Planned {
  const planner = PLANNERS[op.op] as Planner<Op> | undefined;
  if (!planner) throw new PayloadError(`This page cannot compute the layer “${String(op.op)}”.`);
  return planner(op, inputs, make);
}
