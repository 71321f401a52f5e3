import { expect, test } from "vitest";
import { OMEGA, RandomWalk, STILL_MS, stationaryOf, stepOf } from "../../src/data/random-walk";

/** Reproducible standard normals: mulberry32, then Box-Muller. */
function normals(seed: number): () => number {
  const uniform = (): number => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

const PRIOR = { mean: new Array<number>(8).fill(0), std: new Array<number>(8).fill(1) };

/** Covariance of (z, v) after a step from covariance S: M S Mᵀ + L Lᵀ. */
function after(dt: number, [zz, zv, vv]: readonly number[]): number[] {
  const {
    m: [a, b, c, d],
    l: [l0, l1, l2],
  } = stepOf(dt);
  return [
    a * a * zz + 2 * a * b * zv + b * b * vv + l0 * l0,
    a * c * zz + (a * d + b * c) * zv + b * d * vv + l0 * l1,
    c * c * zz + 2 * c * d * zv + d * d * vv + l1 * l1 + l2 * l2,
  ];
}

test("the prior stays the prior at any frame rate", () => {
  for (const dt of [1e-4, 1 / 144, 1 / 60, 0.25, 2.5, 40]) {
    const [zz, zv, vv] = after(dt, [1, 0, OMEGA * OMEGA]);
    expect(zz).toBeCloseTo(1, 9);
    expect(zv).toBeCloseTo(0, 9);
    expect(vv).toBeCloseTo(OMEGA * OMEGA, 9);
  }
});

test("many small steps spread as one large one", () => {
  let many = [0, 0, 0];
  for (let i = 0; i < 300; i++) many = after(0.01, many);
  after(3, [0, 0, 0]).forEach((value, i) => expect(many[i]).toBeCloseTo(value, 9));
});

test("in the long run mean, variance and correlation are the prior's and the formula's", () => {
  const walk = new RandomWalk(() => false, normals(7));
  walk.start(new Array<number>(8).fill(3), PRIOR);
  const seen: number[][] = [];
  for (let i = 0; i < 40_000; i++) seen.push(walk.tick(100, PRIOR) as number[]);
  const kept = seen.slice(300); // 3 standard deviations out is forgotten
  const all = kept.flat();
  const mean = all.reduce((sum, z) => sum + z, 0) / all.length;
  const variance = all.reduce((sum, z) => sum + (z - mean) ** 2, 0) / all.length;
  // the correlation time is 4/ω², so 8 dimensions of 3970 s hold about 5600 free draws: five standard errors
  expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(5600));
  expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(2 / 5600));
  const lag = 10;
  let product = 0;
  for (let i = lag; i < kept.length; i++) product += kept[i].reduce((sum, z, k) => sum + z * kept[i - lag][k], 0);
  const correlation = product / ((kept.length - lag) * 8);
  expect(Math.abs(correlation - (1 + OMEGA) * Math.exp(-OMEGA))).toBeLessThan(0.08);
});

test("it glides: halving the time step halves the step", () => {
  const reach = (ms: number): number => {
    const walk = new RandomWalk(() => false, normals(3));
    walk.start(PRIOR.mean, PRIOR);
    let last = PRIOR.mean as number[],
      sum = 0;
    for (let i = 0; i < 4000; i++) {
      const z = walk.tick(ms, PRIOR) as number[];
      sum += Math.hypot(...z.map((value, k) => value - last[k]));
      last = z;
    }
    return sum / 4000;
  };
  expect(reach(16) / reach(8)).toBeGreaterThan(1.8); // of a process without a velocity it is √2
});

test("where motion is unwelcome there are stills, and stopped it stands", () => {
  const walk = new RandomWalk(() => true, normals(1));
  expect(walk.tick(1e6, PRIOR)).toBeNull();
  walk.start(PRIOR.mean, PRIOR);
  let shown = 0;
  for (let ms = 0; ms < 4 * STILL_MS; ms += 50) shown += walk.tick(50, PRIOR) ? 1 : 0;
  expect(shown).toBe(4);
  walk.stop();
  expect(walk.tick(STILL_MS, PRIOR)).toBeNull();
});

test("without a prior the home is where the codes are", () => {
  const { mean, std } = stationaryOf(Float32Array.from([1, 10, 3, 10, 5, 10]), 2);
  expect(Array.from(mean)).toEqual([3, 10]);
  expect(Array.from(std)).toEqual([Math.sqrt(8 / 3), 0]);
  const walk = new RandomWalk(() => false, normals(2));
  walk.start([3, 10], { mean, std });
  expect(walk.tick(16, { mean, std })?.[1]).toBe(10); // a dimension that never moves stays
});
