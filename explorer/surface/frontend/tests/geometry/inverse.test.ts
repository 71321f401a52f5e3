import { describe, expect, test } from "vitest";
import { Lattice, makeSpace } from "../../src/geometry/inverse";
import { supportLevel, supportWords } from "../../src/geometry/support";
import { parsePayload } from "../../src/wire/payload";
import { type ArraySpec, floats, tinyRun, writePayload } from "../helpers";

const { header, arrays } = tinyRun();

function space(kind: string, latent_dim: number, more: Record<string, ArraySpec> = {}, extent = [-1, 1, -1, 1]) {
  const projection = { ...(header["projection"] as object), kind, extent };
  const run = { ...(header["run"] as object), latent_dim };
  return makeSpace(parsePayload(writePayload({}, { ...header, projection, run }, { ...arrays, ...more })));
}

test("identity: z is the place, everywhere", () => {
  const z = new Float64Array(2);
  space("identity", 2).toZ(123.25, -7.5, z);
  expect([...z]).toEqual([123.25, -7.5]);
});

test("linear: exact on the whole plane, also far outside the data", () => {
  const K = 5;
  const basis = floats(2 * K, 1);
  const origin = floats(K, 2);
  const plane = space("linear", K, { basis: { values: basis, shape: [2, K] }, origin: { values: origin, shape: [K] } });
  const z = new Float64Array(K);
  plane.toZ(40, -9, z);
  for (let k = 0; k < K; k++) expect(z[k]).toBeCloseTo(origin[k] + 40 * basis[k] - 9 * basis[K + k], 10);
});

describe("lattice", () => {
  const K = 3;
  const [rows, columns] = [4, 5];
  // values that are bilinear in x and y: interpolation must give them back exactly
  const truth = (x: number, y: number, k: number): number => 1 + k + (2 - k) * x + 0.5 * y + (k - 1) * 0.25 * x * y;
  const extent = [-2, 6, 10, 13];
  const values = new Float32Array(rows * columns * K);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++)
      for (let k = 0; k < K; k++)
        values[(i * columns + j) * K + k] = truth(-2 + (8 * j) / (columns - 1), 10 + (3 * i) / (rows - 1), k);
  const map = space("lattice", K, { lattice_z: { values, shape: [rows, columns, K] } }, extent);

  test("gives a bilinear function back", () => {
    const z = new Float64Array(K);
    for (const [x, y] of [
      [-2, 10],
      [6, 13],
      [0.3, 11.7],
      [5.99, 10.01],
      [2, 12],
    ]) {
      map.toZ(x, y, z);
      for (let k = 0; k < K; k++) expect(z[k]).toBeCloseTo(truth(x, y, k), 5);
    }
  });
  test("is clamped outside", () => {
    const z = new Float64Array(K);
    map.toZ(100, -100, z);
    for (let k = 0; k < K; k++) expect(z[k]).toBeCloseTo(truth(6, 10, k), 5);
  });
  test("a lattice of one point is constant", () => {
    expect(new Lattice(Float32Array.of(7), [1, 1], [0, 1, 0, 1]).at(0.4, 0.9, 0)).toBe(7);
  });
});

test("words and dots have the same borders: one dot is low, two medium, three high", () => {
  for (const support of [0, 0.0199, 0.02, 0.05, 0.08, 0.1, 0.1999, 0.2, 0.3, 0.4, 0.5, 1]) {
    expect(supportWords(support)).toBe(
      `${["", "low", "medium", "high"][supportLevel(support)]} density of encoded images`,
    );
  }
  expect([0, 0.0199, 0.02, 0.1999, 0.2, 1].map(supportLevel)).toEqual([1, 1, 2, 2, 3, 3]);
  expect(supportWords(0)).toBe("low density of encoded images");
  expect(supportWords(0.1)).toBe("medium density of encoded images");
  expect(supportWords(0.5)).toBe("high density of encoded images");
});
