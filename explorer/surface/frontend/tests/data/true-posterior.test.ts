/** Is the quadrature over the plane the closed form where there is one, and does it find what is narrow, far or in two pieces? */
import { describe, expect, it } from "vitest";
import { CoarsePlane, type Encoded, planeExtent } from "../../src/data/true-posterior/cells";
import { PosteriorJob } from "../../src/data/true-posterior/search";
import { levelsOfMass, MASSES, smoothed, type TruePosterior } from "../../src/data/true-posterior/summary";
import { Arena } from "../../src/engine/arena";
import {
  type LogLikelihood,
  type LogLikelihoods,
  logLikelihoodOf,
  logLikelihoodsOf,
} from "../../src/engine/likelihoods";
import { gridOver } from "../../src/geometry/grid-field";
import { floats, random } from "../helpers";

type Matrix = readonly [xx: number, xy: number, yy: number];

/** x = W z + b + σ ε (Tipping & Bishop 1999): the posterior is N(A⁻¹Wᵀ(x − b)/σ², A⁻¹), A = WᵀW/σ² + I; log p(x) = log N(x; b, WWᵀ + σ²I). */
class Linear {
  readonly x: number[];

  constructor(
    readonly columns: readonly (readonly number[])[],
    readonly bias: readonly number[],
    readonly sigma: number,
    z: readonly number[],
    noise: readonly number[],
  ) {
    this.x = bias.map((b, p) => b + columns[0][p] * z[0] + columns[1][p] * z[1] + sigma * noise[p]);
  }

  private dot(a: readonly number[], b: readonly number[]): number {
    return a.reduce((sum, value, i) => sum + value * b[i], 0);
  }

  get precision(): Matrix {
    const [a, b] = this.columns;
    const s2 = this.sigma ** 2;
    return [this.dot(a, a) / s2 + 1, this.dot(a, b) / s2, this.dot(b, b) / s2 + 1];
  }

  get covariance(): Matrix {
    const [xx, xy, yy] = this.precision;
    const d = xx * yy - xy * xy;
    return [yy / d, -xy / d, xx / d];
  }

  get mean(): [number, number] {
    const off = this.x.map((value, p) => value - this.bias[p]);
    const [u, v] = this.columns.map((column) => this.dot(column, off) / this.sigma ** 2);
    const [xx, xy, yy] = this.covariance;
    return [xx * u + xy * v, xy * u + yy * v];
  }

  /** By the matrix determinant lemma and Woodbury's identity. */
  get logPx(): number {
    const [xx, xy, yy] = this.precision;
    const off = this.x.map((value, p) => value - this.bias[p]);
    const [u, v] = this.columns.map((column) => this.dot(column, off) / this.sigma ** 2);
    const [mx, my] = this.mean;
    const quadratic = this.dot(off, off) / this.sigma ** 2 - (u * mx + v * my);
    return -0.5 * (quadratic + Math.log(xx * yy - xy * xy) + this.x.length * Math.log(2 * Math.PI * this.sigma ** 2));
  }

  output(x: number, y: number): Float32Array {
    return Float32Array.from(this.bias, (b, p) => b + this.columns[0][p] * x + this.columns[1][p] * y);
  }

  find(q: Encoded): TruePosterior {
    const score = logLikelihoodOf({ likelihood: "gaussian", log_sigma: Math.log(this.sigma) });
    if (!score) throw new Error("a Gaussian has a likelihood");
    const at = each((x, y) => this.output(x, y));
    return finished(new PosteriorJob(new CoarsePlane(planeExtent([q]), this.x.length, at), one(score, this.x), at, q));
  }
}

/** A decoder of one place, asked for several. */
const each =
  (decode: (x: number, y: number) => ArrayLike<number>) =>
  (places: readonly number[]): Float32Array =>
    Float32Array.from(
      Array.from({ length: places.length / 2 }, (_, i) => Array.from(decode(places[2 * i], places[2 * i + 1]))).flat(),
    );

/** A likelihood of one output, asked for several. */
const one =
  (score: LogLikelihood | null, x: readonly number[]): LogLikelihoods =>
  (outputs, n) =>
    Array.from({ length: n }, (_, i) => score?.(outputs.subarray(i * x.length, (i + 1) * x.length), x) ?? 0);

function finished(job: PosteriorJob): TruePosterior {
  let last = 0;
  while (!job.isComplete) {
    job.work(0); // a slice of one step
    expect(job.share).toBeGreaterThanOrEqual(0);
    expect(job.share).toBeLessThanOrEqual(1);
    last = job.share;
  }
  expect(last).toBe(1);
  return job.result as TruePosterior;
}

