/**
 * How probable is a picture, given the decoder's numbers, and what is its mean? The twin of `trainer/likelihoods`: log p(x|z), nats, summed
 * over pixels.
 */

import type { Header, LikelihoodName } from "../wire/schema";
import type { Arena } from "./arena";
import { KERNEL_ACTIVATIONS } from "./kernels";
import { sigmoid } from "./page-scalar";

/** `output` (C·H·W,): logits or places, as the decoder gives them; x (C·H·W,) in [0, 1]. */
export type LogLikelihood = (output: Float32Array, x: ArrayLike<number>) => number;

/** Log p(x|z), (n,), of n outputs one after the other, for one picture. */
export type LogLikelihoods = (outputs: Float32Array, n: number) => ArrayLike<number>;

interface PixelLikelihood {
  /** The decoder's numbers become the mean picture in [0, 1], in place. */
  readonly toMean: (output: Float32Array) => void;
  /** log p(x|z); `logScale` is one for all pixels. */
  readonly logDensity: (output: Float32Array, x: ArrayLike<number>, logScale: number) => number;
}

const LIKELIHOODS: Record<LikelihoodName, PixelLikelihood> = {
  bernoulli: { toMean: sigmoids, logDensity: bernoulli },
  "continuous-bernoulli": { toMean: continuousBernoulliMean, logDensity: continuousBernoulli },
  gaussian: { toMean: clip01, logDensity: gaussian },
  laplace: { toMean: clip01, logDensity: laplace },
};

/** What makes the decoder's numbers a picture. */
export function toMeanOf(likelihood: LikelihoodName): (output: Float32Array) => void {
  return known(likelihood)?.toMean ?? clip01;
}

const SIGMOID = KERNEL_ACTIVATIONS.indexOf("sigmoid");

/** The same for n numbers that lie in an arena: where it is a sigmoid its kernel does it. */
export function meansIn(likelihood: LikelihoodName): (arena: Arena, address: number, n: number) => void {
  const toMean = toMeanOf(likelihood);
  if (toMean === sigmoids) return (arena, at, n) => arena.kernels.activate(SIGMOID, n, at, at, 0);
  return (arena, at, n) => toMean(arena.at(at, n));
}

/** Null where the header does not say all that p(x|z) depends on: a scale for each pixel, or a decoder that stands for two models. */
export function logLikelihoodOf({
  likelihood,
  log_sigma,
}: Pick<Header, "likelihood" | "log_sigma">): LogLikelihood | null {
  const score = known(likelihood)?.logDensity;
  if (log_sigma === null || log_sigma === undefined || !score) return null;
  return (output, x) => score(output, x, log_sigma);
}

/** The same of n outputs, one after the other; where there is a kernel for it, an output and x lie in the arena. */
export function logLikelihoodsOf(
  header: Pick<Header, "likelihood" | "log_sigma">,
  arena: Arena,
  size: number,
): ((outputs: Float32Array, n: number, x: Float32Array) => Float64Array) | null {
  const score = logLikelihoodOf(header);
  if (!score) return null;
  const each = (outputs: Float32Array, n: number, of: (output: Float32Array) => number): Float64Array =>
    Float64Array.from({ length: n }, (_, i) => of(outputs.subarray(i * size, (i + 1) * size)));
  if (header.likelihood !== "bernoulli" || arena.found.arithmetic === "scalar")
    return (outputs, n, x) => each(outputs, n, (output) => score(output, x));
  const [atOutput, atX] = [arena.floatsOf(size), arena.floatsOf(size)];
  return (outputs, n, x) => {
    arena.at(atX, size).set(x);
    return each(outputs, n, (output) => {
      arena.at(atOutput, size).set(output);
      return -arena.kernels.bernoulli(size, atOutput, atX, 0, 0);
    });
  };
}

/** A page may be older than the run that it shows. */
function known(likelihood: LikelihoodName): PixelLikelihood | undefined {
  return LIKELIHOODS[likelihood];
}

/** ½ + ½(coth(l/2) − 2/l), its series near 0 (Loaiza-Ganem & Cunningham 2019, eq. 8). */
export function continuousBernoulliMean(x: Float32Array): void {
  for (let i = 0; i < x.length; i++) {
    const half = 0.5 * x[i];
    const odd = Math.abs(half) < 0.05 ? half / 3 - half ** 3 / 45 : 1 / Math.tanh(half) - 1 / half;
    x[i] = 0.5 + 0.5 * odd;
  }
}

function sigmoids(x: Float32Array): void {
  for (let i = 0; i < x.length; i++) x[i] = sigmoid(x[i]);
}

function clip01(x: Float32Array): void {
  for (let i = 0; i < x.length; i++) x[i] = x[i] < 0 ? 0 : Math.min(x[i], 1);
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
