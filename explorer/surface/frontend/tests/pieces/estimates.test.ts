/** Do darts, cells, gradients and the surgery of the KL agree with closed forms and with brute force? */

import { expect, test } from "vitest";
import { REPEATS as DART_REPEATS, Darts } from "../../src/pieces/maths/darts";
import { REPEATS, SIZES, Simulation, spread, varianceOf } from "../../src/pieces/maths/gradients";
import { costWords, Lattice } from "../../src/pieces/maths/lattice";
import { aggregate, type Code, partsOf, presetOf } from "../../src/pieces/maths/surgery";
import { count } from "../../src/ui/format";
import { random } from "../helpers";
import { linearGaussian } from "./linear-gaussian";

// ---- darts and cells ----------------------------------------------------------------------------------------------------

test.each([1, 2])("darts from the prior come to log p(x) of linear model %i, from below on average", (seed) => {
  const model = linearGaussian(seed);
  const darts = new Darts(model.logLikelihood, null, seed);
  const early: number[] = [];
  while (darts.n < 20_000) {
    darts.throwSome();
    if (darts.n === 10) early.push(...darts.estimates());
  }
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  expect(darts.estimates()).toHaveLength(DART_REPEATS);
  expect(mean(darts.estimates())).toBeCloseTo(model.logPx, 0);
  expect(mean(early)).toBeLessThan(model.logPx);
  const marks = darts.marks.map(({ n }) => n);
  expect(marks.slice(0, 3)).toEqual([1, 2, 3]);
  expect(marks).toEqual(expect.arrayContaining([10, 100, 1000, 10_000]));
  const before = darts.n;
  for (let i = 0; i < 9; i++) darts.throwSome(before + 3);
  expect(darts.n - before).toBe(3); // no more than asked for
});

test.each([1, 2, 3])("darts near the posterior of linear model %i come to the same value, and scatter less", (seed) => {
  const model = linearGaussian(seed);
  const [xx, , yy] = model.covariance;
  const near = { mu: model.mean, sigma: [1.3 * Math.sqrt(xx), 1.3 * Math.sqrt(yy)] } as const;
  const [wide, narrow] = [null, near].map((q) => {
    const darts = new Darts(model.logLikelihood, q, seed);
    while (darts.n < 300) darts.throwSome();
    return spread(Float64Array.from(darts.estimates()));
  });
  expect(narrow.deviation).toBeLessThan(wide.deviation);
  expect(narrow.mean).toBeCloseTo(model.logPx, 1);
});

test.each([1, 4])("cells come to log p(x) of linear model %i", (seed) => {
  const model = linearGaussian(seed);
  const off = [10, 40, 160].map((n) => {
    const lattice = new Lattice(n, model.logLikelihood);
    while (lattice.work(performance.now() + 50));
    expect(lattice.next).toBe(n * n);
    return Math.abs((lattice.estimate ?? Number.NaN) - model.logPx);
  });
  expect(off[1]).toBeLessThan(0.01);
  expect(off[2]).toBeLessThan(1e-3);
});

test.each([
  [10, 2, "100"],
  [40, 2, "1600"],
  [10, 20, "1.0 · 10²⁰"],
  [40, 20, "1.1 · 10³²"],
  [1000, 2, "1.0 · 10⁶"],
])("%i cells along each of %i axes are %s", (n, d, words) => {
  expect(costWords(n, d, count)).toBe(words);
});

// ---- gradients ----------------------------------------------------------------------------------------------------------

