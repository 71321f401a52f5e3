/** How is a transposed convolution computed fast? The one that doubles a picture, and any other. */

import type { ConvTranspose2dOp } from "../../wire/schema";
import { expectFit, isSquare, type Plan, type Weights } from "../plan";
import { PaddedInput } from "./padded-input";

export function planTransposed(op: ConvTranspose2dOp, shape: readonly number[], weights: Weights): Plan {
  const [nIn, nOut, kernelH, kernelW] = weights.shape(op.weight);
  const [channels, height, width] = shape;
  const [stride, padding] = [op.stride[0], op.padding[0]];
  const isPlain = op.dilation[0] === 1 && op.output_padding[0] === 0 && op.groups === 1;
  const areSquare = [op.stride, op.padding, op.dilation, op.output_padding].every(isSquare);
  expectFit(shape.length === 3 && channels === nIn && stride >= 1 && isPlain && areSquare, "conv_transpose2d", shape);
  const outH = (height - 1) * stride - 2 * padding + kernelH;
  const outW = (width - 1) * stride - 2 * padding + kernelW;
  const bias = weights.floats(op.bias);
  expectFit(outH >= 1 && outW >= 1 && bias.length === nOut, "conv_transpose2d", shape);
  const w = weights.floats(op.weight);
  const y = new Float32Array(nOut * outH * outW);
  if (kernelH === 4 && kernelW === 4 && stride === 2 && padding === 1)
    return planDoubling(w, bias, nIn, nOut, height, width, y);
  const size = { nIn, nOut, kernelH, kernelW, height, width, outH, outW, stride, padding };
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
