/**
 * What can be chosen of a model before its first step? Which kind, through which network, under which likelihood; each with the word of the
 * textbooks and its formula. A choice is a record, and the words from which the engine makes a network.
 */

import { CONV_HEAD, type NetworkWords } from "../../engine/learning/architectures";
import type { Choice as Option } from "../../ui/chooser";
import type { ImageShape } from "../../wire/schema";

export type NetworkKind = "dense" | "conv" | "linear";
export type PixelKind = "bernoulli" | "gaussian" | "gaussian-learned";

export interface Choice {
  /** Codes are points, and there is no KL. */
  readonly isDeterministic: boolean;
  readonly network: NetworkKind;
  /** Widths of a dense network, channels of a convolutional one, from the image on; a linear network has none, whatever stands here. */
  readonly hidden: readonly number[];
  readonly pixels: PixelKind;
  /** Standard deviation of a Gaussian pixel, grey levels from 0 to 1; at first, where it is learned. */
  readonly sigma: number;
  readonly latentDim: number;
  readonly seed: number;
}

export const FIRST_CHOICE: Choice = {
  isDeterministic: false,
  network: "dense",
  hidden: [128],
  pixels: "bernoulli",
  sigma: 0.2,
  latentDim: 2,
  seed: 1,
};

/** Layers that a network of that kind has at first. */
export const FIRST_HIDDEN: Readonly<Record<NetworkKind, readonly number[]>> = {
  dense: [128],
  conv: [8, 16],
  linear: [],
};

/** The network of a choice. */
export function wordsOf(choice: Choice, imageShape: ImageShape): NetworkWords {
  const { isDeterministic, network, hidden, pixels, sigma, latentDim } = choice;
  return {
    imageShape,
    latentDim,
    isDeterministic,
    hidden: network === "linear" ? [] : hidden,
    isConvolutional: network === "conv",
    ...(pixels === "bernoulli"
      ? { likelihood: "bernoulli" }
      : { likelihood: "gaussian", sigma, learnsSigma: pixels === "gaussian-learned" }),
  };
}

export const MODELS: readonly Option[] = [
  {
    value: "vae",
    text: "Variational autoencoder",
    title:
      "q(z|x) = N(μ(x), diag σ²(x)), p(z) = N(0, I); loss −E log p(x|z) + β KL(q(z|x) ‖ p(z)). Kingma & Welling 2014.",
  },
  {
    value: "autoencoder",
    text: "Autoencoder (deterministic)",
    title: "z = f(x); loss −log p(x|f(x)): neither noise nor prior, and so no KL. Hinton & Salakhutdinov 2006.",
  },
];

export const NETWORKS: readonly Option[] = [
  {
    value: "dense",
    text: "Dense",
    title: "h = ReLU(W x + b), layer by layer; the decoder has the same widths backwards.",
  },
  {
    value: "conv",
    text: "Convolutional",
    title:
      `3 × 3 convolutions of stride 2, each halving the picture, then a dense layer of ${CONV_HEAD}; back by transposed 4 × 4 convolutions. ` +
      "Slower a step than a dense network.",
  },
  {
    value: "linear",
    text: "Linear",
    title:
      "One matrix each way: x̂ = W z + b. With Gaussian pixels the VAE is probabilistic PCA at β = 1 (Lucas et al. 2019), and the " +
      "autoencoder finds the plane of PCA (Baldi & Hornik 1989).",
  },
];

export const LIKELIHOODS: readonly Option[] = [
  {
    value: "bernoulli",
    text: "Bernoulli",
    title: "log p(x|z) = Σ x log m + (1 − x) log(1 − m), m(z) the decoded grey level of a pixel.",
  },
  {
    value: "gaussian",
    text: "Gaussian, fixed σ",
    title:
      "log p(x|z) = −Σ [(x − m)² / 2σ² + log σ + ½ log 2π], a density; a dimension has to explain more than βσ² to live.",
  },
  {
    value: "gaussian-learned",
    text: "Gaussian, learned σ",
    title:
      "The same with one σ for all pixels that is learned with the weights: at its best σ² is the mean squared error of a pixel.",
  },
];

export const DIMENSIONS: readonly Option[] = [2, 4, 8, 16].map((K) => ({
  value: String(K),
  text: String(K),
  title: "Of the code z; one map shows two of them.",
}));

export const MOST_SEED = 2 ** 31 - 1;
export const LEAST_SIGMA = 0.01;
export const MOST_SIGMA = 10;
const MOST_LAYERS = { dense: 4, conv: 3, linear: 0 } as const;
const MOST_WIDTH = { dense: 1024, conv: 64, linear: 0 } as const;

/** What is written as “256, 64”; null where it names no layers of that kind. */
export function parsedHidden(text: string, network: NetworkKind): readonly number[] | null {
  const parts = text.split(/[\s,;]+/).filter((part) => part !== "");
  const widths = parts.map(Number);
  const fits = (width: number): boolean => Number.isInteger(width) && width >= 1 && width <= MOST_WIDTH[network];
  return widths.length >= 1 && widths.length <= MOST_LAYERS[network] && widths.every(fits) ? widths : null;
}

/** What is allowed, as a sentence; given: what was written. */
export function refusedHidden(given: string, network: NetworkKind): string {
  const what = network === "conv" ? "Channels" : "Widths";
  return `${what} are “${given.slice(0, 40)}”; allowed: 1 to ${MOST_LAYERS[network]} whole numbers from 1 to ${MOST_WIDTH[network]}.`;
}

export function refusedSigma(given: string): string {
  return `σ is “${given.slice(0, 40)}”; allowed: a number from ${LEAST_SIGMA} to ${MOST_SIGMA}.`;
}

export function refusedSeed(given: string): string {
  return `The seed is “${given.slice(0, 40)}”; allowed: a whole number from 0 to ${MOST_SEED}.`;
}

/** In a few words: “VAE, dense 128, Bernoulli, 2-D”. */
export function summary({ isDeterministic, network, hidden, pixels, latentDim, sigma }: Choice): string {
  const kind = isDeterministic ? "autoencoder" : "VAE";
  const likelihood =
    pixels === "bernoulli" ? "Bernoulli" : pixels === "gaussian" ? `Gaussian σ ${sigma}` : "Gaussian, σ learned";
  const layers = network === "linear" ? "" : ` ${hidden.join("–")}`;
  return `${kind}, ${network === "conv" ? "convolutional" : network}${layers}, ${likelihood}, ${latentDim}-D`;
}