function normals(n: number, seed: number): number[] {
  const next = random(seed);
  return Array.from({ length: n }, () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()));
}

/** KL between Gaussians, nats: of a diagonal q to N(mean, precision⁻¹). */
function klTo(q: Encoded, [mx, my]: readonly number[], [xx, xy, yy]: Matrix): number {
  const [sx, sy] = [Math.exp(q.logvar[0]), Math.exp(q.logvar[1])];
  const [dx, dy] = [q.mu[0] - mx, q.mu[1] - my];
  return (
    0.5 *
    (xx * sx +
      yy * sy +
      xx * dx * dx +
      2 * xy * dx * dy +
      yy * dy * dy -
      2 -
      Math.log(sx * sy) -
      Math.log(xx * yy - xy * xy))
  );
}

const SHAPES = [
  {
    name: "round",
    columns: [
      [1, 0, 0, 0],
      [0, 1, 0, 0],
    ],
    sigma: 0.4,
  },
  {
    name: "leaning",
    columns: [
      [1, 0.5, 0, 1],
      [0.9, 0.8, 0.2, 1.1],
    ],
    sigma: 0.3,
  },
  {
    name: "two hundred times narrower than the plane",
    columns: [
      [2, 0, 1, 0],
      [0, 2, 0, -1],
    ],
    sigma: 0.03,
  },
  {
    name: "long and thin",
    columns: [
      [1, 0, 0, 0],
      [0, 0.06, 0, 0],
    ],
    sigma: 0.05,
  },
  {
    name: "that is the prior",
    columns: [
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ],
    sigma: 1,
  },
];

describe.each(SHAPES)("a linear decoder's posterior, $name", ({ columns, sigma }) => {
  const truth = new Linear(columns, [0.2, -0.1, 0.4, 0], sigma, [0.8, -1.3], normals(4, 3));
  const [mx, my] = truth.mean;
  const [xx, xy, yy] = truth.covariance;
  const [pxx, pxy, pyy] = truth.precision;
  const q = { mu: [mx + 0.3 * Math.sqrt(xx), my], logvar: [Math.log(1.4 * xx), Math.log(0.8 / pyy)] };
  const found = truth.find(q);

  it("has the closed form's log p(x), mean and covariance", () => {
    expect(found.logPx).toBeCloseTo(truth.logPx, 3);
    const tolerance = 2e-3;
    expect(Math.abs(found.mean[0] - mx) / Math.sqrt(xx)).toBeLessThan(tolerance);
    expect(Math.abs(found.mean[1] - my) / Math.sqrt(yy)).toBeLessThan(tolerance);
    [xx, xy, yy].forEach((value, i) =>
      expect(Math.abs(found.covariance[i] - value) / Math.sqrt(xx * yy)).toBeLessThan(
        0.01 * Math.max(1, xx / yy, yy / xx) ** 0.5,
      ),
    );
  });

  it("is as far from q as two Gaussians are", () => {
    expect(found.logPx - found.elbo).toBeCloseTo(klTo(q, [mx, my], [pxx, pxy, pyy]), 3);
  });

  it("has the ellipses of 1σ and 2σ as its borders of 39.3 % and 86.5 %", () => {
    expect(MASSES.map((mass) => Math.round(1000 * mass))).toEqual([393, 865]);
    found.rings.forEach((rings, level) => {
      expect(rings).toHaveLength(1);
      expect(rings[0].length).toBeGreaterThan(20);
      for (const [x, y] of rings[0]) {
        const distance = Math.sqrt(pxx * (x - mx) ** 2 + 2 * pxy * (x - mx) * (y - my) + pyy * (y - my) ** 2);
        expect(Math.abs(distance - (level + 1))).toBeLessThan(0.06);
      }
    });
    expect(found.nPieces).toBe(1);
    expect(found.extent[1] - found.extent[0]).toBeCloseTo(4 * Math.sqrt(xx), xx > 0.01 ? 1 : 2);
  });

  it("was looked at finely enough", () => {
    expect(found.largestShare).toBeLessThanOrEqual(0.02);
    expect(found.isRough).toBe(false);
  });
});

