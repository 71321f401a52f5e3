/**
 * Which dimensions will survive this β? What the linear VAE says, from the spectrum of the images: exact for a linear network with Gaussian
 * pixels of a fixed σ, else a guide.
 */

import { linearKl } from "../../charts/sums";
import { product } from "../../wire/payload";
import type { TrainingImages } from "../../wire/training";
import { wordsOf } from "../model/choice";
import type { TrainState } from "../state";
import { centred, largestEigenvalues } from "./spectrum";

/** Numbers of images that are looked at: more would take the page's time for seconds. */
const MOST_NUMBERS = 1e6;
const MOST_DIMENSIONS = 16;
/** Of the page's time at once. */
const SLICE_MS = 6;

/** What a linear VAE would do under a β. */
export interface Stairs {
  /** KL of each dimension, nats, largest first. */
  readonly kl: readonly number[];
  /** Whether the network is that model: then it is where the training ends. */
  readonly isExact: boolean;
}

export class LinearGuide {
  /** Eigenvalues, largest first; null until they are known. */
  private values: Float64Array<ArrayBufferLike> | null = null;
  /** Of which likelihood they are. */
  private isBernoulli: boolean | null = null;
  private timer = 0;

  /** changed: the eigenvalues are known now. */
  constructor(
    private readonly images: TrainingImages,
    private readonly changed: () => void,
  ) {}

  /** Null while it is not known. */
  stairs({ choice, settings, sigma }: TrainState): Stairs | null {
    const words = wordsOf(choice, this.images.header.image_shape);
    const isBernoulli = words.likelihood === "bernoulli";
    this.look(isBernoulli);
    const { values } = this;
    if (!values) return null;
    // of a σ that is learned, as it is now
    const threshold = settings.beta * (isBernoulli ? 1 : (sigma ?? words.sigma ?? 1) ** 2);
    return {
      kl: Array.from({ length: words.latentDim }, (_, k) => linearKl(values[k] ?? 0, threshold)),
      isExact: words.hidden.length === 0 && !isBernoulli && !words.learnsSigma && settings.freeBits === 0,
    };
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  /** Finds them once, and anew for another likelihood. */
  private look(isBernoulli: boolean): void {
    if (this.isBernoulli === isBernoulli) return;
    this.stop();
    this.isBernoulli = isBernoulli;
    this.values = null;
    const size = product(this.images.header.image_shape);
    const n = Math.max(1, Math.floor(MOST_NUMBERS / size));
    const rows = centred(this.images.train.subarray(0, n * size), size, isBernoulli);
    this.goOn(largestEigenvalues(rows, MOST_DIMENSIONS));
  }

  private goOn(search: Generator<void, Float64Array>): void {
    this.timer = window.setTimeout(() => {
      const end = performance.now() + SLICE_MS;
      while (performance.now() < end) {
        const { done, value } = search.next();
        if (!done) continue;
        this.values = value;
        return this.changed();
      }
      this.goOn(search);
    });
  }
}
