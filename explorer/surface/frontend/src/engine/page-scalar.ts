/**
 * The kernels in plain TypeScript: for browsers and pages that have no WebAssembly, and what the tests hold the others against. Written for
 * being read; a product still adds four sums at a time, because one alone waits for its own last addition. Pages that only look have these alone:
 * `scalar.ts` adds what gradients are made with.
 */

import { KERNEL_ACTIVATIONS, type Kernels, NOWHERE } from "./kernels";
import { stamp, straighten } from "./scalar-raster";

export class ScalarKernels {
  constructor(protected readonly memory: () => Float32Array<ArrayBuffer>) {}

  stamp(...job: Parameters<Kernels["stamp"]>): number {
    return stamp(this.memory().buffer, ...job);
  }

  straighten(n: number, from: number, to: number): void {
    straighten(this.memory().buffer, n, from, to);
  }

  product(
    M: number,
    N: number,
    K: number,
    a: number,
    aRow: number,
    aColumn: number,
    b: number,
    bRow: number,
    bColumn: number,
    c: number,
    cRow: number,
    adds: number,
  ): void {
    const F = this.memory();
    for (let i = 0; i < M; i++) {
      for (let j = 0; j < N; j++) {
        let s = 0;
        let t = 0;
        let u = 0;
        let v = 0;
        let p = a / 4 + i * aRow;
        let q = b / 4 + j * bColumn;
        let k = 0;
        for (; k + 4 <= K; k += 4) {
          s += F[p] * F[q];
          t += F[p + aColumn] * F[q + bRow];
          u += F[p + 2 * aColumn] * F[q + 2 * bRow];
          v += F[p + 3 * aColumn] * F[q + 3 * bRow];
          p += 4 * aColumn;
          q += 4 * bRow;
        }
        for (; k < K; k++, p += aColumn, q += bRow) s += F[p] * F[q];
        const to = c / 4 + i * cRow + j;
        F[to] = (adds ? F[to] : 0) + (s + t + (u + v));
      }
    }
  }

  convolve(M: number, N: number, K: number, a: number, picture: number, taps: number, places: number, c: number): void {
    const F = this.memory();
    const U = new Uint32Array(F.buffer);
    for (let m = 0; m < M; m++) {
      const to = c / 4 + m * N;
      for (let k = 0; k < K; k++) {
        const weight = F[a / 4 + m * K + k];
        if (weight === 0) continue;
        const from = picture + U[taps / 4 + k];
        for (let n = 0; n < N; n++) F[to + n] += weight * F[(from + U[places / 4 + n]) / 4];
      }
    }
  }

  frame(
    planes: number,
    H: number,
    W: number,
    from: number,
    to: number,
    top: number,
    left: number,
    toH: number,
    toW: number,
  ): void {
    const F = this.memory();
    for (let row = 0, at = from / 4; row < planes * H; row++, at += W) {
      const plane = Math.floor(row / H);
      F.copyWithin(to / 4 + (plane * toH + top + (row % H)) * toW + left, at, at + W);
    }
  }

  scatter(rows: number, N: number, from: number, places: number, to: number, stride: number): void {
    const F = this.memory();
    const U = new Uint32Array(F.buffer);
    for (let row = 0, at = from / 4; row < rows; row++)
      for (let n = 0; n < N; n++, at++) F[to / 4 + row * stride + U[places / 4 + n] / 4] = F[at];
  }

  collect(rows: number, N: number, from: number, places: number, to: number, stride: number): void {
    const F = this.memory();
    const U = new Uint32Array(F.buffer);
    for (let row = 0, at = to / 4; row < rows; row++) {
      for (let n = 0; n < N; n++, at++) {
        const place = U[places / 4 + n];
        F[at] = place === NOWHERE ? 0 : F[from / 4 + row * stride + place / 4];
      }
    }
  }

  fillRows(rows: number, N: number, bias: number, to: number): void {
    const F = this.memory();
    for (let row = 0; row < rows; row++) F.fill(F[bias / 4 + row], to / 4 + row * N, to / 4 + (row + 1) * N);
  }

  copyRows(rows: number, N: number, row: number, to: number): void {
    const F = this.memory();
    for (let i = 0; i < rows; i++) F.copyWithin(to / 4 + i * N, row / 4, row / 4 + N);
  }

  activate(kind: number, n: number, x: number, y: number, slope: number): void {
    const F = this.memory();
    const f = VALUES[KERNEL_ACTIVATIONS[kind]];
    for (let i = 0; i < n; i++) F[y / 4 + i] = f(F[x / 4 + i], slope);
  }

  bernoulli(n: number, logits: number, x: number, gradient: number, by: number): number {
    const F = this.memory();
    let total = 0;
    for (let i = 0; i < n; i++) {
      const l = F[logits / 4 + i];
      total += softplus(l) - F[x / 4 + i] * l;
      if (gradient) F[gradient / 4 + i] = by * (sigmoid(l) - F[x / 4 + i]);
    }
    return total;
  }
}

export type Known = (typeof KERNEL_ACTIVATIONS)[number];
export type OfNumber = (x: number, slope: number) => number;

export const GELU = 2 * Math.sqrt(2 / Math.PI);

const VALUES: Record<Known, OfNumber> = {
  relu: (x) => Math.max(x, 0),
  "leaky-relu": (x, slope) => (x > 0 ? x : slope * x),
  elu: (x, slope) => (x > 0 ? x : slope * Math.expm1(x)),
  tanh: Math.tanh,
  sigmoid,
  silu: (x) => x * sigmoid(x),
  gelu: (x) => x * sigmoid(GELU * (x + 0.044715 * x ** 3)),
  "gelu-erf": (x) => x * normalCdf(x),
  softplus,
  mish: (x) => x * Math.tanh(softplus(x)),
  exp: Math.exp,
};

/** 1 / (1 + e⁻ˣ); the exponential overflows to infinity for x < −709, which gives 0: the right answer. */
export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** Φ(x) to 1e-7 (Abramowitz & Stegun 1964, 7.1.26, of x/√2). */
export function normalCdf(x: number): number {
  const size = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * size);
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const tail = 0.5 * series * Math.exp(-size * size);
  return x < 0 ? tail : 1 - tail;
}
