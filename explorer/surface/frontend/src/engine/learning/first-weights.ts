/** What do the networks know at first? Nothing: torch's first weights, and the data's mean image as the decoder's answer. */

import { product } from "../../wire/payload";
import type { Op } from "../../wire/schema";
import type { Parameters } from "./parameters";
import type { Random } from "./random";
import type { Pixels, VaeRecord } from "./records";
import { LOG_SIGMA } from "./vae";

/** Of a pixel's mean: a logit stays finite. */
const LEAST = 0.001;

/** Gains, and slopes of a PReLU, as torch begins with them. */
const FIRST: Partial<Record<Op["op"], number>> = { group_norm: 1, layer_norm: 1, channel_affine: 1, prelu: 0.25 };

/** U(−1/√fan-in, 1/√fan-in), as torch draws weights and biases of dense layers and convolutions; 0 for other biases. */
export function drawWeights(record: VaeRecord, parameters: Parameters, random: Random): void {
  for (const op of [...record.encoder, ...record.decoder]) {
    if (!("weight" in op)) continue;
    const first = FIRST[op.op];
    if (first !== undefined) {
      parameters.floats(op.weight).fill(first);
      continue;
    }
    const fanIn = product(parameters.shape(op.weight).slice(1));
    for (const name of "bias" in op ? [op.weight, op.bias] : [op.weight]) {
      const values = parameters.floats(name);
      for (let i = 0; i < values.length; i++) values[i] = (2 * random.uniform() - 1) / Math.sqrt(fanIn);
    }
  }
  if (parameters.has(LOG_SIGMA)) parameters.floats(LOG_SIGMA)[0] = Math.log(record.sigma);
}

/** Sets the bias of the decoder's last layer so that it gives about this image; without effect where that is a bias of channels. */
export function startAtMean(record: VaeRecord, parameters: Parameters, mean: Float32Array): void {
  const last = record.decoder.filter((op): op is Op & { bias: string } => "bias" in op).at(-1);
  const bias = last && parameters.floats(last.bias);
  if (bias?.length !== mean.length) return;
  mean.forEach((value, i) => {
    const p = Math.min(Math.max(value, LEAST), 1 - LEAST);
    bias[i] = record.likelihood === "bernoulli" ? Math.log(p / (1 - p)) : value;
  });
}

export function meanImage(images: Pixels, size: number): Float32Array {
  const n = images.length / size;
  const sums = new Float64Array(size);
  for (let i = 0, j = 0; i < images.length; i++, j = j + 1 === size ? 0 : j + 1) sums[j] += images[i];
  return Float32Array.from(sums, (sum) => sum / n / (images instanceof Uint8Array ? 255 : 1));
}
