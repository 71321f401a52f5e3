/**
 * How is one layer computed on Float32Array, fast and without allocating?
 *
 * A layer is planned once (`planOp`: shapes checked, weights laid out for the inner loop, output buffer made) and then run as
 * often as the pointer moves. Letters: C, H, W channels, height, width; I, O input and output channels. Tensors are C·H·W, row by row.
 */

import type { ActivationKind, Op } from "../wire/schema";
import { planGallery, planLattice } from "./tabulated-decoder";

export interface Weights {
  floats(name: string): Float32Array;
  shape(name: string): readonly number[];
  /** Only where pictures stand in for weights. */
  bytes?(name: string): Uint8Array;
}

/** A layer that knows its shapes and owns its output buffer. */
export interface Plan {
  readonly shape: readonly number[];
  run(x: Float32Array): Float32Array;
  /** Only where the layer is told a class: which one from now on. */
  tell?(label: number): void;
}

/** The layers do not fit together; one sentence. */
export class OpError extends Error {
  override readonly name = "OpError";
}

export function planOp(op: Op, shape: readonly number[], weights: Weights): Plan {
  switch (op.op) {
    case "linear":
      return op.biases
        ? planToldLinear(op.weight, op.bias, op.biases, shape, weights)
        : planLinear(op.weight, op.bias, shape, weights);
    case "conv2d":
      return planConv(op, shape, weights);
    case "conv_transpose2d":
      return planTransposed(op, shape, weights);
    case "upsample":
      return planUpsample(op.scale, shape);
    case "activation":
      return planActivation(op.kind, op.slope ?? 0, shape);
    case "flatten":
      return { shape: [count(shape)], run: (x) => x };
    case "unflatten":
      return planUnflatten(op.shape, shape);
    case "crop":
      return planCrop(op.height, op.width, shape);
    case "bias":
      return planBias(op.bias, shape, weights);
    case "lattice":
      return planLattice(op, shape, weights);
    case "gallery":
      return planGallery(op, shape, weights);
    case "autoregress":
      return planAutoregress(op, shape, weights);
    default:
      throw new OpError(`This page cannot compute the layer “${String((op as { op: unknown }).op)}”.`);
  }
}

function count(shape: readonly number[]): number {
  return shape.reduce((total, n) => total * n, 1);
}

function expect(holds: boolean, op: string, shape: readonly number[]): void {
  if (!holds)
    throw new OpError(
      `The network's layers do not fit together: ${op} cannot take a tensor of shape ${shape.join("×")}.`,
    );
}

// ---- dense ----------------------------------------------------------------------------------------------------------

