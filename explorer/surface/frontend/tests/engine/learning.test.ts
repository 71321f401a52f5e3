/** Does the loss fall the way that its gradients say, and does the same seed give the same digits? Gradients beside torch's: test_learning.py. */

import { describe, expect, test } from "vitest";
import { use } from "../../src/engine/kernels";
import { type DenseWords, dense } from "../../src/engine/learning/architectures";
import { Learner } from "../../src/engine/learning/learner";
import { expm1, log, power } from "../../src/engine/learning/numeric";
import { Random } from "../../src/engine/learning/random";
import { NotFinite, type Settings, type VaeRecord } from "../../src/engine/learning/records";

const N = 10;
const WORDS: DenseWords = {
  imageShape: [1, 3, 3],
  latentDim: 2,
  hidden: [5],
  activation: "tanh",
  likelihood: "bernoulli",
};

function images(pixels: number, n = N): Float32Array {
  const random = new Random(3, 9);
  return Float32Array.from({ length: n * pixels }, () => random.uniform());
}

/** A convolution of stride 2, and back by a transposed one of four phases. */
const CONVOLUTIONAL: VaeRecord = {
  ...dense({ ...WORDS, imageShape: [1, 6, 6] }),
  encoder: [
    {
      op: "conv2d",
      weight: "e.w",
      bias: "e.b",
      stride: [2, 2],
      padding: [1, 1],
      dilation: [1, 1],
      groups: 1,
    },
    { op: "activation", kind: "silu" },
    { op: "flatten" },
    { op: "linear", weight: "m.w", bias: "m.b" },
  ],
  decoder: [
    { op: "linear", weight: "d.w", bias: "d.b" },
    { op: "activation", kind: "tanh" },
    { op: "unflatten", shape: [2, 3, 3] },
    {
      op: "conv_transpose2d",
      weight: "t.w",
      bias: "t.b",
      stride: [2, 2],
      padding: [1, 1],
      output_padding: [0, 0],
      dilation: [1, 1],
      groups: 1,
    },
    { op: "bias", bias: "pixel.b" },
  ],
  shapes: {
    "e.w": [3, 1, 3, 3],
    "e.b": [3],
    "m.w": [4, 27],
    "m.b": [4],
    "d.w": [18, 2],
    "d.b": [18],
    "t.w": [2, 1, 4, 4],
    "t.b": [1],
    "pixel.b": [1, 6, 6],
  },
};

const KINDS: Record<string, [VaeRecord, Partial<Settings>]> = {
  bernoulli: [dense(WORDS), { beta: 0.7 }],
  "free bits": [dense(WORDS), { freeBits: 0.02 }],
  "without noise": [dense(WORDS), { noise: false }],
  gaussian: [dense({ ...WORDS, likelihood: "gaussian", sigma: 0.5 }), {}],
  "gaussian, learned": [dense({ ...WORDS, likelihood: "gaussian", sigma: 0.5, learnsSigma: true }), { beta: 2 }],
  linear: [dense({ ...WORDS, hidden: [], likelihood: "gaussian", learnsSigma: true }), {}],
  deterministic: [dense({ ...WORDS, isDeterministic: true }), {}],
  convolutional: [CONVOLUTIONAL, {}],
};

/** Central differences in single precision are good to about 1e-3. */
const STEP = 1e-2;

describe.each(Object.entries(KINDS))("%s", (_, [record, settings]) => {
  test.each(["scalar", "simd"] as const)("gradients are the loss's slopes, %s", (kind) => {
    use(kind);
    const learner = new Learner(record, images(record.imageShape[1] ** 2), { seed: 5, settings });
    use(null);
    const chosen = [0, 3, 4, 7, 8, 9];
    const noise = new Float32Array(chosen.length * 2);
    new Random(1).fillNormal(noise);
    const draws = settings.noise === false ? null : noise;
    const { parameters } = learner.vae;
    learner.gradients(chosen, draws);
    const gradients = parameters.places.map(({ name }) => parameters.gradient(name).slice());
    parameters.places.forEach(({ name, size }, p) => {
      for (let i = 0; i < size; i += Math.ceil(size / 7)) {
        const lossAt = (value: number): number => {
          parameters.floats(name)[i] = value;
          return learner.gradients(chosen, draws).loss;
        };
        const value = parameters.floats(name)[i];
        const slope = (lossAt(value + STEP) - lossAt(value - STEP)) / (2 * STEP);
        parameters.floats(name)[i] = value;
        const off = Math.abs(slope - gradients[p][i]);
        expect(off, `${name}[${i}]: ${gradients[p][i]}, slope ${slope}`).toBeLessThan(
          4e-3 * Math.max(1, Math.abs(slope)),
        );
      }
    });
  });
});

