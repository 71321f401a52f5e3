import { describe, expect, it } from "vitest";
import { colouringOf, LEVELS } from "../../src/data/colour-scale";
import {
  extremes,
  klPerDim,
  klPerPoint,
  PurityJob,
  quantile,
  quantitiesOf,
  robustRange,
  variancePerDim,
} from "../../src/data/quantities";
import { logGamma, priorShareWithin } from "../../src/geometry/gamma";
import { nearestCodes } from "../../src/geometry/nearest-codes";

describe("KL", () => {
  it("is 0 for the prior and the closed form otherwise", () => {
    expect([...klPerPoint(Float32Array.of(0, 0), Float32Array.of(0, 0), 2)]).toEqual([0]);
    // N(1, 4) against N(0, 1): ½(1 + 4 − 1 − log 4)
    expect(klPerPoint(Float32Array.of(1), Float32Array.of(Math.log(4)), 1)[0]).toBeCloseTo(0.5 * (4 - Math.log(4)), 6);
  });

  it("does not cancel near the prior", () => {
    expect(klPerPoint(Float32Array.of(0), Float32Array.of(1e-4), 1)[0]).toBeCloseTo(2.5e-9, 12);
  });

  it("of the dimensions adds up to the mean over the points", () => {
    const mu = Float32Array.from({ length: 30 }, (_, i) => Math.sin(i));
    const logvar = Float32Array.from({ length: 30 }, (_, i) => Math.cos(3 * i) - 1);
    const mean = klPerPoint(mu, logvar, 3).reduce((a, b) => a + b, 0) / 10;
    expect(klPerDim(mu, logvar, 3).reduce((a, b) => a + b, 0)).toBeCloseTo(mean, 5);
  });

  it("the constant encoder N(4, 1) has 8 nats and no variance", () => {
    const mu = new Float32Array(20).fill(4);
    expect([...klPerDim(mu, new Float32Array(20), 2)]).toEqual([8, 8]);
    expect([...variancePerDim(mu, 2)]).toEqual([0, 0]);
  });
});

describe("nearest codes", () => {
  const K = 3;
  const mu = Float32Array.from({ length: 300 }, (_, i) => Math.sin(i * 12.9898) * 3);
  const z = [0.2, -0.4, 1];
  const brute = Array.from({ length: 100 }, (_, i) => ({
    index: i,
    distance: Math.hypot(mu[3 * i] - z[0], mu[3 * i + 1] - z[1], mu[3 * i + 2] - z[2]),
  })).sort((a, b) => a.distance - b.distance);

  it("are those of a full sort", () => {
    const found = nearestCodes(mu, K, z, 7);
    expect(found.map(({ index }) => index)).toEqual(brute.slice(0, 7).map(({ index }) => index));
    found.forEach(({ distance }, rank) => expect(distance).toBeCloseTo(brute[rank].distance, 5));
  });

  it("leave out whom they are told, and are as many as there are", () => {
    expect(nearestCodes(mu, K, z, 1, brute[0].index)[0].index).toBe(brute[1].index);
    expect(nearestCodes(mu, K, z, 5, -1, (i) => i % 2 === 0).every(({ index }) => index % 2 === 0)).toBe(true);
    expect(nearestCodes(mu, K, z, 1000)).toHaveLength(100);
  });

  it("purity is 1 in separate clusters and about the class's share in a mixture", () => {
    const n = 200;
    const codes = Float32Array.from({ length: 2 * n }, (_, at) => (at >> 1 < n / 2 ? -50 : 50) + Math.sin(at * 78.233));
    const job = new PurityJob(
      codes,
      2,
      Array.from({ length: n }, (_, i) => (i < n / 2 ? 0 : 1)),
    );
    job.work(Infinity);
    expect(job.isComplete).toBe(true);
    expect([...job.values].every((value) => value === 1)).toBe(true);
    const mixed = new PurityJob(
      codes,
      2,
      Array.from({ length: n }, (_, i) => i % 2),
    );
    mixed.work(Infinity);
    expect(mixed.values.reduce((a, b) => a + b, 0) / n).toBeGreaterThan(0.3);
    expect(mixed.values.reduce((a, b) => a + b, 0) / n).toBeLessThan(0.7);
  });
});

describe("the prior's radius", () => {
  it("in two dimensions is 1 − exp(−r²/2)", () => {
    for (const r of [0.1, 1, 2, 3.5]) expect(priorShareWithin(r, 2)).toBeCloseTo(1 - Math.exp((-r * r) / 2), 10);
  });

  it("in one dimension is the normal's 68.27 and 95.45 %", () => {
    expect(priorShareWithin(1, 1)).toBeCloseTo(0.6826894921, 8);
    expect(priorShareWithin(2, 1)).toBeCloseTo(0.954499736, 8);
  });

  it("in four dimensions is 1 − e^(−t)(1 + t), t = r²/2", () => {
    for (const r of [0.5, 2, 4])
      expect(priorShareWithin(r, 4)).toBeCloseTo(1 - Math.exp((-r * r) / 2) * (1 + (r * r) / 2), 9);
  });

  it("log Γ agrees with factorials and √π", () => {
    expect(logGamma(6)).toBeCloseTo(Math.log(120), 10);
    expect(logGamma(0.5)).toBeCloseTo(0.5 * Math.log(Math.PI), 10);
  });
});

describe("scales and lists", () => {
  const values = Float32Array.from([3, Number.NaN, 1, 2, Number.POSITIVE_INFINITY, 5, 4]);

  it("extremes come first and unknown values never", () => {
    expect(extremes(values, 2, true, () => true)).toEqual([5, 6]);
    expect(extremes(values, 2, false, (i) => i !== 2)).toEqual([3, 0]);
  });

  it("an outlier does not set the range; one value still has one", () => {
    const many = Float32Array.from({ length: 1000 }, (_, i) => (i === 7 ? 1e9 : i / 1000));
    expect(robustRange(many)[1]).toBeLessThan(1);
    const [low, high] = robustRange(Float32Array.of(2, 2, 2));
    expect(high).toBeGreaterThan(low);
    expect(quantile(many, 0.5)).toBeCloseTo(0.5, 2);
  });

  it("colours: unknown, hidden and the ends have steps of their own", () => {
    const quantity = { id: "q", name: "q", definition: "", values: Float32Array.from([0, 1, 0.5, Number.NaN]) };
    const { slots } = colouringOf(quantity, [0, 0, 1, 0], Uint8Array.of(1, 0, 1));
    expect([...slots]).toEqual([0, LEVELS - 1, LEVELS + 1, LEVELS]);
  });

  it("a model without a bound has no bound to colour by", () => {
    const none = quantitiesOf({
      latentDim: 2,
      mu: Float32Array.of(1, 2),
      logvar: null,
      elbo: null,
      reconstruction: Float32Array.of(3),
    });
    expect(none.map(({ id }) => id)).toEqual(["reconstruction"]);
  });
});
