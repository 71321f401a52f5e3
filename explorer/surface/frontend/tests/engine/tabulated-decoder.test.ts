import { describe, expect, test } from "vitest";
import type { Weights } from "../../src/engine/plan";
import { floats, random } from "../helpers";
import { planOp } from "./planned";

const P = 6;
const SHAPE = [1, 2, 3] as const;

function bytes(n: number, seed: number): Uint8Array {
  const next = random(seed);
  return Uint8Array.from({ length: n }, () => Math.floor(256 * next()));
}

function weightsOf(pictures: Uint8Array, codes: Float32Array = new Float32Array(0)): Weights {
  return {
    floats: () => codes,
    shape: (name) => (name === "p" ? [pictures.length / P, P] : [codes.length]),
    bytes: () => pictures,
  };
}

function expectClose(actual: ArrayLike<number>, wanted: readonly number[], off = 1e-5): void {
  expect(actual.length).toBe(wanted.length);
  wanted.forEach((value, i) => expect(Math.abs(actual[i] - value)).toBeLessThan(off));
}

describe("a lattice of pictures", () => {
  const size = 4;
  const op = { op: "lattice", pictures: "p", shape: SHAPE, size, low: -1.5, high: 1.5 } as const;
  const pictures = bytes(size * size * P, 3);
  const at = (column: number, row: number): number[] =>
    [...pictures.subarray((row * size + column) * P, (row * size + column + 1) * P)].map((v) => v / 255);

  test("gives a node's own picture at the node, and the edge beyond it", () => {
    const plan = planOp(op, [2], weightsOf(pictures));
    expect(plan.shape).toEqual(SHAPE);
    expectClose(plan.run(Float32Array.of(-0.5, 0.5)), at(1, 2));
    expectClose(plan.run(Float32Array.of(9, 9)), at(3, 3));
    expectClose(plan.run(Float32Array.of(-9, 1.5)), at(0, 3));
  });

  test("is the mean of four in the middle of a cell, and of two on its side", () => {
    const plan = planOp(op, [2], weightsOf(pictures));
    const corners = [at(1, 1), at(2, 1), at(1, 2), at(2, 2)];
    expectClose(
      plan.run(Float32Array.of(0, 0)),
      at(0, 0).map((_, i) => corners.reduce((sum, picture) => sum + picture[i], 0) / 4),
    );
    expectClose(
      plan.run(Float32Array.of(0, -0.5)),
      at(1, 1).map((value, i) => (value + at(2, 1)[i]) / 2),
    );
  });

  test("of one code is a line", () => {
    const plan = planOp(op, [1], weightsOf(pictures.subarray(0, size * P)));
    expectClose(
      plan.run(Float32Array.of(0.25)),
      at(1, 0).map((value, i) => 0.25 * value + 0.75 * at(2, 0)[i]),
    );
  });

  test("refuses pictures that do not fit", () => {
    expect(() => planOp(op, [2], weightsOf(pictures.subarray(0, 5 * P)))).toThrow(/do not fit together/);
    expect(() => planOp(op, [3], weightsOf(pictures))).toThrow(/do not fit together/);
  });
});

describe("a gallery of pictures", () => {
  const [n, K] = [40, 3];
  const codes = floats(n * K, 5, 2);
  const pictures = bytes(n * P, 6);
  const op = { op: "gallery", pictures: "p", codes: "c", shape: SHAPE } as const;

  test("gives its own picture at a stored code", () => {
    const plan = planOp(op, [K], weightsOf(pictures, codes));
    for (let i = 0; i < n; i++)
      expectClose(
        plan.run(codes.subarray(i * K, (i + 1) * K)),
        [...pictures.subarray(i * P, (i + 1) * P)].map((v) => v / 255),
        1e-4,
      );
  });

  test("is Shepard's mean of the eight nearest elsewhere, by sorting all", () => {
    const plan = planOp(op, [K], weightsOf(pictures, codes));
    for (let seed = 10; seed < 20; seed++) {
      const z = floats(K, seed, 2);
      const all = Array.from({ length: n }, (_, i) => ({
        i,
        d: Math.hypot(...[0, 1, 2].map((k) => z[k] - codes[i * K + k])),
      })).sort((a, b) => a.d - b.d);
      const reach = all[8].d;
      const near = all.slice(0, 8).map(({ i, d }) => ({ i, w: ((reach - d) / (reach * d)) ** 2 }));
      const total = near.reduce((sum, { w }) => sum + w, 0);
      expectClose(
        plan.run(z),
        Array.from(
          { length: P },
          (_, p) => near.reduce((sum, { i, w }) => sum + (w * pictures[i * P + p]) / 255, 0) / total,
        ),
      );
    }
  });
});
