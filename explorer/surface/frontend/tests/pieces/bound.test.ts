/** Do the numbers of “Be the encoder” agree with closed forms? A linear decoder with Gaussian pixels has an exact p(x), posterior and gap. */

import { expect, test } from "vitest";
import { Ascent } from "../../src/pieces/maths/ascent";
import { Evidence } from "../../src/pieces/maths/evidence";
import { type Gaussian, hermiteRule, klToPrior, termsAndSlope, termsOf } from "../../src/pieces/maths/gaussian";
import { linearGaussian } from "./linear-gaussian";

const RULE = hermiteRule(16);

function evidence(model: ReturnType<typeof linearGaussian>, near: Gaussian): Evidence {
  const job = new Evidence(model.logLikelihood, near);
  while (!job.isComplete) job.work(performance.now() + 1000);
  return job;
}

test.each([2, 5, 16, 24])("a rule of %i points has the moments of N(0, 1)", (n) => {
  const { points, weights } = hermiteRule(n);
  const moment = (power: number): number => points.reduce((sum, u, i) => sum + weights[i] * u ** power, 0);
  let doubleFactorial = 1;
  for (let power = 0; power < Math.min(2 * n, 16); power += 2) {
    expect(moment(power) / doubleFactorial).toBeCloseTo(1, 10);
    expect(moment(power + 1)).toBeCloseTo(0, 6);
    doubleFactorial *= power + 1;
  }
});

test("the KL to the prior is that of its definition, by brute force", () => {
  const q: Gaussian = { mu: [0.7, -1.1], sigma: [0.4, 1.3] };
  let sum = 0;
  const [h, reach] = [0.02, 8];
  for (let x = -reach; x <= reach; x += h) {
    for (let y = -reach; y <= reach; y += h) {
      const [u, v] = [(x - q.mu[0]) / q.sigma[0], (y - q.mu[1]) / q.sigma[1]];
      const logQ = -0.5 * (u * u + v * v) - Math.log(2 * Math.PI * q.sigma[0] * q.sigma[1]);
      const logP = -0.5 * (x * x + y * y) - Math.log(2 * Math.PI);
      sum += Math.exp(logQ) * (logQ - logP) * h * h;
    }
  }
  expect(klToPrior(q)).toBeCloseTo(sum, 5);
});

test.each([1, 2, 3])("quadrature has the exact log p(x), posterior, bound and gap of linear model %i", (seed) => {
  const model = linearGaussian(seed);
  for (const q of [
    { mu: [0, 0], sigma: [1, 1] },
    { mu: [0.4, -0.9], sigma: [0.2, 0.6] },
  ] as const) {
    const { found } = evidence(model, q);
    expect(found?.logPx).toBeCloseTo(model.logPx, 4);
    expect(Math.abs((found?.logPx ?? 0) - model.logPx)).toBeLessThanOrEqual((found?.error ?? 0) + 1e-6);
    expect(found?.mean[0]).toBeCloseTo(model.mean[0], 4);
    expect(found?.mean[1]).toBeCloseTo(model.mean[1], 4);
    expect(found?.deviation[0]).toBeCloseTo(Math.sqrt(model.covariance[0]), 3);
    expect(found?.deviation[1]).toBeCloseTo(Math.sqrt(model.covariance[2]), 3);
    const [xx, xy, yy] = model.covariance;
    expect(found?.correlation).toBeCloseTo(xy / Math.sqrt(xx * yy), 3);
    const { bound } = termsOf(q, RULE, model.logLikelihood);
    expect(model.logPx - bound).toBeCloseTo(model.gap(q), 4);
    expect(model.logPx - bound).toBeGreaterThanOrEqual(0);
  }
});

test("the slope is the bound's, by differences", () => {
  const { logLikelihood } = linearGaussian(4);
  const q: Gaussian = { mu: [0.3, -0.2], sigma: [0.5, 0.8] };
  const { slope } = termsAndSlope(q, RULE, logLikelihood);
  const bound = (mu: [number, number], sigma: [number, number]): number =>
    termsOf({ mu, sigma }, RULE, logLikelihood).bound;
  const h = 1e-2;
  expect(slope.mu[0]).toBeCloseTo(
    (bound([0.3 + h, -0.2], [0.5, 0.8]) - bound([0.3 - h, -0.2], [0.5, 0.8])) / (2 * h),
    2,
  );
  expect(slope.mu[1]).toBeCloseTo(
    (bound([0.3, -0.2 + h], [0.5, 0.8]) - bound([0.3, -0.2 - h], [0.5, 0.8])) / (2 * h),
    2,
  );
  const stretched = (k: number, by: number): number =>
    bound([0.3, -0.2], [0.5 * Math.exp(k === 0 ? by : 0), 0.8 * Math.exp(k === 1 ? by : 0)]);
  for (const k of [0, 1]) expect(slope.logSigma[k]).toBeCloseTo((stretched(k, h) - stretched(k, -h)) / (2 * h), 2);
});

test.each([1, 5, 9])(
  "ascent ends at the best axis-aligned Gaussian of linear model %i, and no step lowers the bound",
  (seed) => {
    const model = linearGaussian(seed);
    const ascent = new Ascent({ mu: [0, 0], sigma: [1, 1] }, RULE, model.logLikelihood);
    let before = ascent.terms.bound;
    while (!ascent.isDone && ascent.steps < 500) {
      ascent.step();
      expect(ascent.terms.bound).toBeGreaterThanOrEqual(before);
      before = ascent.terms.bound;
    }
    // of a Gaussian posterior with precision Λ: the mean itself and variances 1/Λ_kk (Bishop 2006, section 10.1.2)
    const [xx, , yy] = model.precision;
    expect(ascent.q.mu[0]).toBeCloseTo(model.mean[0], 2);
    expect(ascent.q.mu[1]).toBeCloseTo(model.mean[1], 2);
    expect(ascent.q.sigma[0]).toBeCloseTo(1 / Math.sqrt(xx), 2);
    expect(ascent.q.sigma[1]).toBeCloseTo(1 / Math.sqrt(yy), 2);
  },
);
