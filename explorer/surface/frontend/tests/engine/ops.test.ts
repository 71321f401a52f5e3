import { describe, expect, test } from "vitest";
import type { Weights } from "../../src/engine/plan";
import type { Op } from "../../src/wire/schema";
import { floats } from "../helpers";
import { planOp } from "./planned";

type Shape = readonly number[];

class Tensors implements Weights {
  constructor(private readonly tensors: Record<string, { values: Float32Array; shape: Shape }>) {}
  floats(name: string): Float32Array {
    return this.tensors[name].values;
  }
  shape(name: string): Shape {
    return this.tensors[name].shape;
  }
}

function tensors(weight: Shape, bias: number): Tensors {
  const size = weight.reduce((a, b) => a * b, 1);
  return new Tensors({ w: { values: floats(size, 7), shape: weight }, b: { values: floats(bias, 8), shape: [bias] } });
}

function expectClose(actual: ArrayLike<number>, wanted: readonly number[], off = 2e-5): void {
  expect(actual.length).toBe(wanted.length);
  wanted.forEach((value, i) => expect(Math.abs(actual[i] - value)).toBeLessThan(off * Math.max(1, Math.abs(value))));
}

/** Straight from the definition, one output at a time; nothing is shared with the program. */
function naiveConv(x: Float32Array, [C, H, W]: Shape, w: Tensors, stride: number, padding: number): number[] {
  const [O, , kh, kw] = w.shape("w");
  const outH = Math.floor((H + 2 * padding - kh) / stride) + 1;
  const outW = Math.floor((W + 2 * padding - kw) / stride) + 1;
  const out: number[] = [];
  for (let o = 0; o < O; o++)
    for (let r = 0; r < outH; r++)
      for (let s = 0; s < outW; s++) {
        let sum = w.floats("b")[o];
        for (let c = 0; c < C; c++)
          for (let i = 0; i < kh; i++)
            for (let j = 0; j < kw; j++) {
              const row = r * stride + i - padding;
              const col = s * stride + j - padding;
              if (row < 0 || row >= H || col < 0 || col >= W) continue;
              sum += w.floats("w")[((o * C + c) * kh + i) * kw + j] * x[(c * H + row) * W + col];
            }
        out.push(sum);
      }
  return out;
}

/** The adjoint view: an output pixel gathers every input pixel whose stamp covers it. */
function naiveTransposed(x: Float32Array, [C, H, W]: Shape, w: Tensors, stride: number, padding: number): number[] {
  const [, O, kh, kw] = w.shape("w");
  const outH = (H - 1) * stride - 2 * padding + kh;
  const outW = (W - 1) * stride - 2 * padding + kw;
  const out: number[] = [];
  for (let o = 0; o < O; o++)
    for (let r = 0; r < outH; r++)
      for (let s = 0; s < outW; s++) {
        let sum = w.floats("b")[o];
        for (let c = 0; c < C; c++)
          for (let row = 0; row < H; row++)
            for (let col = 0; col < W; col++) {
              const i = r + padding - row * stride;
              const j = s + padding - col * stride;
              if (i < 0 || i >= kh || j < 0 || j >= kw) continue;
              sum += w.floats("w")[((c * O + o) * kh + i) * kw + j] * x[(c * H + row) * W + col];
            }
        out.push(sum);
      }
  return out;
}

describe("linear", () => {
  test.each([
    [1, 1],
    [2, 5],
    [7, 3],
    [16, 9],
    [30, 4],
  ])("%i inputs, %i outputs", (nIn, nOut) => {
    const w = tensors([nOut, nIn], nOut);
    const x = floats(nIn, 3);
    const wanted = Array.from({ length: nOut }, (_, o) =>
      x.reduce((sum, value, i) => sum + value * w.floats("w")[o * nIn + i], w.floats("b")[o]),
    );
    expectClose(planOp({ op: "linear", weight: "w", bias: "b" }, [nIn], w).run(x), wanted);
  });
});

function convolution(op: "conv2d" | "conv_transpose2d", stride: number, padding: number): Op {
  const sides = { stride: [stride, stride], padding: [padding, padding], dilation: [1, 1], groups: 1 } as const;
  const tensors = { weight: "w", bias: "b" };
  return op === "conv2d" ? { op, ...tensors, ...sides } : { op, ...tensors, ...sides, output_padding: [0, 0] };
}