describe("a posterior", () => {
  const q = { mu: [1, 1], logvar: [Math.log(0.01), Math.log(0.01)] };

  /** Pictures of one pixel whose value is z₁²: 1 is drawn at z₁ = ±1. */
  it("in two pieces is found in both, and q in one of them is log 2 away and more", () => {
    const score = logLikelihoodOf({ likelihood: "gaussian", log_sigma: Math.log(0.02) });
    const at = each((x, y) => [x * x, 0.3 * y]);
    const job = new PosteriorJob(new CoarsePlane(planeExtent([q]), 2, at), one(score, [1, 0.3]), at, q);
    const found = finished(job);
    expect(found.nPieces).toBe(2);
    expect(found.rings[0]).toHaveLength(2);
    expect(found.mean[0]).toBeCloseTo(0, 3);
    // Laplace's method at ±1: d(z²)/dz = 2, so each peak is 0.02/2 wide
    expect(Math.sqrt(found.covariance[0])).toBeCloseTo(1, 2);
    expect(found.logPx - found.elbo).toBeGreaterThan(Math.log(2));
  });

  it("far from where the encoder put it is found all the same", () => {
    const truth = new Linear(
      [
        [3, 0],
        [0, 3],
      ],
      [0, 0],
      0.02,
      [-2.2, 2.6],
      [0, 0],
    );
    const found = truth.find(q);
    expect(found.logPx).toBeCloseTo(truth.logPx, 3);
    expect(found.mean[0]).toBeCloseTo(truth.mean[0], 4);
    expect((found.logPx - found.elbo) / klTo(q, truth.mean, truth.precision)).toBeCloseTo(1, 4);
  });

  it("beyond the prior's square is found where the code says that it is", () => {
    const truth = new Linear(
      [
        [1, 0],
        [0, 1],
      ],
      [0, 0],
      0.01,
      [9.5, 0],
      [0, 0],
    );
    const found = truth.find({ mu: [9.4, 0], logvar: [Math.log(0.02), Math.log(0.02)] });
    expect(found.logPx).toBeCloseTo(truth.logPx, 3);
  });

  it("is the same whatever a slice's length", () => {
    const truth = new Linear(
      [
        [1, 0.4],
        [0.3, 1],
      ],
      [0, 0],
      0.1,
      [0.5, 0.5],
      [0.1, -0.2],
    );
    const score = logLikelihoodOf({ likelihood: "gaussian", log_sigma: Math.log(0.1) });
    const at = each((x, y) => truth.output(x, y));
    const job = new PosteriorJob(new CoarsePlane(planeExtent([q]), 2, at), one(score, truth.x), at, q);
    job.work(Infinity);
    expect(job.result).toEqual(truth.find(q));
  });
});

describe("the decoded plane", () => {
  it("decodes every place once, whatever is asked, and covers what it was made for", () => {
    let calls = 0;
    const extent = planeExtent([{ mu: [8, 0], logvar: [0, -2] }]);
    const plane = new CoarsePlane(extent, 2, (places) => {
      calls++;
      return Float32Array.from(places);
    });
    expect(extent[0]).toBe(-6);
    expect(extent[1]).toBe(14);
    const [first, last] = [plane.outputs(0, 1).slice(), plane.outputs(plane.columns * plane.rows - 1, 1).slice()];
    expect([...plane.outputs(0, 1)]).toEqual([...first]);
    expect(calls).toBe(2);
    expect(first[0]).toBeCloseTo(-6 + plane.step / 2, 5);
    expect(last[1]).toBeCloseTo(-6 + (plane.rows - 0.5) * plane.step, 5);
    expect(plane.covers({ mu: [8, 0], logvar: [0, -2] })).toBe(true);
    expect(plane.covers({ mu: [8.1, 0], logvar: [0, -2] })).toBe(false);
  });
});

describe("levels of mass", () => {
  it("of an exponential in one dimension are its quantiles", () => {
    const n = 4000;
    const logs = Array.from({ length: n }, (_, i) => -(20 * (i + 0.5)) / n);
    for (const mass of [0.1, 0.393, 0.865]) expect(levelsOfMass(logs, [mass])[0]).toBeCloseTo(Math.log(1 - mass), 2);
  });
  it("do not depend on a constant", () => {
    const logs = normals(100, 5);
    const [low, high] = [
      levelsOfMass(logs, MASSES),
      levelsOfMass(
        logs.map((f) => f - 900),
        MASSES,
      ),
    ];
    low.forEach((level, i) => expect(high[i]).toBeCloseTo(level - 900, 9));
  });
});

