/** How does a decoder decode that sees the pixels before? */

import { expectFit, type Maker, type OpOf, type Planned, type Tensor } from "../plan";

/**
 * Logits of the mean picture, each pixel told the probabilities of those before it (trainer/models/autoregressive.py; MADE, Germain et al. 2015).
 * Hidden unit k hears of the first 1 + k mod (D − 1) pixels: with the last of them its value is final, and computed once.
 */
export function planAutoregress(op: OpOf<"autoregress">, [x]: readonly Tensor[], make: Maker): Planned {
  const n = x.size;
  const bias = make.weights.floats(op.bias);
  const H = bias.length;
  const [into, out] = [make.weights.floats(op.weight), make.weights.floats(op.out)];
  expectFit(into.length === H * n && out.length === n * H, "autoregress", x);
  const degree = Int32Array.from({ length: H }, (_, k) => 1 + (k % Math.max(1, n - 1)));
  const byPixel = new Float32Array(n * H);
  for (let k = 0; k < H; k++) for (let d = 0; d < degree[k]; d++) byPixel[d * H + k] = into[k * n + d];
  const hidden = new Float32Array(H);
  const value = new Float32Array(H);
  const y = make.inPlace(x);
  const unroll = (logits: Float32Array): void => {
    hidden.set(bias);
    for (let d = 0; d < n; d++) {
      let sum = 0;
      for (let k = 0, at = d * H; k < H; k++, at++) if (degree[k] <= d) sum += out[at] * value[k];
      logits[d] += sum;
      const p = 1 / (1 + Math.exp(-logits[d]));
      for (let k = 0, at = d * H; k < H; k++, at++) {
        if (degree[k] <= d) continue;
        hidden[k] += p * byPixel[at];
        if (degree[k] === d + 1) value[k] = Math.tanh(hidden[k]);
      }
    }
  };
  return {
    y,
    forward: (batch) => {
      for (let i = 0; i < batch; i++) {
        const logits = make.arena.at(y.at + 4 * i * n, n);
        if (y.at !== x.at) logits.set(make.arena.at(x.at + 4 * i * n, n));
        unroll(logits);
      }
    },
  };
}