describe("conv2d", () => {
  test.each([
    // C, H, W, O, kernel h, w, stride, padding
    [1, 5, 5, 1, 3, 3, 1, 1],
    [3, 8, 7, 4, 3, 3, 2, 1],
    [2, 9, 6, 3, 3, 3, 1, 0],
    [2, 7, 7, 2, 3, 3, 3, 2],
    [2, 6, 8, 3, 1, 1, 1, 0],
    [3, 8, 8, 2, 4, 4, 2, 1],
    [1, 7, 9, 2, 5, 3, 2, 2],
  ])("%i×%i×%i to %i channels, kernel %i×%i, stride %i, padding %i", (C, H, W, O, kh, kw, stride, padding) => {
    const w = tensors([O, C, kh, kw], O);
    const x = floats(C * H * W, 5);
    const plan = planOp(convolution("conv2d", stride, padding), [C, H, W], w);
    expectClose(plan.run(x), naiveConv(x, [C, H, W], w, stride, padding));
    expect(plan.shape.reduce((a, b) => a * b, 1)).toBe(plan.run(x).length);
  });
});

describe("conv_transpose2d", () => {
  test.each([
    [1, 1, 1, 1, 4, 4, 2, 1],
    [3, 4, 5, 2, 4, 4, 2, 1],
    [5, 7, 3, 4, 4, 4, 2, 1], // the fast path
    [2, 4, 3, 3, 3, 3, 2, 1],
    [2, 5, 5, 2, 2, 2, 2, 0],
    [1, 4, 6, 3, 4, 4, 1, 2],
    [2, 3, 3, 2, 5, 4, 3, 1],
  ])("%i×%i×%i to %i channels, kernel %i×%i, stride %i, padding %i", (C, H, W, O, kh, kw, stride, padding) => {
    const w = tensors([C, O, kh, kw], O);
    const x = floats(C * H * W, 6);
    const plan = planOp(convolution("conv_transpose2d", stride, padding), [C, H, W], w);
    expectClose(plan.run(x), naiveTransposed(x, [C, H, W], w, stride, padding));
  });

  test("running twice gives the same: no buffer keeps a sum", () => {
    const w = tensors([3, 2, 4, 4], 2);
    const plan = planOp(convolution("conv_transpose2d", 2, 1), [3, 4, 4], w);
    const first = plan.run(floats(48, 1)).slice();
    plan.run(floats(48, 2));
    expect(plan.run(floats(48, 1))).toEqual(first);
  });
});

test("upsample repeats every pixel scale × scale times", () => {
  const x = Float32Array.from({ length: 12 }, (_, i) => i);
  const y = planOp({ op: "upsample", scale: 3 }, [2, 2, 3], tensors([1], 1)).run(x);
  for (let c = 0; c < 2; c++)
    for (let r = 0; r < 6; r++)
      for (let s = 0; s < 9; s++)
        expect(y[(c * 6 + r) * 9 + s]).toBe(x[(c * 2 + Math.floor(r / 3)) * 3 + Math.floor(s / 3)]);
});

describe("activation", () => {
  const values = [-500, -20, -3, -1, -0.1, 0, 0.1, 1, 3, 20, 500];
  const sigmoid = (v: number): number => (v >= 0 ? 1 / (1 + Math.exp(-v)) : Math.exp(v) / (1 + Math.exp(v)));
  // tanh(u) = 2 σ(2u) − 1 is the second way to the same gelu
  const gelu = (v: number): number => v * sigmoid(2 * Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3));
  test.each([
    ["relu", (v: number) => Math.max(0, v)],
    ["silu", (v: number) => v * sigmoid(v)],
    ["gelu", gelu],
    ["tanh", (v: number) => 2 * sigmoid(2 * v) - 1],
    ["sigmoid", sigmoid],
  ] as const)("%s", (kind, wanted) => {
    const y = planOp({ op: "activation", kind }, [values.length], tensors([1], 1)).run(Float32Array.from(values));
    expectClose(y, values.map(wanted));
  });
});

