/** Is what the page keeps what the trainer reads, and is the script of PyTorch the training that was run? */

import { unzipSync } from "fflate";
import { describe, expect, test } from "vitest";
import type { NetworkWords } from "../../src/engine/learning/architectures";
import { DEFAULTS, type Terms } from "../../src/engine/learning/records";
import { packTraining, type TrainingToKeep } from "../../src/train/keep/kept-training";
import { npz } from "../../src/train/keep/npz";
import { safetensors } from "../../src/train/keep/safetensors";
import { torchScript } from "../../src/train/keep/torch-script";

const WORDS: NetworkWords = { imageShape: [1, 2, 2], latentDim: 2, hidden: [3], likelihood: "bernoulli" };
const TERMS: Terms = { loss: 4, reconstruction: 3, kl: 1, klPerDim: Float32Array.of(0.25, 0.75) };
const KEPT: TrainingToKeep = {
  words: WORDS,
  seed: 7,
  batchSize: 128,
  step: 20,
  stepsPerEpoch: 8,
  nTrain: 1000,
  seconds: 1.5,
  settings: { ...DEFAULTS, beta: 4 },
  history: [{ epoch: 1.5, train: TERMS, test: TERMS, settings: { ...DEFAULTS, noise: false } }],
  places: [
    { name: "encoder.1.weight", shape: [3, 4], at: 0, size: 12 },
    { name: "log_sigma", shape: [1], at: 16, size: 1 },
  ],
  weights: Float32Array.from({ length: 20 }, (_, i) => i),
  film: { mu: [Uint16Array.of(1, 2), Uint16Array.of(3, 4)], epoch: [0, 1.5], label: [-1], index: [5] },
  data: "digits",
};

/** A second reader: offsets as the format's own document gives them. */
function parsed(bytes: Uint8Array): Record<string, { dtype: string; shape: number[]; bytes: Uint8Array }> {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  expect(length % 8).toBe(0);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  return Object.fromEntries(
    Object.entries<{ dtype: string; shape: number[]; data_offsets: [number, number] }>(header).map(
      ([name, { dtype, shape, data_offsets }]) => {
        const [from, to] = data_offsets.map((offset) => 8 + length + offset);
        return [name, { dtype, shape, bytes: bytes.slice(from, to) }];
      },
    ),
  );
}

test("arrays are read again, each at a multiple of its numbers' size", () => {
  const found = parsed(
    safetensors({
      small: { dtype: "U8", shape: [3], data: Uint8Array.of(1, 2, 3) },
      wide: { dtype: "I64", shape: [1], data: BigInt64Array.of(-1n) },
      half: { dtype: "F16", shape: [1], data: Uint16Array.of(0x3c00) },
      part: { dtype: "F32", shape: [2], data: Float32Array.of(9, 0.5, -2, 9).subarray(1, 3) },
    }),
  );
  expect([...found.small.bytes]).toEqual([1, 2, 3]);
  expect(new BigInt64Array(found.wide.bytes.buffer)[0]).toBe(-1n);
  expect([...new Float32Array(found.part.bytes.buffer)]).toEqual([0.5, -2]);
  expect(found.half).toMatchObject({ dtype: "F16", shape: [1] });
});

