/** How probable is a picture, given the decoder's numbers? `trainer.likelihoods.registry` in the browser: log p(x|z), nats, summed over pixels. */

import type { Header, Likelihood } from "../wire/schema";

/** `output` (C·H·W,): logits or places, as the decoder gives them; x (C·H·W,) in [0, 1]. */
export type LogLikelihood = (output: Float32Array, x: ArrayLike<number>) => number;

/** Null where the header does not say all that p(x|z) depends on: a scale for each pixel, or a decoder that stands for two models. */
export function logLikelihoodOf({
  likelihood,
  log_sigma,
}: Pick<Header, "likelihood" | "log_sigma">): LogLikelihood | null {
  if (log_sigma === null || log_sigma === undefined) return null;
  const known: Partial<Record<Likelihood, LogLikelihood>> = {
    bernoulli,
    "continuous-bernoulli": continuousBernoulli,
    gaussian: (output, x) => gaussian(output, x, log_sigma),
    laplace: (output, x) => laplace(output, x, log_sigma),
  };
  return known[likelihood] ?? null;
}

/** So many factors between 1 and 2 multiply without overflow: one logarithm for all of them. */
const FACTORS = 512;

/** Σ x·l − softplus(l); for grey x the cross-entropy, as the runs count it. */
function bernoulli(output: Float32Array, x: ArrayLike<number>): number {
  let sum = 0;
  let factors = 1;
  for (let p = 0; p < output.length; p++) {
    const l = output[p];
    sum += l > 0 ? (x[p] - 1) * l : x[p] * l;
    factors *= 1 + Math.exp(l > 0 ? -l : l);
    if (p % FACTORS === FACTORS - 1) {
      sum -= Math.log(factors);
      factors = 1;
    }
  }
  return sum - Math.log(factors);
}

/** Σ x·l − log(expm1(l)/l) (Loaiza-Ganem & Cunningham 2019); the normaliser as l/2 + log(sinh(|l|/2)/(|l|/2)), which overflows for no l. */
function continuousBernoulli(output: Float32Array, x: ArrayLike<number>): number {
  let sum = 0;
  for (let p = 0; p < output.length; p++) {
    const l = output[p];
    const size = Math.max(Math.abs(l), 1e-4); // log(sinh(l/2)/(l/2)) is l²/24 there: 4e-10
    sum += (x[p] - 0.5) * l - (0.5 * size + Math.log1p(-Math.exp(-size)) - Math.log(size));
  }
  return sum;
}

/** −½ Σ [(x − m)²/σ² + log 2π + 2 log σ]. */
function gaussian(output: Float32Array, x: ArrayLike<number>, logSigma: number): number {
  let squares = 0;
  for (let p = 0; p < output.length; p++) squares += (x[p] - output[p]) ** 2;
  return -0.5 * squares * Math.exp(-2 * logSigma) - output.length * (0.5 * Math.log(2 * Math.PI) + logSigma);
}

/** −Σ [|x − m|/b + log 2b]. */
function laplace(output: Float32Array, x: ArrayLike<number>, logScale: number): number {
  let sum = 0;
  for (let p = 0; p < output.length; p++) sum += Math.abs(x[p] - output[p]);
  return -sum * Math.exp(-logScale) - output.length * (Math.LN2 + logScale);
}