describe("activations of imported models", () => {
  const values = [-30, -3, -1, -0.1, 0, 0.1, 1, 3, 30];
  const run = (kind: string, slope?: number, of = values): Float32Array =>
    planOp({ op: "activation", kind, slope } as Op, [of.length], tensors([1], 1)).run(Float32Array.from(of));
  test("with a slope", () => {
    expectClose(
      run("leaky-relu", 0.2),
      values.map((v) => (v > 0 ? v : 0.2 * v)),
    );
    expectClose(
      run("elu", 0.7),
      values.map((v) => (v > 0 ? v : 0.7 * (Math.exp(v) - 1))),
    );
  });
  test("softplus and logit undo exp and the sigmoid", () => {
    expectClose(
      [...run("softplus")].map((v) => Math.exp(v)).slice(0, 8),
      values.slice(0, 8).map((v) => 1 + Math.exp(v)),
    );
    const odds = [-9, -2, 0, 0.5, 9];
    expectClose(
      run(
        "logit",
        undefined,
        odds.map((v) => 1 / (1 + Math.exp(-v))),
      ).map((v, i) => v / Math.max(1, Math.abs(odds[i]))),
      odds.map((v) => v / Math.max(1, Math.abs(v))),
      1e-3,
    );
    expectClose(run("logit", undefined, [0, 1]), [Math.log(1e-6), -Math.log(1e-6)], 0.5);
  });
  test("gelu by the normal distribution function, integrated", () => {
    const normal = (v: number): number => {
      const steps = 4000;
      let sum = 0;
      for (let i = 0; i < steps; i++) sum += Math.exp(-0.5 * (((i + 0.5) / steps) * v) ** 2);
      return 0.5 + ((sum / steps) * v) / Math.sqrt(2 * Math.PI);
    };
    const few = values.slice(1, 8);
    expectClose(
      run("gelu-erf", undefined, few),
      few.map((v) => v * normal(v)),
    );
  });
});

test("crop keeps the top left", () => {
  const x = Float32Array.from({ length: 24 }, (_, i) => i);
  const y = planOp({ op: "crop", height: 2, width: 3 }, [2, 3, 4], tensors([1], 1)).run(x);
  expect([...y]).toEqual([0, 1, 2, 4, 5, 6, 12, 13, 14, 16, 17, 18]);
});

test("bias adds a number to every pixel", () => {
  const w = new Tensors({ b: { values: Float32Array.of(1, -2, 3, 0.5), shape: [1, 2, 2] } });
  expect([...planOp({ op: "bias", bias: "b" }, [1, 2, 2], w).run(Float32Array.of(1, 1, 1, 1))]).toEqual([
    2, -1, 4, 1.5,
  ]);
});

describe("refusals are sentences", () => {
  test("layers that do not fit", () => {
    expect(() => planOp({ op: "linear", weight: "w", bias: "b" }, [4], tensors([2, 3], 2))).toThrow(
      /linear cannot take a tensor of shape 4/,
    );
    expect(() => planOp({ op: "unflatten", shape: [1, 2, 2] }, [5], tensors([1], 1))).toThrow(/do not fit together/);
    expect(() => planOp({ op: "crop", height: 9, width: 1 }, [1, 2, 2], tensors([1], 1))).toThrow(
      /crop cannot take a tensor of shape 1×2×2/,
    );
  });
  test("unknown layer and activation", () => {
    expect(() => planOp({ op: "attention" } as unknown as Op, [4], tensors([1], 1))).toThrow(
      /cannot compute the layer “attention”/,
    );
    expect(() => planOp({ op: "activation", kind: "cosine" } as unknown as Op, [4], tensors([1], 1))).toThrow(
      /activation “cosine”/,
    );
  });
});

test("a pixel told the ones before it is what the masked network says of the finished picture", () => {
  const [n, H] = [9, 14];
  const w = new Tensors({
    w: { values: floats(H * n, 1), shape: [H, n] },
    b: { values: floats(H, 2), shape: [H] },
    o: { values: floats(n * H, 3), shape: [n, H] },
  });
  const logits = floats(n, 4, 2);
  const shown = planOp({ op: "autoregress", weight: "w", bias: "b", out: "o" }, [1, 3, 3], w).run(logits.slice());
  const p = Array.from(shown, (value) => 1 / (1 + Math.exp(-value)));
  const hidden = Array.from({ length: H }, (_, k) =>
    Math.tanh(
      w.floats("b")[k] +
        p.slice(0, 1 + (k % (n - 1))).reduce((sum, value, d) => sum + value * w.floats("w")[k * n + d], 0),
    ),
  );
  const wanted = Array.from(
    logits,
    (value, d) =>
      value + hidden.reduce((sum, h, k) => sum + (1 + (k % (n - 1)) <= d ? w.floats("o")[d * H + k] * h : 0), 0),
  );
  expectClose(shown, wanted);
});
