/** The kernels in plain TypeScript that only what learns needs; `page-scalar.ts` has the others, and says what they are for. */

import { KERNEL_ACTIVATIONS, type Kernels, NOWHERE } from "./kernels";
import {
  GELU,
  type Known,
  normalCdf,
  type OfNumber,
  ScalarKernels as PageKernels,
  sigmoid,
  softplus,
} from "./page-scalar";

export class ScalarKernels extends PageKernels implements Kernels {
  patches(N: number, K: number, picture: number, taps: number, places: number, to: number): void {
    const F = this.memory();
    const U = new Uint32Array(F.buffer);
    for (let k = 0, at = to / 4; k < K; k++)
      for (let n = 0; n < N; n++, at++) F[at] = F[(picture + U[taps / 4 + k] + U[places / 4 + n]) / 4];
  }

  unpatch(N: number, K: number, from: number, taps: number, places: number, picture: number): void {
    const F = this.memory();
    const U = new Uint32Array(F.buffer);
    for (let k = 0, at = from / 4; k < K; k++)
      for (let n = 0; n < N; n++, at++) F[(picture + U[taps / 4 + k] + U[places / 4 + n]) / 4] += F[at];
  }

  unframe(
    planes: number,
    H: number,
    W: number,
    from: number,
    to: number,
    top: number,
    left: number,
    fromH: number,
    fromW: number,
  ): void {
    const F = this.memory();
    for (let row = 0, at = to / 4; row < planes * H; row++, at += W) {
      const first = from / 4 + (Math.floor(row / H) * fromH + top + (row % H)) * fromW + left;
      F.copyWithin(at, first, first + W);
    }
  }

  spread(rows: number, N: number, from: number, places: number, to: number, stride: number): void {
    const F = this.memory();
    const U = new Uint32Array(F.buffer);
    for (let row = 0, at = from / 4; row < rows; row++) {
      for (let n = 0; n < N; n++, at++) {
        const place = U[places / 4 + n];
        if (place !== NOWHERE) F[to / 4 + row * stride + place / 4] += F[at];
      }
    }
  }

  activateBack(kind: number, n: number, x: number, dy: number, dx: number, slope: number): void {
    const F = this.memory();
    const f = SLOPES[KERNEL_ACTIVATIONS[kind]];
    for (let i = 0; i < n; i++) F[dx / 4 + i] += f(F[x / 4 + i], slope) * F[dy / 4 + i];
  }

  addScaled(n: number, by: number, x: number, y: number): void {
    const F = this.memory();
    for (let i = 0; i < n; i++) F[y / 4 + i] += by * F[x / 4 + i];
  }

  addColumns(rows: number, N: number, x: number, sums: number): void {
    const F = this.memory();
    for (let i = 0; i < rows * N; i++) F[sums / 4 + (i % N)] += F[x / 4 + i];
  }

  addRows(rows: number, N: number, x: number, sums: number): void {
    const F = this.memory();
    for (let i = 0; i < rows * N; i++) F[sums / 4 + Math.floor(i / N)] += F[x / 4 + i];
  }

  squares(n: number, means: number, x: number, gradient: number, by: number): number {
    const F = this.memory();
    let total = 0;
    for (let i = 0; i < n; i++) {
      const d = F[means / 4 + i] - F[x / 4 + i];
      total += d * d;
      if (gradient) F[gradient / 4 + i] = by * d;
    }
    return total;
  }

  fromBytes(n: number, bytes: number, to: number): void {
    const F = this.memory();
    const B = new Uint8Array(F.buffer, bytes, n);
    for (let i = 0; i < n; i++) F[to / 4 + i] = B[i] / 255;
  }

  adam(
    n: number,
    w: number,
    g: number,
    m: number,
    v: number,
    rate: number,
    beta1: number,
    beta2: number,
    epsilon: number,
    first: number,
    second: number,
  ): void {
    const F = this.memory();
    for (let i = 0; i < n; i++) {
      const gradient = F[g / 4 + i];
      const mean = beta1 * F[m / 4 + i] + (1 - beta1) * gradient;
      const square = beta2 * F[v / 4 + i] + (1 - beta2) * gradient * gradient;
      F[m / 4 + i] = mean;
      F[v / 4 + i] = square;
      F[w / 4 + i] -= (rate * mean * first) / (Math.sqrt(square * second) + epsilon);
    }
  }
}

const SLOPES: Record<Known, OfNumber> = {
  relu: (x) => (x > 0 ? 1 : 0),
  "leaky-relu": (x, slope) => (x > 0 ? 1 : slope),
  elu: (x, slope) => (x > 0 ? 1 : slope * Math.exp(x)),
  tanh: (x) => 1 - Math.tanh(x) ** 2,
  sigmoid: (x) => sigmoid(x) * (1 - sigmoid(x)),
  silu: (x) => sigmoid(x) * (1 + x * (1 - sigmoid(x))),
  gelu: (x) => {
    const y = sigmoid(GELU * (x + 0.044715 * x ** 3));
    return y * (1 + x * (1 - y) * GELU * (1 + 3 * 0.044715 * x * x));
  },
  "gelu-erf": (x) => normalCdf(x) + (x * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI),
  softplus: sigmoid,
  mish: (x) => {
    const y = Math.tanh(softplus(x));
    return y + x * (1 - y * y) * sigmoid(x);
  },
  exp: Math.exp,
};