test.each([0, 1, 10])("the variances for one draw at θ = %i are those of a sum over the density", (theta) => {
  const moments = (estimate: (z: number) => number): [number, number] => {
    let [first, second] = [0, 0];
    const h = 0.001;
    for (let e = -12; e <= 12; e += h) {
      const weight = (Math.exp(-0.5 * e * e) / Math.sqrt(2 * Math.PI)) * h;
      first += weight * estimate(theta + e);
      second += weight * estimate(theta + e) ** 2;
    }
    return [first, second - first * first];
  };
  const kinds = {
    score: (z: number) => z * z * (z - theta),
    baseline: (z: number) => (z * z - theta * theta - 1) * (z - theta),
    pathwise: (z: number) => 2 * z,
  } as const;
  for (const kind of ["score", "baseline", "pathwise"] as const) {
    const [mean, variance] = moments(kinds[kind]);
    expect(mean).toBeCloseTo(2 * theta, 6);
    expect(varianceOf(kind, theta) / variance).toBeCloseTo(1, 6);
  }
});

test("a simulation has the mean 2θ and the standard deviations of the closed form, and another seed other draws", () => {
  const theta = 10;
  const done = (seed: number): Simulation => {
    const simulation = new Simulation(theta, seed);
    while (simulation.work(performance.now() + 50));
    return simulation;
  };
  const one = done(1);
  expect(one.finished.map(({ n }) => n)).toEqual([...SIZES]);
  expect(one.share).toBeCloseTo(1, 12);
  for (const { n, of } of one.finished) {
    for (const kind of ["score", "baseline", "pathwise"] as const) {
      const { mean, deviation } = spread(of[kind]);
      const exact = Math.sqrt(varianceOf(kind, theta) / n);
      expect(Math.abs(mean - 2 * theta)).toBeLessThan((4.5 * exact) / Math.sqrt(REPEATS));
      if (n >= 10) expect(Math.abs(deviation / exact - 1)).toBeLessThan(0.4); // of 100 repeats: 0.07, and more where tails are heavy
    }
  }
  expect(done(1).finished[3].of.score).toEqual(one.finished[3].of.score);
  expect(done(2).finished[3].of.score).not.toEqual(one.finished[3].of.score);
}, 60_000);

// ---- the surgery --------------------------------------------------------------------------------------------------------

test("both parts add up to the mean KL, and the information is between 0 and log N", () => {
  const next = random(3);
  for (let trial = 0; trial < 25; trial++) {
    const n = 2 + Math.floor(next() * 7);
    const codes = Array.from({ length: n }, (): Code => ({ mu: 8 * next() - 4, sigma: 0.06 + 2 * next() }));
    const { rate, information, marginal } = partsOf(codes);
    expect(information + marginal).toBeCloseTo(rate, 6);
    expect(information).toBeGreaterThanOrEqual(-1e-9);
    expect(information).toBeLessThanOrEqual(Math.log(n) + 1e-9);
    expect(marginal).toBeGreaterThanOrEqual(-1e-9);
  }
});

test("the information is that of draws whose image is guessed, by Monte Carlo", () => {
  const codes: Code[] = [
    { mu: -1, sigma: 0.5 },
    { mu: 0.2, sigma: 0.9 },
    { mu: 1.5, sigma: 0.3 },
  ];
  const next = random(8);
  let sum = 0;
  const N = 60_000;
  for (let i = 0; i < N; i++) {
    const { mu, sigma } = codes[i % 3];
    const z = mu + sigma * Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
    const own = Math.exp(-0.5 * ((z - mu) / sigma) ** 2) / (sigma * Math.sqrt(2 * Math.PI));
    sum += Math.log(own / aggregate(z, codes));
  }
  expect(partsOf(codes).information).toBeCloseTo(sum / N, 2);
});

test.each([2, 4, 8])("presets of %i images are what they are called", (n) => {
  const collapsed = partsOf(presetOf("collapsed", n));
  expect([collapsed.rate, collapsed.information, collapsed.marginal].every((value) => Math.abs(value) < 1e-6)).toBe(
    true,
  );
  const trap = partsOf(presetOf("trap", n));
  expect(trap.rate).toBeGreaterThan(4);
  expect(trap.information).toBeCloseTo(0, 6);
  const good = partsOf(presetOf("good", n));
  expect(good.information).toBeGreaterThan(0.7 * good.rate);
  expect(good.information).toBeGreaterThan(0.25);
});