function planLinear(weightName: string, biasName: string, shape: readonly number[], weights: Weights): Plan {
  const [nOut, nIn] = weights.shape(weightName);
  const weight = weights.floats(weightName);
  const bias = weights.floats(biasName);
  expect(weights.shape(weightName).length === 2 && count(shape) === nIn && bias.length === nOut, "linear", shape);
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
function planToldLinear(
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
  expect(nOut === bias.length && biases.length === nOut * nLabels, "linear", weights.shape(biasesName));
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

// ---- convolution ----------------------------------------------------------------------------------------------------

type ConvOp = Extract<Op, { op: "conv2d" | "conv_transpose2d" }>;

function planConv({ weight, bias, stride, padding }: ConvOp, shape: readonly number[], weights: Weights): Plan {
  const [nOut, nIn, kernelH, kernelW] = weights.shape(weight);
  const [channels, height, width] = shape;
  expect(shape.length === 3 && channels === nIn && stride >= 1, "conv2d", shape);
  const w = weights.floats(weight);
  const b = weights.floats(bias);
  const outH = Math.floor((height + 2 * padding - kernelH) / stride) + 1;
  const outW = Math.floor((width + 2 * padding - kernelW) / stride) + 1;
  expect(outH >= 1 && outW >= 1 && b.length === nOut, "conv2d", shape);
  const padded = new PaddedInput(nIn, height, width, padding, padding);
  const y = new Float32Array(nOut * outH * outW);
  const kernel = kernelH === 3 && kernelW === 3 ? conv3x3 : convAny;
  return {
    shape: [nOut, outH, outW],
    run: (x) => {
      kernel(
        padded.fill(x),
        w,
        b,
        { nIn, nOut, kernelH, kernelW, stride, outH, outW, padH: padded.height, padW: padded.width },
        y,
      );
      return y;
    },
  };
}

/** The input with a border of zeros, so that the inner loops need no bounds checks. */
class PaddedInput {
  readonly height: number;
  readonly width: number;
  private readonly data: Float32Array;

  constructor(
    private readonly channels: number,
    private readonly innerH: number,
    private readonly innerW: number,
    private readonly before: number,
    after: number,
  ) {
    this.height = innerH + before + after;
    this.width = innerW + before + after;
    this.data = new Float32Array(channels * this.height * this.width);
  }

  fill(x: Float32Array): Float32Array {
    const { innerH, innerW, before, width, height, data } = this;
    if (before === 0 && width === innerW && height === innerH) return x;
    for (let c = 0, from = 0; c < this.channels; c++) {
      let to = (c * height + before) * width + before;
      for (let row = 0; row < innerH; row++, to += width - innerW) {
        for (let col = 0; col < innerW; col++) data[to++] = x[from++];
      }
    }
    return data;
  }
}

interface ConvSize {
  readonly nIn: number;
  readonly nOut: number;
  readonly kernelH: number;
  readonly kernelW: number;
  readonly stride: number;
  readonly outH: number;
  readonly outW: number;
  readonly padH: number;
  readonly padW: number;
}

/** Nine weights stay in registers while a whole output row is added to. */
function conv3x3(x: Float32Array, w: Float32Array, bias: Float32Array, size: ConvSize, y: Float32Array): void {
  const { nIn, nOut, stride, outH, outW, padH, padW } = size;
  const plane = outH * outW;
  for (let o = 0; o < nOut; o++) {
    y.fill(bias[o], o * plane, (o + 1) * plane);
    for (let i = 0; i < nIn; i++) {
      const k = (o * nIn + i) * 9;
      const w0 = w[k],
        w1 = w[k + 1],
        w2 = w[k + 2],
        w3 = w[k + 3],
        w4 = w[k + 4];
      const w5 = w[k + 5],
        w6 = w[k + 6],
        w7 = w[k + 7],
        w8 = w[k + 8];
      for (let row = 0, to = o * plane; row < outH; row++) {
        let a = (i * padH + row * stride) * padW;
        let b = a + padW;
        let c = b + padW;
        for (let col = 0; col < outW; col++, to++, a += stride, b += stride, c += stride) {
          y[to] +=
            w0 * x[a] +
            w1 * x[a + 1] +
            w2 * x[a + 2] +
            (w3 * x[b] + w4 * x[b + 1] + w5 * x[b + 2]) +
            (w6 * x[c] + w7 * x[c + 1] + w8 * x[c + 2]);
        }
      }
    }
  }
}

function convAny(x: Float32Array, w: Float32Array, bias: Float32Array, size: ConvSize, y: Float32Array): void {
  const { nIn, nOut, kernelH, kernelW, stride, outH, outW, padH, padW } = size;
  const plane = outH * outW;
  for (let o = 0, k = 0; o < nOut; o++) {
    y.fill(bias[o], o * plane, (o + 1) * plane);
    for (let i = 0; i < nIn; i++) {
      for (let ky = 0; ky < kernelH; ky++) {
        for (let kx = 0; kx < kernelW; kx++, k++) {
          const weight = w[k];
          for (let row = 0, to = o * plane; row < outH; row++) {
            let from = (i * padH + row * stride + ky) * padW + kx;
            for (let col = 0; col < outW; col++, to++, from += stride) y[to] += weight * x[from];
          }
        }
      }
    }
  }
}

// ---- transposed convolution -----------------------------------------------------------------------------------------

function planTransposed(op: ConvOp, shape: readonly number[], weights: Weights): Plan {
  const [nIn, nOut, kernelH, kernelW] = weights.shape(op.weight);
  const [channels, height, width] = shape;
  expect(shape.length === 3 && channels === nIn && op.stride >= 1, "conv_transpose2d", shape);
  const outH = (height - 1) * op.stride - 2 * op.padding + kernelH;
  const outW = (width - 1) * op.stride - 2 * op.padding + kernelW;
  const bias = weights.floats(op.bias);
  expect(outH >= 1 && outW >= 1 && bias.length === nOut, "conv_transpose2d", shape);
  const w = weights.floats(op.weight);
  const y = new Float32Array(nOut * outH * outW);
  if (kernelH === 4 && kernelW === 4 && op.stride === 2 && op.padding === 1)
    return planDoubling(w, bias, nIn, nOut, height, width, y);
  const size = { nIn, nOut, kernelH, kernelW, height, width, outH, outW, stride: op.stride, padding: op.padding };
  return {
    shape: [nOut, outH, outW],
    run: (x) => {
      transposedAny(x, w, bias, size, y);
      return y;
    },
  };
}

interface TransposedSize {
  readonly nIn: number;
  readonly nOut: number;
  readonly kernelH: number;
  readonly kernelW: number;
  readonly height: number;
  readonly width: number;
  readonly outH: number;
  readonly outW: number;
  readonly stride: number;
  readonly padding: number;
}

/** Every input pixel stamps the kernel into the output; the slow, general way. */
function transposedAny(
  x: Float32Array,
  w: Float32Array,
  bias: Float32Array,
  size: TransposedSize,
  y: Float32Array,
): void {
  const { nIn, nOut, kernelH, kernelW, height, width, outH, outW, stride, padding } = size;
  for (let o = 0; o < nOut; o++) y.fill(bias[o], o * outH * outW, (o + 1) * outH * outW);
  for (let i = 0; i < nIn; i++) {
    for (let o = 0; o < nOut; o++) {
      for (let ky = 0; ky < kernelH; ky++) {
        for (let kx = 0; kx < kernelW; kx++) {
          const weight = w[((i * nOut + o) * kernelH + ky) * kernelW + kx];
          for (let row = 0; row < height; row++) {
            const to = row * stride - padding + ky;
            if (to < 0 || to >= outH) continue;
            for (let col = 0; col < width; col++) {
              const at = col * stride - padding + kx;
              if (at >= 0 && at < outW) y[(o * outH + to) * outW + at] += weight * x[(i * height + row) * width + col];
            }
          }
        }
      }
    }
  }
}

/**
 * Kernel 4, stride 2, padding 1 doubles the picture. Each of the four output pixels of an input pixel sees 2×2 neighbours only:
 * even rows use kernel rows 1 (same) and 3 (above), odd rows 2 (same) and 0 (below); columns alike. Weights become (O, I, 16).
 */
function planDoubling(
  w: Float32Array,
  bias: Float32Array,
  nIn: number,
  nOut: number,
  height: number,
  width: number,
  y: Float32Array,
): Plan {
  const byOutput = new Float32Array(w.length);
  for (let i = 0; i < nIn; i++) {
    for (let o = 0; o < nOut; o++)
      byOutput.set(w.subarray((i * nOut + o) * 16, (i * nOut + o + 1) * 16), (o * nIn + i) * 16);
  }
  const padded = new PaddedInput(nIn, height, width, 1, 1);
  return {
    shape: [nOut, 2 * height, 2 * width],
    run: (x) => {
      doubling(padded.fill(x), byOutput, bias, nIn, height, width, y);
      return y;
    },
  };
}

function doubling(
  x: Float32Array,
  w: Float32Array,
  bias: Float32Array,
  nIn: number,
  height: number,
  width: number,
  y: Float32Array,
): void {
  const padW = width + 2;
  const padPlane = (height + 2) * padW;
  const outW = 2 * width;
  const plane = 2 * height * outW;
  for (let o = 0; o < bias.length; o++) {
    y.fill(bias[o], o * plane, (o + 1) * plane);
    for (let i = 0; i < nIn; i++) {
      const k = (o * nIn + i) * 16;
      const w0 = w[k],
        w1 = w[k + 1],
        w2 = w[k + 2],
        w3 = w[k + 3],
        w4 = w[k + 4],
        w5 = w[k + 5],
        w6 = w[k + 6],
        w7 = w[k + 7];
      const w8 = w[k + 8],
        w9 = w[k + 9],
        wa = w[k + 10],
        wb = w[k + 11],
        wc = w[k + 12],
        wd = w[k + 13],
        we = w[k + 14],
        wf = w[k + 15];
      for (let row = 0; row < height; row++) {
        let above = i * padPlane + row * padW;
        let same = above + padW;
        let below = same + padW;
        let even = o * plane + 2 * row * outW;
        let odd = even + outW;
        let a0 = x[above++],
          a1 = x[above++],
          s0 = x[same++],
          s1 = x[same++],
          b0 = x[below++],
          b1 = x[below++];
        for (let col = 0; col < width; col++, even += 2, odd += 2) {
          const a2 = x[above++],
            s2 = x[same++],
            b2 = x[below++];
          y[even] += w5 * s1 + w7 * s0 + (wd * a1 + wf * a0);
          y[even + 1] += w6 * s1 + w4 * s2 + (we * a1 + wc * a2);
          y[odd] += w9 * s1 + wb * s0 + (w1 * b1 + w3 * b0);
          y[odd + 1] += wa * s1 + w8 * s2 + (w2 * b1 + w0 * b2);
          a0 = a1;
          a1 = a2;
          s0 = s1;
          s1 = s2;
          b0 = b1;
          b1 = b2;
        }
      }
    }
  }
}

// ---- without weights, or with one a pixel ----------------------------------------------------------------------------

function planUpsample(scale: number, shape: readonly number[]): Plan {
  expect(shape.length === 3 && Number.isInteger(scale) && scale >= 1, "upsample", shape);
  const [channels, height, width] = shape;
  const y = new Float32Array(count(shape) * scale * scale);
  return {
    shape: [channels, height * scale, width * scale],
    run: (x) => {
      for (let row = 0, to = 0; row < channels * height * scale; row++) {
        const from = Math.floor(row / scale) * width;
        for (let col = 0; col < width; col++) {
          for (let n = 0; n < scale; n++) y[to++] = x[from + col];
        }
      }
      return y;
    },
  };
}

const SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);

/** In place: the buffer belongs to the layer before. */
const ACTIVATIONS: Record<ActivationKind, (x: Float32Array, slope: number) => void> = {
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

function planActivation(kind: ActivationKind, slope: number, shape: readonly number[]): Plan {
  const apply = ACTIVATIONS[kind];
  if (!apply) throw new OpError(`This page cannot compute the activation “${kind}”.`);
  return {
    shape,
    run: (x) => {
      apply(x, slope);
      return x;
    },
  };
}

function planUnflatten(wanted: readonly number[], shape: readonly number[]): Plan {
  expect(count(wanted) === count(shape), `unflatten to ${wanted.join("×")}`, shape);
  return { shape: wanted, run: (x) => x };
}

function planCrop(height: number, width: number, shape: readonly number[]): Plan {
  const [channels, fullH, fullW] = shape;
  expect(shape.length === 3 && height <= fullH && width <= fullW, `crop to ${height}×${width}`, shape);
  const y = new Float32Array(channels * height * width);
  return {
    shape: [channels, height, width],
    run: (x) => {
      for (let c = 0, to = 0; c < channels; c++) {
        for (let row = 0; row < height; row++) {
          const from = (c * fullH + row) * fullW;
          for (let col = 0; col < width; col++) y[to++] = x[from + col];
        }
      }
      return y;
    },
  };
}

function planBias(name: string, shape: readonly number[], weights: Weights): Plan {
  const bias = weights.floats(name);
  expect(bias.length === count(shape), "bias", shape);
  return {
    shape,
    run: (x) => {
      for (let i = 0; i < x.length; i++) x[i] += bias[i];
      return x;
    },
  };
}

// ---- a decoder that sees the pixels before ------------------------------------------------------------------------------

/**
 * Logits of the mean picture, each pixel told the probabilities of those before it (trainer/models/autoregressive.py; MADE, Germain et al. 2015).
 * Hidden unit k hears of the first 1 + k mod (D − 1) pixels: with the last of them its value is final, and computed once.
 */
function planAutoregress(op: Extract<Op, { op: "autoregress" }>, shape: readonly number[], weights: Weights): Plan {
  const n = count(shape);
  const bias = weights.floats(op.bias);
  const H = bias.length;
  const [into, out] = [weights.floats(op.weight), weights.floats(op.out)];
  expect(into.length === H * n && out.length === n * H, "autoregress", shape);
  const degree = Int32Array.from({ length: H }, (_, k) => 1 + (k % Math.max(1, n - 1)));
  const byPixel = new Float32Array(n * H);
  for (let k = 0; k < H; k++) for (let d = 0; d < degree[k]; d++) byPixel[d * H + k] = into[k * n + d];
  const hidden = new Float32Array(H);
  const value = new Float32Array(H);
  return {
    shape,
    run: (x) => {
      hidden.set(bias);
      for (let d = 0; d < n; d++) {
        let sum = 0;
        for (let k = 0, at = d * H; k < H; k++, at++) if (degree[k] <= d) sum += out[at] * value[k];
        x[d] += sum;
        const p = 1 / (1 + Math.exp(-x[d]));
        for (let k = 0, at = d * H; k < H; k++, at++) {
          if (degree[k] <= d) continue;
          hidden[k] += p * byPixel[at];
          if (degree[k] === d + 1) value[k] = Math.tanh(hidden[k]);
        }
      }
      return x;
    },
  };
}