function learned(steps: number, learner: Learner): Float32Array {
  for (let i = 0; i < steps; i++) learner.next();
  return learner.vae.parameters.copyOfWeights();
}

function learnerOf(seed: number, n = N): Learner {
  return new Learner(dense(WORDS), images(9, n), { seed, batchSize: 4, settings: { learningRate: 0.01 } });
}

test("the same seed gives the same digits, another seed others", () => {
  const first = learned(20, learnerOf(1));
  expect(learned(20, learnerOf(1))).toEqual(first);
  expect(learned(20, learnerOf(2))).not.toEqual(first);
});

test("plain SIMD gives the digits that it gave yesterday", () => {
  use("simd");
  const learner = learnerOf(1);
  use(null);
  const weights = learned(200, learner);
  const bits = new Uint32Array(weights.buffer);
  let hash = 0;
  for (const value of bits) hash = (Math.imul(hash, 31) + value) | 0;
  expect(hash >>> 0).toMatchInlineSnapshot(`1292828731`);
});

test("an epoch takes every image once, the last batch what is left", () => {
  const learner = learnerOf(1);
  const seen: number[] = [];
  const stepOn = learner.stepOn.bind(learner);
  const sizes: number[] = [];
  learner.stepOn = (chosen, noise) => {
    seen.push(...Array.from(chosen));
    sizes.push(chosen.length);
    return stepOn(chosen, noise);
  };
  for (let i = 0; i < 3; i++) learner.next();
  expect(sizes).toEqual([4, 4, 2]);
  expect([...seen].sort((a, b) => a - b)).toEqual([...Array(N).keys()]);
  const first = [...seen];
  for (let i = 0; i < 3; i++) learner.next();
  expect(seen.slice(N)).not.toEqual(first);
  expect(learner.epoch).toBe(2);
});

test("a restored snapshot goes on with the same digits", () => {
  const learner = learnerOf(4);
  learned(5, learner);
  learner.set({ beta: 0.5 });
  const kept = learner.snapshot();
  const ahead = learned(7, learner);
  learner.set({ beta: 3, learningRate: 0.1 });
  learned(3, learner);
  learner.restore(kept);
  expect(learner.step).toBe(5);
  expect(learned(7, learner)).toEqual(ahead);
  const other = learnerOf(9);
  other.restore(kept);
  expect(learned(7, other)).toEqual(ahead);
});

test("β, rate and noise change at the next step", () => {
  const learner = learnerOf(1);
  learner.next();
  const before = learner.vae.parameters.copyOfWeights();
  learner.set({ learningRate: 0 });
  learner.next();
  expect(learner.vae.parameters.copyOfWeights()).toEqual(before);
  learner.set({ noise: false });
  expect(learner.evaluate()).toEqual(learner.evaluate());
  expect(() => learner.set({ beta: Number.NaN })).toThrow("beta is NaN");
});

test("the loss falls, and an evaluation does not depend on the batch", () => {
  const learner = learnerOf(1);
  const before = learner.evaluate();
  learned(300, learner);
  const after = learner.evaluate();
  expect(after.loss).toBeLessThan(before.loss);
  const whole = new Learner(dense(WORDS), images(9), { seed: 1, batchSize: N });
  whole.vae.parameters.take(learner.snapshot().blocks);
  expect(whole.evaluate().loss).toBeCloseTo(after.loss, 5);
  expect(after.kl).toBeCloseTo(after.klPerDim[0] + after.klPerDim[1], 5);
});

test.each([
  [{ "decoder.2.bias": Number.NaN }, "the reconstruction is not a number"],
  [{ "encoder.3.bias": Number.NaN }, "the KL is not a number"],
  [{ "encoder.3.bias": 120 }, "the KL is infinite"],
  [
    { "decoder.0.weight": 0, "decoder.0.bias": 0, "decoder.2.weight": 3e38, "decoder.2.bias": 80 },
    "the gradient of decoder.0.bias is infinite",
  ],
])("a number that is none stops it, and the state is that of before: %j", (broken, sentence) => {
  const learner = learnerOf(1);
  learned(2, learner);
  for (const [name, value] of Object.entries(broken)) learner.vae.parameters.floats(name).fill(value);
  const before = learner.snapshot();
  expect(() => learner.next()).toThrow(
    `Training stopped at step 3: ${sentence}. The weights are those from before that step.`,
  );
  expect(learner.snapshot()).toEqual(before);
});

