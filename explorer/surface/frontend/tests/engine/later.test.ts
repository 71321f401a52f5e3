/** Old browsers compile no large module while the page waits: what is decoded until it is ready, and afterwards? */

import { afterEach, expect, test, vi } from "vitest";
import { arithmetic, onBetterArithmetic, use } from "../../src/engine/kernels";
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
