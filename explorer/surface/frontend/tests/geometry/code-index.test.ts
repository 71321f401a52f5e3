import { describe, expect, test } from "vitest";
import { PurityJob } from "../../src/data/quantities";
import { CodeIndex } from "../../src/geometry/code-index";
import { floats, random } from "../helpers";

/** Every code looked at, sorted: nearest first, of equals the lower number. */
function bruteForce(
  mu: Float32Array,
  K: number,
  z: ArrayLike<number>,
  k: number,
  accepts: (i: number) => boolean,
): { index: number; distance: number }[] {
  const all: { index: number; distance: number }[] = [];
  for (let i = 0; i < mu.length / K; i++) {
    if (accepts(i))
      all.push({ index: i, distance: Math.hypot(...Array.from({ length: K }, (_, d) => mu[i * K + d] - z[d])) });
  }
  return all.sort((a, b) => a.distance - b.distance || a.index - b.index).slice(0, k);
}

function built(mu: Float32Array, K: number): CodeIndex {
  const index = new CodeIndex(mu, K);
  index.work(Infinity);
  expect(index.isComplete).toBe(true);
  return index;
}

/** Clusters of very different width, one of them a single code many times over. */
function clustered(n: number, K: number, seed: number): Float32Array {
  const mu = floats(n * K, seed, 1);
  for (let i = 0; i < n; i++) {
    const cluster = i % 4;
    for (let d = 0; d < K; d++) mu[i * K + d] = cluster === 3 ? 0.5 : mu[i * K + d] * 10 ** -cluster + 3 * cluster;
  }
  return mu;
}

describe("the nearest codes, against looking at all of them", () => {
  const sets: readonly (readonly [name: string, mu: Float32Array, K: number])[] = [
    ["uniform, 2 dimensions", floats(2 * 3000, 1, 3), 2],
    ["uniform, 20 dimensions", floats(20 * 2000, 2, 3), 20],
    ["clusters, 6 dimensions", clustered(3000, 6, 3), 6],
    ["in steps, many equal", floats(3 * 2000, 4, 2).map(Math.round), 3],
    ["one dimension used of five", floats(5 * 1500, 5).map((value, at) => (at % 5 === 2 ? value : 0.25)), 5],
    ["all equal", new Float32Array(2 * 1000).fill(1.5), 2],
    ["few", floats(4 * 50, 6), 4],
    ["one", Float32Array.of(1, 2), 2],
  ];

  test.each(sets)("%s", (_, mu, K) => {
    const index = built(mu, K);
    const next = random(7);
    let z = Float64Array.from({ length: K }, () => 0);
    for (let q = 0; q < 60; q++) {
      // a hand that moves a little, then jumps, also far outside
      const spread = q % 10 === 0 ? 20 : 0.2;
      z = Float64Array.from(z, (value) => (q % 10 === 0 ? 0 : value) + (2 * next() - 1) * spread);
      const k = [1, 8, 3][q % 3];
      const accepts = q % 4 === 3 ? (i: number) => i % 7 === 0 : () => true;
      const found = index.find(z, k, accepts);
      const wanted = bruteForce(mu, K, z, k, accepts);
      expect(found).toHaveLength(wanted.length);
      expect(found.every(({ index: i }) => accepts(i))).toBe(true);
      expect(found.every(({ distance }, rank) => Math.abs(distance - wanted[rank].distance) < 1e-9)).toBe(true);
      expect(new Set(found.map(({ index: i }) => i)).size).toBe(found.length);
    }
  });

  test("of equally near codes the lowest numbers come first", () => {
    const index = built(new Float32Array(2 * 1000).fill(1.5), 2);
    expect(index.find([0, 0], 4).map(({ index: i }) => i)).toEqual([0, 1, 2, 3]);
  });
});

test("a code asked for its own neighbours leaves itself out, also right after it was found", () => {
  const mu = floats(3 * 2000, 8);
  const index = built(mu, 3);
  for (let i = 0; i < 2000; i += 97) {
    const z = mu.subarray(3 * i, 3 * i + 3);
    expect(index.find(z, 1)[0].index).toBe(i);
    const wanted = bruteForce(mu, 3, z, 5, (j) => j !== i).map(({ index: j }) => j);
    expect(index.find(z, 5, () => true, i).map(({ index: j }) => j)).toEqual(wanted);
  }
});

test("purity asked of the index is that of all distances", () => {
  const mu = clustered(600, 3, 12);
  const labels = Array.from({ length: 600 }, (_, i) => (i * 7) % 5);
  const index = built(mu, 3);
  const quick = new PurityJob(mu, 3, labels, 15, (z, k, i) => index.find(z, k, undefined, i));
  const slow = new PurityJob(mu, 3, labels);
  for (const job of [quick, slow]) job.work(Infinity);
  expect([...quick.values]).toEqual([...slow.values]);
});

test("none is accepted: none is found; no code at all: none", () => {
  expect(built(floats(2 * 2000, 9), 2).find([0, 0], 3, () => false)).toEqual([]);
  expect(built(new Float32Array(0), 2).find([0, 0], 3)).toEqual([]);
});

test("while it is being built it answers the same", () => {
  const mu = floats(4 * 5000, 10);
  const index = new CodeIndex(mu, 4);
  const z = [0.1, -0.3, 0.2, 0];
  const wanted = bruteForce(mu, 4, z, 8, () => true).map(({ index: i }) => i);
  let [before, slices] = [-1, 0];
  while (!index.isComplete) {
    expect(index.share).toBeGreaterThanOrEqual(before);
    before = index.share;
    if (slices++ % 50 === 0) expect(index.find(z, 8).map(({ index: i }) => i)).toEqual(wanted);
    index.work(-Infinity); // one node
  }
  expect(slices).toBeGreaterThan(100);
  expect(index.share).toBe(1);
  expect(index.find(z, 8).map(({ index: i }) => i)).toEqual(wanted);
});
