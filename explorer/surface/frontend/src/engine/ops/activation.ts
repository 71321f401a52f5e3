/** Which functions act on each number by itself? */

import { PayloadError } from "../../wire/errors";
import type { ActivationKind } from "../../wire/schema";
import type { Plan } from "../plan";

const SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);

/** In place: the buffer belongs to the layer before. */
const ACTIVATIONS: Partial<Record<ActivationKind, (x: Float32Array, slope: number) => void>> = {
  relu: (x) => {
    for (let i = 0; i < x.length; i++) if (x[i] < 0) x[i] = 0;
  },
  silu: (x) => {
    for (let i = 0; i < x.length; i++) x[i] = x[i] / (1 + Math.exp(-x[i]));
  },
  gelu: (x) => {
    for (let i = 0; i < x.length; i++) {
      const v = x[i];
      x[i] = 0.5 * v * (1 + Math.tanh(SQRT_2_OVER_PI * (v + 0.044715 * v * v * v)));
    }
  },
  tanh: (x) => {
    for (let i = 0; i < x.length; i++) x[i] = Math.tanh(x[i]);
  },
  sigmoid,
  // of imported models only
  "gelu-erf": (x) => {
    for (let i = 0; i < x.length; i++) x[i] = 0.5 * x[i] * (1 + erf(x[i] / Math.SQRT2));
  },
  "leaky-relu": (x, slope) => {
    for (let i = 0; i < x.length; i++) if (x[i] < 0) x[i] *= slope;
  },
  elu: (x, slope) => {
    for (let i = 0; i < x.length; i++) if (x[i] < 0) x[i] = slope * Math.expm1(x[i]);
  },
  softplus: (x) => {
    for (let i = 0; i < x.length; i++) x[i] = Math.max(x[i], 0) + Math.log1p(Math.exp(-Math.abs(x[i])));
  },
  logit: (x) => {
    for (let i = 0; i < x.length; i++) {
      const p = Math.min(Math.max(x[i], 1e-6), 1 - 1e-6);
      x[i] = Math.log(p) - Math.log1p(-p);
    }
  },
};

/** The error function, to 1.5e-7 (Abramowitz & Stegun 1964, 7.1.26). */
function erf(x: number): number {
  const size = Math.abs(x);
  const t = 1 / (1 + 0.3275911 * size);
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.sign(x) * (1 - series * Math.exp(-size * size));
}

/** 1 / (1 + exp(−x)); exp overflows to infinity for x < −709, which gives 0: the right answer. */
export function sigmoid(x: Float32Array): void {
  for (let i = 0; i < x.length; i++) x[i] = 1 / (1 + Math.exp(-x[i]));
}

export function planActivation(kind: ActivationKind, slope: number, shape: readonly number[]): Plan {
  const apply = ACTIVATIONS[kind];
  if (!apply) throw new PayloadError(`This page cannot compute the activation “${kind}”.`);
  return {
    shape,
    run: (x) => {
      apply(x, slope);
      return x;
    },
  };
}
