/** Old browsers compile no large module while the page waits: what is decoded until it is ready, and afterwards? */

import { afterEach, expect, test, vi } from "vitest";
import { arithmetic, onBetterArithmetic, use } from "../../src/engine/kernels";
import { dense } from "../../src/engine/learning/architectures";
import type { FromLearner, ToLearner } from "../../src/engine/learning/messages";
import { start } from "../../src/engine/learning/work";
import { Network } from "../../src/engine/network";
import type { Weights } from "../../src/engine/plan";

const WEIGHTS: Weights = {
  floats: (name) => (name === "w" ? Float32Array.of(1, 2, 3, 4) : Float32Array.of(0.5, -0.5)),
  shape: (name) => (name === "w" ? [2, 2] : [2]),
};
const OPS = [{ op: "linear", weight: "w", bias: "b" }] as const;
const EXPECTED = [5.5, 10.5];

/** In place of a constructor of WebAssembly. */
function tooLarge(): never {
  throw new RangeError("disallowed on the main thread");
}

afterEach(() => {
  vi.restoreAllMocks();
  use(null);
});

test("a network computes at once, and on WebAssembly when that is ready", async () => {
  use(null);
  vi.spyOn(WebAssembly, "Module").mockImplementation(tooLarge);
  const network = new Network(OPS, [2], WEIGHTS);
  expect(arithmetic().arithmetic).toBe("scalar");
  expect(Array.from(network.run([1, 2]))).toEqual(EXPECTED);
  await vi.waitFor(() => expect(arithmetic().arithmetic).toBe("simd"));
  expect(Array.from(network.run([1, 2]))).toEqual(EXPECTED);
});

test("a browser that makes no instance of a large module stays with TypeScript, and says why", async () => {
  use(null);
  vi.spyOn(WebAssembly, "Module").mockImplementation(tooLarge);
  vi.spyOn(WebAssembly, "Instance").mockImplementation(tooLarge);
  const network = new Network(OPS, [2], WEIGHTS);
  await vi.waitFor(() => expect(arithmetic().why).toMatch(/only small/));
  expect(Array.from(network.run([1, 2]))).toEqual(EXPECTED);
});

test("where nothing is being compiled nothing is kept", () => {
  use("simd");
  const told = vi.fn();
  onBetterArithmetic(told);
  use("simd");
  expect(told).not.toHaveBeenCalled();
});

/** A learner in a page's slices: which messages it answers with. */
function learner(): { told: FromLearner[]; send: (message: ToLearner) => void } {
  const told: FromLearner[] = [];
  let send: (message: ToLearner) => void = () => {};
  start({
    sliceMs: 0,
    post: (message) => told.push(message),
    hear: (take) => {
      send = take;
    },
    later: (run) => run(),
  });
  return { told, send: (message) => send(message) };
}

test.each([
  ["simd", false],
  ["scalar", true],
] as const)("a learner hears nothing before it is known that its arithmetic is %s", async (kind, isSmallOnly) => {
  use(null);
  vi.spyOn(WebAssembly, "Module").mockImplementation(tooLarge);
  if (isSmallOnly) vi.spyOn(WebAssembly, "Instance").mockImplementation(tooLarge);
  const { told, send } = learner();
  const record = dense({ imageShape: [1, 2, 2], latentDim: 2, hidden: [4], likelihood: "bernoulli" });
  send({ kind: "start", record, seed: 1, batchSize: 4, images: new Uint8Array(40) });
  send({ kind: "step", steps: 2 });
  expect(told.map((message) => message.kind)).toEqual(["here"]);
  await vi.waitFor(() => expect(told.length).toBeGreaterThan(2));
  expect(told[1]).toMatchObject({ kind: "ready", arithmetic: kind });
  expect(told.at(-1)).toMatchObject({ kind: "progress", step: 2, isRunning: false }); // in the order in which they came
  send({ kind: "pause" });
  send({ kind: "step", steps: 1 });
  expect(told.at(-1)).toMatchObject({ step: 3 }); // and from then on at once
});
