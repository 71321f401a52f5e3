/** What is learned, from what, and how? The records that a page sends and a learner keeps. */

import type { ImageShape, Op } from "../../wire/schema";
import type { Shape } from "../plan";

/** An autoencoder as two lists of operations. */
export interface VaeRecord {
  /** C, H, W. */
  readonly imageShape: ImageShape;
  readonly latentDim: number;
  /** Image to mu and logvar (2·K), or to a code (K) where it is deterministic. */
  readonly encoder: readonly Op[];
  /** Code to logits, or to means. */
  readonly decoder: readonly Op[];
  /** Of every array of weights that the operations name. */
  readonly shapes: Readonly<Record<string, Shape>>;
  readonly likelihood: "bernoulli" | "gaussian";
  /** Standard deviation of a pixel under a Gaussian likelihood: at first, where it is learned. */
  readonly sigma: number;
  readonly learnsSigma: boolean;
  readonly isDeterministic: boolean;
}

/** What may change between two steps. */
export interface Settings {
  /** What a nat of KL costs. */
  readonly beta: number;
  readonly learningRate: number;
  /** Nats of KL that every dimension has for free. */
  readonly freeBits: number;
  /** Whether codes are drawn from the posterior; else they are its mean. */
  readonly noise: boolean;
}

export const DEFAULTS: Settings = { beta: 1, learningRate: 1e-3, freeBits: 0, noise: true };

/** Images one after the other, C·H·W each: in [0, 1], or bytes of which 255 is 1. */
export type Pixels = Float32Array | Uint8Array;

/** Means over images, nats; with β and free bits they make the loss. */
export interface Terms {
  readonly loss: number;
  /** −log p(x|z). */
  readonly reconstruction: number;
  /** Its dimensions' sum. */
  readonly kl: number;
  readonly klPerDim: Float32Array;
}

/** All that decides the steps to come, but for the images. */
export interface Snapshot {
  readonly seed: number;
  /** Taken until now. */
  readonly step: number;
  readonly settings: Settings;
  readonly generator: readonly number[];
  /** Weights, Adam's first and second moments. */
  readonly blocks: readonly Float32Array<ArrayBuffer>[];
}

/** Raised where a term is no finite number any more; the state is that before the step. */
export class NotFinite extends Error {
  constructor(
    /** “reconstruction”, “KL”, or “gradient of” an array of weights. */
    readonly term: string,
    value: number,
    step: number,
  ) {
    const what = Number.isNaN(value) ? "not a number" : "infinite";
    super(`Training stopped at step ${step}: the ${term} is ${what}. The weights are those from before that step.`);
    this.name = "NotFinite";
  }
}
