import { describe, expect, it } from "vitest";
import { contourRings } from "../../src/geometry/contours";
import {
  DensityJob,
  difference,
  Grid,
  gridOver,
  levelOfMass,
  MagnificationJob,
  priorField,
  scottSpread,
} from "../../src/geometry/grid-field";

const all = (job: { isComplete: boolean; work(deadline: number): void }): void => {
  while (!job.isComplete) job.work(0);
};

describe("density of codes", () => {
  it("integrates to one, however many points and however they lean", () => {
    const job = new DensityJob(
      gridOver([-6, 6, -6, 6], 240),
      Float32Array.from([0, 0, 1, -1, -1.5, 0.5]),
      (i) =>
        [
          [0.2, 0, 0.1],
          [0.5, 0.3, 0.4],
          [0.04, -0.01, 0.09],
        ][i] as never,
    );
    all(job);
    expect(job.grid.total()).toBeCloseTo(1, 3);
  });

  it("has the mixture's mean and covariance", () => {
    const job = new DensityJob(gridOver([-5, 5, -5, 5], 300), Float32Array.from([1, 0, -1, 0.5]), () => [
      0.3, 0.12, 0.2,
    ]);
    all(job);
    const { grid } = job;
    let [x, y, xy] = [0, 0, 0];
    const cell = grid.dx * grid.dy;
    for (let at = 0; at < grid.values.length; at++) {
      const [px, py] = [grid.x(at % grid.columns), grid.y(Math.floor(at / grid.columns))];
      x += px * grid.values[at] * cell;
      y += py * grid.values[at] * cell;
      xy += px * py * grid.values[at] * cell;
    }
    expect(x).toBeCloseTo(0, 3);
    expect(y).toBeCloseTo(0.25, 3);
    expect(xy).toBeCloseTo(0.12 + (1 * 0 + -1 * 0.5) / 2, 2); // within + between
  });

  it("keeps the mass of a posterior that is narrower than a cell", () => {
    const job = new DensityJob(gridOver([-2, 2, -2, 2], 20), Float32Array.from([0.07, -0.13]), () => [1e-6, 0, 1e-6]);
    all(job);
    expect(job.grid.total()).toBeCloseTo(1, 1);
  });

  it("counts only what is asked for", () => {
    const job = new DensityJob(
      gridOver([-4, 4, -4, 4], 80),
      Float32Array.from([-2, 0, 2, 0]),
      () => [0.1, 0, 0.1],
      (i) => i === 1,
    );
    all(job);
    expect(job.grid.at(2, 0)).toBeGreaterThan(0.5);
    expect(job.grid.at(-2, 0)).toBe(0);
  });

  it("of codes that are the prior is the prior", () => {
    const grid = gridOver([-4, 4, -4, 4], 100);
    const job = new DensityJob(grid, Float32Array.from([0, 0]), () => [1, 0, 1]);
    all(job);
    const prior = priorField(grid, [0, 0]);
    expect(prior.total()).toBeCloseTo(1, 3);
    expect(Math.max(...difference(job.grid, prior).values.map(Math.abs))).toBeLessThan(2e-3);
  });
});

/** A decoder of one place, asked for several. */
const each =
  (decode: (x: number, y: number) => readonly number[]) =>
  (places: Float64Array): Float32Array =>
    Float32Array.from(
      Array.from({ length: places.length / 2 }, (_, i) => decode(places[2 * i], places[2 * i + 1])).flat(),
    );

describe("magnification", () => {
  it("of a linear decoder is √det(AᵀA) everywhere", () => {
    const a = [3, 0, 1, 2];
    const b = [0, 2, 1, -1];
    const job = new MagnificationJob(
      gridOver([-1, 1, -2, 2], 12),
      each((x, y) => a.map((value, p) => value * x + b[p] * y + 5)),
      4,
    );
    all(job);
    const dot = (u: number[], v: number[]): number => u.reduce((sum, value, i) => sum + value * v[i], 0);
    const expected = Math.sqrt(dot(a, a) * dot(b, b) - dot(a, b) ** 2);
    for (const value of job.grid.values) expect(value).toBeCloseTo(expected, 3);
  });

  it("is 0 where two directions draw the same", () => {
    const job = new MagnificationJob(
      gridOver([-1, 1, -1, 1], 6),
      each((x, y) => [x + y, 2 * (x + y)]),
      2,
    );
    all(job);
    for (const value of job.grid.values) expect(value).toBeCloseTo(0, 3);
  });

  it("of polar coordinates is the radius", () => {
    const job = new MagnificationJob(
      gridOver([1, 2, 0, 1], 40),
      each((r, angle) => [r * Math.cos(angle), r * Math.sin(angle)]),
      2,
    );
    all(job);
    expect(job.grid.at(1.5, 0.5)).toBeCloseTo(1.5, 1);
    expect(job.grid.at(1.99, 0.5)).toBeCloseTo(2, 1);
  });
});

describe("contours", () => {
  it("of a Gaussian's 39.3 % region is its 1σ circle", () => {
    const grid = gridOver([-4, 4, -4, 4], 200);
    const job = new DensityJob(grid, Float32Array.from([0.5, -0.5]), () => [1, 0, 1]);
    all(job);
    const level = levelOfMass(job.grid.values, 1 - Math.exp(-0.5));
    const [rings] = contourRings(job.grid, [level]);
    expect(rings).toHaveLength(1);
    for (const [x, y] of rings[0]) expect(Math.hypot(x - 0.5, y + 0.5)).toBeCloseTo(1, 1);
  });

  it("come in the order of their levels: the smaller share of the mass is the inner line", () => {
    const grid = gridOver([-4, 4, -4, 4], 200);
    const job = new DensityJob(grid, Float32Array.from([0, 0]), () => [1, 0, 1]);
    all(job);
    const reach = contourRings(
      job.grid,
      [0.5, 0.9].map((mass) => levelOfMass(job.grid.values, mass)),
    ).map(([ring]) => Math.max(...ring.map(([x]) => x)));
    expect(reach[0]).toBeCloseTo(Math.sqrt(2 * Math.log(2)), 1); // 1 − exp(−r²/2) = mass
    expect(reach[1]).toBeCloseTo(Math.sqrt(2 * Math.log(10)), 1);
  });

  it("Scott's bandwidth is n^(−1/6) of the standard deviation", () => {
    const points = Float32Array.from({ length: 2 * 64 }, (_, at) => (at % 2 ? 3 : 1) * ((at >> 1) % 2 ? 1 : -1));
    const [xx, xy, yy] = scottSpread(points);
    expect(Math.sqrt(xx)).toBeCloseTo(Math.sqrt(64 / 63) * 64 ** (-1 / 6), 6);
    expect(Math.sqrt(yy)).toBeCloseTo(3 * Math.sqrt(64 / 63) * 64 ** (-1 / 6), 6);
    expect(xy).toBe(0);
  });

  it("an empty grid has places and a total of 0", () => {
    const grid = new Grid([0, 2, 0, 1], 4, 2);
    expect([grid.x(0), grid.y(1), grid.total()]).toEqual([0.25, 0.75, 0]);
    expect(grid.at(3, 0)).toBeNaN();
  });
});
