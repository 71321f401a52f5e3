/** By which formulas are the charts made? Each with its definition and source: in a line, and all of them where they are asked for. */

import { h } from "../../ui/dom";

export interface Formula {
  readonly text: string;
  /** Definition and source. */
  readonly words: string;
}

const VAE = "Kingma & Welling 2014";

export const BOUND: Formula = {
  text: "−log p(x) ≤ −ELBO = −E log p(x|z) + KL(q(z|x) ‖ p(z))",
  words: `The negative evidence lower bound, nats an image; β is not in it. ${VAE}, equation 3.`,
};
export const RECONSTRUCTION: Formula = {
  text: "−E log p(x|z), z = μ + σ ε, ε from N(0, I)",
  words: `The first term: how badly an image is described from a code of its own, one draw an image, summed over pixels. ${VAE}, section 2.4.`,
};
/** The only term of an autoencoder. */
export const OF_POINTS: Formula = {
  text: "−log p(x|z), z = f(x)",
  words:
    "The loss of an autoencoder: how badly an image is described from its code, a point, nats an image, summed over pixels. " +
    "Hinton & Salakhutdinov 2006.",
};
export const KL: Formula = {
  text: "KL(q(z|x) ‖ p(z)) = Σₖ KLₖ",
  words: `The second term: what the code of an image tells, nats, summed over the dimensions. ${VAE}, appendix B.`,
};
export const KL_OF_ONE: Formula = {
  text: "KLₖ = ½ (μₖ² + σₖ² − 1 − log σₖ²), mean over images",
  words: `Of dimension k between q(zₖ|x) = N(μₖ, σₖ²) and the prior N(0, 1). ${VAE}, appendix B.`,
};
const STAIR: Formula = {
  text: "dashed: ½ log(λₖ / βσ²) where λₖ > βσ², else 0",
  words:
    "The KL of the k-th direction in a linear VAE with Gaussian pixels of a fixed σ; λ: eigenvalues of the covariance of the images, the first " +
    "million pixels of them. Bernoulli pixels have no σ: there λ is of pixels divided by √(m(1−m)), m the mean image, and σ is 1, " +
    "which is the model near its collapse. Lucas et al. 2019; Tipping & Bishop 1999.",
};
export const GUIDE = `${STAIR.words} Exact for that model alone; for other networks a guide.`;

/** In a line; the definition where the pointer rests. */
export function formula({ text, words }: Formula): HTMLElement {
  return h("p", { class: "la-small lt-formula", title: words }, text);
}

/** All of a kind of model with their definitions, folded. */
export function allFormulas(isDeterministic: boolean): HTMLElement {
  const formulas = isDeterministic ? [OF_POINTS] : [BOUND, RECONSTRUCTION, KL, KL_OF_ONE, STAIR];
  const rows = formulas.flatMap(({ text, words }) => [h("dt", {}, text), h("dd", {}, words)]);
  return h(
    "details",
    { class: "lt-details" },
    h("summary", {}, "Definitions and sources"),
    h("dl", { class: "la-small" }, ...rows),
  );
}