describe("a kept training", () => {
  const files = unzipSync(packTraining(KEPT));
  const record = JSON.parse(new TextDecoder().decode(files["training.json"]));

  test("says what was trained, in the trainer's words", () => {
    expect(record.config).toMatchObject({
      data: "digits",
      model: "vae",
      network: "mlp",
      hidden: [3],
      beta: 4,
      seed: 7,
    });
    expect(record).toMatchObject({ steps: 20, steps_per_epoch: 8, n_train: 1000, seconds: 1.5, class_names: [] });
    const shown = { epoch: 1.5, train_elbo: -4, test_kl: 1, beta: 1, noise: 0, kl_1: 0.25, kl_2: 0.75 };
    expect(record.history).toEqual([expect.objectContaining(shown)]);
  });

  test.each([
    [{ hidden: [] }, { network: "linear", model: "vae" }],
    [
      { isConvolutional: true, hidden: [8, 16] },
      { network: "conv", hidden: [8, 16] },
    ],
    [{ isDeterministic: true }, { network: "mlp", model: "autoencoder" }],
    [
      { likelihood: "gaussian", sigma: 0.5, learnsSigma: true },
      { likelihood: "gaussian", sigma: 0.5, scale: "learned" },
    ],
    [{ likelihood: "gaussian", sigma: 0.5 }, { scale: "fixed" }],
  ] as const)("has the trainer's words for %o", (words, config) => {
    const packed = unzipSync(packTraining({ ...KEPT, words: { ...WORDS, ...words } }));
    expect(JSON.parse(new TextDecoder().decode(packed["training.json"])).config).toMatchObject(config);
  });

  test("has every array of weights, the scale without an axis", () => {
    const weights = parsed(files["weights.safetensors"]);
    expect([...new Float32Array(weights["encoder.1.weight"].bytes.buffer)]).toEqual([...Array(12).keys()]);
    expect(weights.log_sigma.shape).toEqual([]);
    expect(new Float32Array(weights.log_sigma.bytes.buffer)[0]).toBe(16);
    expect(parsed(files["film.safetensors"]).mu.shape).toEqual([2, 1, 2]);
    expect(files["images.safetensors"]).toBeUndefined();
  });

  test("brings the pictures that only the page has", () => {
    const data = {
      imageShape: [1, 1, 2] as const,
      nTrain: 2,
      train: Uint8Array.of(1, 2, 3, 4),
      test: Uint8Array.of(5, 6),
      labels: Int32Array.of(0, -1, 1),
      classNames: ["a", "b"],
      notes: [],
    };
    const own = unzipSync(packTraining({ ...KEPT, data }));
    const arrays = parsed(own["images.safetensors"]);
    expect(arrays.images.shape).toEqual([3, 1, 1, 2]);
    expect([...arrays.is_test.bytes]).toEqual([0, 0, 1]);
    expect([...new BigInt64Array(arrays.label.bytes.buffer)]).toEqual([0n, -1n, 1n]);
    expect(JSON.parse(new TextDecoder().decode(own["training.json"]))).toMatchObject({ class_names: ["a", "b"] });
  });
});

describe("the same in PyTorch", () => {
  const kinds: [string, Partial<NetworkWords>][] = [
    ["Bernoulli", {}],
    ["Gaussian with a learned scale", { likelihood: "gaussian", learnsSigma: true, sigma: 0.5 }],
    ["linear", { hidden: [], likelihood: "gaussian" }],
    ["autoencoder", { isDeterministic: true, activation: "gelu" }],
    [
      "convolutional, odd sides, a learned scale",
      { isConvolutional: true, hidden: [4, 8, 8], imageShape: [3, 5, 7], likelihood: "gaussian", learnsSigma: true },
    ],
  ];
  test.each(kinds)("is at most sixty lines: %s", (_, words) => {
    const text = torchScript({
      words: { ...WORDS, ...words },
      seed: 1,
      batchSize: 128,
      epochs: 3,
      settings: { ...DEFAULTS, freeBits: 0.1 },
      hasChanged: true,
      data: "digits",
    });
    expect(text).toContain("# settings were changed while it learned");
    expect(text.trimEnd().split("\n").length).toBeLessThanOrEqual(60);
    expect(text).not.toContain("undefined");
  });
});

test("an npz has the header that numpy's format asks for, at a multiple of 64", () => {
  const bytes = unzipSync(npz({ train: { shape: [2, 3], data: Uint8Array.of(1, 2, 3, 4, 5, 6) } }))["train.npy"];
  const header = 10 + new DataView(bytes.buffer, bytes.byteOffset).getUint16(8, true);
  expect(header % 64).toBe(0);
  expect([...bytes.subarray(0, 8)]).toEqual([0x93, ...[..."NUMPY"].map((letter) => letter.charCodeAt(0)), 1, 0]);
  const text = new TextDecoder().decode(bytes.subarray(10, header));
  expect(text).toMatch(/^\{'descr': '\|u1', 'fortran_order': False, 'shape': \(2, 3\), \} *\n$/);
  expect([...bytes.subarray(header)]).toEqual([1, 2, 3, 4, 5, 6]);
});
