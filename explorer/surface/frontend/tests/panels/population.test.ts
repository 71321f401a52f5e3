/** What the decoder's numbers mean under each likelihood. */
import { describe, expect, it } from "vitest";
import { continuousBernoulliMean } from "../../src/engine/likelihoods";
import { Model } from "../../src/engine/model";
import { toRgba } from "../../src/ui/picture";
import { type ArraySpec, tinyRun, writePayload } from "../helpers";

/** E[x] of the density proportional to exp(x·l) on [0, 1], by Simpson's rule in 2000 steps. */
function meanByQuadrature(logit: number): number {
  const n = 2000;
  let mass = 0;
  let moment = 0;
  for (let i = 0; i <= n; i++) {
    const x = i / n;
    const weight = (i === 0 || i === n ? 1 : i % 2 ? 4 : 2) * Math.exp(logit * (x - (logit > 0 ? 1 : 0)));
    mass += weight;
    moment += weight * x;
  }
  return moment / mass;
}

describe("the continuous Bernoulli's mean", () => {
  it.each([-30, -3, -0.11, -0.09, -1e-4, 0, 1e-4, 0.09, 0.11, 3, 30])("at logit %f is the quadrature's", (logit) => {
    const x = new Float32Array([logit]);
    continuousBernoulliMean(x);
    expect(x[0]).toBeCloseTo(meanByQuadrature(logit), 5);
  });
});

describe("a model", () => {
  const { header, arrays } = tinyRun();
  const model = (likelihood: string, change: Record<string, ArraySpec> = {}): Model =>
    new Model(writePayload({}, { ...header, likelihood }, { ...arrays, ...change }));
  const large = {
    "w.db": { values: Float32Array.of(-9, 9, 0, 0, 0, 0), shape: [6] },
    "w.d": { values: new Float32Array(12), shape: [6, 2] },
  };

  it.each(["gaussian", "laplace"])("with %s pixels shows the place, cut at black and white", (likelihood) => {
    expect([...model(likelihood, large).decode([0, 0])]).toEqual([0, 1, 0, 0, 0, 0]);
  });
  it("with continuous Bernoulli pixels shows their mean, which is not the logistic function", () => {
    const [dark, light, even] = model("continuous-bernoulli", large).decode([0, 0]);
    expect([dark, light, even].map((v) => v.toFixed(4))).toEqual(
      [meanByQuadrature(-9), meanByQuadrature(9), 0.5].map((v) => v.toFixed(4)),
    );
  });
  it("whose encoder gives one number a dimension encodes to a point", () => {
    const half = {
      "w.e": { values: new Float32Array(12), shape: [2, 6] },
      "w.eb": { values: Float32Array.of(0.25, -4), shape: [2] },
    };
    const { mu, logvar } = model("gaussian", half).encode(new Float32Array(6));
    expect([...mu]).toEqual([0.25, -4]);
    expect([...logvar]).toEqual([-Infinity, -Infinity]);
  });
});

describe("a picture of two frames", () => {
  it("shows the first in red, the second in cyan", () => {
    const out = new Uint8ClampedArray(8);
    toRgba([1, 0, 0, 1], [2, 1, 2], out);
    expect([...out]).toEqual([255, 0, 0, 255, 0, 255, 255, 255]);
  });
});
