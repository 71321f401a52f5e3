/** Which plan computes which layer? One case for each kind of layer that a model may have. */

import { PayloadError } from "../wire/errors";
import { product } from "../wire/payload";
import type { Op } from "../wire/schema";
import { planActivation } from "./ops/activation";
import { planAutoregress } from "./ops/autoregressive";
import { planConv } from "./ops/conv";
import { planLinear, planToldLinear } from "./ops/dense";
import { planBias, planCrop, planUnflatten, planUpsample } from "./ops/reshape";
import { planTransposed } from "./ops/transposed-conv";
import type { Plan, Weights } from "./plan";
import { planGallery, planLattice } from "./tabulated-decoder";

export function planOp(op: Op, shape: readonly number[], weights: Weights): Plan {
  if (op.inputs) throw new PayloadError("This page cannot compute a network that branches.");
  switch (op.op) {
    case "linear":
      return op.biases
        ? planToldLinear(op.weight, op.bias, op.biases, shape, weights)
        : planLinear(op.weight, op.bias, shape, weights);
    case "conv2d":
      return planConv(op, shape, weights);
    case "conv_transpose2d":
      return planTransposed(op, shape, weights);
    case "upsample":
      return planUpsample(op.scale, shape);
    case "activation":
      return planActivation(op.kind, op.slope ?? 0, shape);
    case "flatten":
      return { shape: [product(shape)], run: (x) => x };
    case "unflatten":
      return planUnflatten(op.shape, shape);
    case "crop":
      return planCrop(op.height, op.width, shape);
    case "bias":
      return planBias(op.bias, shape, weights);
    case "lattice":
      return planLattice(op, shape, weights);
    case "gallery":
      return planGallery(op, shape, weights);
    case "autoregress":
      return planAutoregress(op, shape, weights);
    default:
      throw new PayloadError(`This page cannot compute the layer “${String((op as { op: unknown }).op)}”.`);
  }
}