test("numbers that every browser finds alike are right", () => {
  for (const x of [-50, -20, -1, -1e-3, -1e-12, 0, 1e-12, 0.3, 1, 5, 80, 700]) {
    expect(Math.abs(expm1(x) - Math.expm1(x))).toBeLessThanOrEqual(4e-16 * Math.abs(Math.expm1(x)));
  }
  expect(expm1(1000)).toBe(Number.POSITIVE_INFINITY);
  expect(expm1(Number.NaN)).toBeNaN();
  for (const x of [1e-300, 1e-10, 0.5, 0.7072, 0.999999, 1, 1.5, 3, 1e20])
    expect(Math.abs(log(x) - Math.log(x))).toBeLessThanOrEqual(4e-16 * Math.abs(Math.log(x)));
  expect(power(0.5, 10)).toBe(2 ** -10);
  expect(power(0.9, 0)).toBe(1);
});

test("draws are those of a standard normal distribution", () => {
  const values = new Float32Array(100_001);
  new Random(1).fillNormal(values);
  const mean = values.reduce((a, b) => a + b) / values.length;
  const square = values.reduce((sum, value) => sum + value * value, 0) / values.length;
  const fourth = values.reduce((sum, value) => sum + value ** 4, 0) / values.length;
  expect(Math.abs(mean)).toBeLessThan(0.015);
  expect(square).toBeCloseTo(1, 1);
  expect(fourth).toBeCloseTo(3, 0);
});

describe("what no step can be taken with is said in a sentence", () => {
  const record = dense(WORDS);
  const learner = (): Learner => new Learner(record, images(9), { seed: 1, batchSize: 5 });

  test.each([0, -1, 1.5, Number.NaN])("a batch of %d images", (batchSize) => {
    expect(() => new Learner(record, images(9), { seed: 1, batchSize })).toThrow(
      `The batch has ${batchSize} images; allowed`,
    );
  });
  test.each([0, -1, Number.POSITIVE_INFINITY])("σ = %d", (sigma) => {
    expect(() => new Learner({ ...record, likelihood: "gaussian", sigma }, images(9), { seed: 1 })).toThrow(
      `sigma is ${sigma}; allowed: a number above 0.`,
    );
  });
  test("images with a value that is no number", () => {
    expect(() => new Learner(record, images(9).fill(Number.NaN, 17, 18), { seed: 1 })).toThrow("not finite numbers");
  });
  test("images of another size", () => {
    expect(() => learner().evaluate(images(5))).toThrow("50 numbers are no images of 9 pixels.");
  });
  test.each([1e38, -1, Number.NaN])("a learning rate of %d", (learningRate) => {
    const one = learner();
    expect(() => one.set({ learningRate })).toThrow(
      `learningRate is ${learningRate}; allowed: a number from 0 to 100.`,
    );
    expect(Number.isFinite(one.next().loss)).toBe(true);
  });
  test("a snapshot that is empty, or holds a value that is no number", () => {
    const one = learner();
    const before = one.next().loss;
    const snapshot = one.snapshot();
    expect(() => one.restore({ ...snapshot, blocks: [] })).toThrow("another network");
    const [weights, first, second] = snapshot.blocks;
    const broken = [weights, first, second.slice().fill(Number.NaN, 0, 1)];
    expect(() => one.restore({ ...snapshot, blocks: broken })).toThrow("no step can be taken from it");
    expect(one.next().loss).toBeLessThan(before + 1);
  });
});

test("at the fastest rate that is allowed weights and moments stay finite numbers, whether it stops or not", () => {
  const one = new Learner(dense(WORDS), images(9), { seed: 1, batchSize: 5, settings: { learningRate: 100 } });
  for (let i = 0; i < 200; i++) {
    try {
      one.next();
    } catch (error) {
      expect(error).toBeInstanceOf(NotFinite);
    }
    for (const block of one.snapshot().blocks) expect(block.every(Number.isFinite)).toBe(true);
  }
});

test.each(["simd", "scalar"] as const)("codes that are the images themselves are learned from: %s", (kind) => {
  use(kind);
  const { decoder, shapes } = dense({ ...WORDS, latentDim: 9, hidden: [] });
  const told = [[{ op: "flatten" }], [{ op: "flatten" }, { op: "scale", by: 1, plus: 0 }]].map((encoder) => {
    const record = { ...dense(WORDS), latentDim: 9, encoder, decoder, shapes, isDeterministic: true } as VaeRecord;
    const one = new Learner(record, images(9), { seed: 1, batchSize: 5 });
    return Array.from({ length: 30 }, () => one.next().loss);
  });
  use("simd");
  expect(told[0]).toEqual(told[1]);
  expect(told[0][29]).toBeLessThan(told[0][0]);
});
