/** How is a convolution computed fast? The kernels of three by three that models mostly have, and any other. */

import type { Conv2dOp } from "../../wire/schema";
import { expectFit, isSquare, type Plan, type Weights } from "../plan";
import { PaddedInput } from "./padded-input";

export function planConv(op: Conv2dOp, shape: readonly number[], weights: Weights): Plan {
  const { weight, bias, groups } = op;
  const [stride, padding, dilation] = [op.stride[0], op.padding[0], op.dilation[0]];
  expectFit([op.stride, op.padding, op.dilation].every(isSquare) && dilation === 1 && groups === 1, "conv2d", shape);
  const [nOut, nIn, kernelH, kernelW] = weights.shape(weight);
  const [channels, height, width] = shape;
  expectFit(shape.length === 3 && channels === nIn && stride >= 1, "conv2d", shape);
  const w = weights.floats(weight);
  const b = weights.floats(bias);
  const outH = Math.floor((height + 2 * padding - kernelH) / stride) + 1;
  const outW = Math.floor((width + 2 * padding - kernelW) / stride) + 1;
  expectFit(outH >= 1 && outW >= 1 && b.length === nOut, "conv2d", shape);
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