describe("the smoothed field", () => {
  it("keeps what is quadratic", () => {
    const grid = gridOver([-1, 1, -2, 2], 12);
    const value = (x: number, y: number): number => 1 + 2 * x - y - 3 * x * x + x * y - 0.5 * y * y;
    for (let at = 0; at < grid.values.length; at++)
      grid.values[at] = value(grid.x(at % grid.columns), grid.y(Math.floor(at / grid.columns)));
    const fine = smoothed(grid);
    expect(fine.columns).toBeGreaterThan(grid.columns);
    for (let row = 0; row < fine.rows; row++) {
      for (let column = 0; column < fine.columns; column++) {
        const [x, y] = [fine.x(column), fine.y(row)];
        if (Math.abs(x) < 0.5 && Math.abs(y) < 1.2)
          expect(fine.values[row * fine.columns + column]).toBeCloseTo(value(x, y), 4);
      }
    }
  });
});

describe("the likelihoods", () => {
  const output = floats(40, 8, 4);
  const x = floats(40, 9, 0.5).map((value) => value + 0.5);
  /** Each pixel's density by its textbook form. */
  const textbook: Record<string, (o: number, v: number) => number> = {
    bernoulli: (o, v) => v * Math.log(1 / (1 + Math.exp(-o))) + (1 - v) * Math.log(1 / (1 + Math.exp(o))),
    gaussian: (o, v) => Math.log(Math.exp(-0.5 * ((v - o) / 0.7) ** 2) / (0.7 * Math.sqrt(2 * Math.PI))),
    laplace: (o, v) => Math.log(Math.exp(-Math.abs(v - o) / 0.7) / 1.4),
    "continuous-bernoulli": (o, v) => {
      const [lambda, n] = [1 / (1 + Math.exp(-o)), 4000];
      let mass = 0; // its normaliser by Simpson's rule
      for (let i = 0; i <= n; i++)
        mass += ((i === 0 || i === n ? 1 : i % 2 ? 4 : 2) * lambda ** (i / n) * (1 - lambda) ** (1 - i / n)) / (3 * n);
      return Math.log((lambda ** v * (1 - lambda) ** (1 - v)) / mass);
    },
  };
  it.each(Object.keys(textbook))("%s is the sum over pixels of its density's logarithm", (likelihood) => {
    const found = logLikelihoodOf({ likelihood: likelihood as never, log_sigma: Math.log(0.7) })?.(output, x);
    expect(found).toBeCloseTo(
      output.reduce((sum, o, p) => sum + textbook[likelihood](o, x[p]), 0),
      4,
    );
  });
  it("hold for logits of ±500 and for more pixels than one product of factors takes", () => {
    const sure = Float32Array.from({ length: 2000 }, (_, p) => (p % 2 ? 500 : -500));
    const right = Float32Array.from({ length: 2000 }, (_, p) => p % 2);
    for (const likelihood of ["bernoulli", "continuous-bernoulli"] as const) {
      const score = logLikelihoodOf({ likelihood, log_sigma: 0 });
      expect(Number.isFinite(score?.(sure, right))).toBe(true);
      expect(
        Number.isFinite(
          score?.(
            sure,
            right.map((v) => 1 - v),
          ),
        ),
      ).toBe(true);
    }
    expect(logLikelihoodOf({ likelihood: "bernoulli", log_sigma: 0 })?.(sure, right)).toBeCloseTo(0, 9);
    const even = new Float32Array(2000);
    expect(logLikelihoodOf({ likelihood: "bernoulli", log_sigma: 0 })?.(even, right)).toBeCloseTo(-2000 * Math.LN2, 6);
  });
  it("are the same of many at once by the kernel", () => {
    for (const arena of [new Arena(), new Arena({ arithmetic: "scalar", why: "", instantiate: null })]) {
      const many = logLikelihoodsOf({ likelihood: "bernoulli", log_sigma: 0 }, arena, 20)?.(
        output,
        2,
        x.subarray(0, 20),
      );
      const score = logLikelihoodOf({ likelihood: "bernoulli", log_sigma: 0 });
      [0, 1].forEach((i) => expect(many?.[i]).toBeCloseTo(score?.(output.subarray(20 * i, 20 * i + 20), x) ?? 0, 5));
    }
  });
  it("are not told where the header does not say the scale", () => {
    expect(logLikelihoodOf({ likelihood: "gaussian", log_sigma: null })).toBeNull();
    expect(logLikelihoodOf({ likelihood: "gaussian" })).toBeNull();
    expect(logLikelihoodOf({ likelihood: "poisson" as never, log_sigma: 0 })).toBeNull();
  });
});
