/** How is a dense layer computed fast, with or without a class? */

import { product } from "../../wire/payload";
import { expectFit, type Plan, type Weights } from "../plan";

export function planLinear(weightName: string, biasName: string, shape: readonly number[], weights: Weights): Plan {
  const [nOut, nIn] = weights.shape(weightName);
  const weight = weights.floats(weightName);
  const bias = weights.floats(biasName);
  expectFit(weights.shape(weightName).length === 2 && product(shape) === nIn && bias.length === nOut, "linear", shape);
  const y = new Float32Array(nOut);
  return {
    shape: [nOut],
    run: (x) => {
      linear(x, weight, bias, nIn, y);
      return y;
    },
  };
}

/** The class is a constant input, so each has a bias of its own: a column of `biases` (O, Y). */
export function planToldLinear(
  weightName: string,
  biasName: string,
  biasesName: string,
  shape: readonly number[],
  weights: Weights,
): Plan {
  const bias = weights.floats(biasName).slice(); // a view of the payload must not be written to
  const own: Weights = {
    shape: (name) => weights.shape(name),
    floats: (name) => (name === biasName ? bias : weights.floats(name)),
  };
  const plan = planLinear(weightName, biasName, shape, own);
  const [nOut, nLabels] = weights.shape(biasesName);
  const biases = weights.floats(biasesName);
  expectFit(nOut === bias.length && biases.length === nOut * nLabels, "linear", weights.shape(biasesName));
  return {
    ...plan,
    tell: (label) => {
      for (let o = 0; o < nOut; o++) bias[o] = biases[o * nLabels + label];
    },
  };
}

/** y = W x + b. Four sums at a time: one alone waits for its own last addition. */
export function linear(x: Float32Array, weight: Float32Array, bias: Float32Array, nIn: number, y: Float32Array): void {
  const end = nIn - (nIn % 4);
  for (let o = 0, at = 0; o < y.length; o++) {
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    let i = 0;
    for (; i < end; i += 4, at += 4) {
      a += weight[at] * x[i];
      b += weight[at + 1] * x[i + 1];
      c += weight[at + 2] * x[i + 2];
      d += weight[at + 3] * x[i + 3];
    }
    for (; i < nIn; i++, at++) a += weight[at] * x[i];
    y[o] = bias[o] + (a + b) + (c + d);
  }
}
