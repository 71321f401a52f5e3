import { describe, expect, test } from "vitest";
import { type Codes, discMass, holesAmongSamples, holesOfPlane } from "../../src/data/holes";
import { nearestCodes } from "../../src/geometry/nearest-codes";
import { Support } from "../../src/geometry/support";

/** Standard normals by another way than the source's: the sum of twelve uniforms from a linear congruence. */
function draws(n: number, seed = 1): number[] {
  let state = seed;
  const uniform = (): number => (state = (state * 48271) % 2147483647) / 2147483647;
  return Array.from({ length: n }, () => Array.from({ length: 12 }, uniform).reduce((sum, value) => sum + value, -6));
}

function codesOf(rows: readonly (readonly number[])[], K = 2): Codes {
  const mu = Float32Array.from(rows.flat());
  const near: Codes["near"] = (z, k) => nearestCodes(mu, K, z, k);
  const own = rows.map((row) => near(row, 6)[5].distance).sort((a, b) => a - b);
  const support = new Support(Float32Array.from(own), rows.length, true, near);
  return { n: rows.length, near, support: (z, nearest) => support.of(z, nearest) };
}

function prior(n: number, K = 2): number[][] {
  const values = draws(n * K);
  return Array.from({ length: n }, (_, i) => values.slice(i * K, (i + 1) * K));
}

describe("holes of a plane", () => {
  test("codes that are the prior have none", () => {
    expect(holesOfPlane(codesOf(prior(1500)))).toEqual([]);
  });

  test("the disc that was cut out of the prior is found, with the mass that it had", () => {
    const all = prior(2000);
    const [cx, cy, r] = [0.7, -0.4, 0.55];
    const rest = all.filter(([x, y]) => Math.hypot(x - cx, y - cy) > r);
    const [first, ...others] = holesOfPlane(codesOf(rest));
    expect(Math.hypot(first.z[0] - cx, first.z[1] - cy)).toBeLessThan(0.2);
    const cut = all.length - rest.length;
    expect(Math.abs((first.expected as number) - cut)).toBeLessThan(0.35 * cut);
    expect(first.support).toBeLessThan(0.2);
    for (const other of others)
      expect(Math.hypot(other.z[0] - first.z[0], other.z[1] - first.z[1])).toBeGreaterThan(first.radius);
  });

  test("a ring leaves its middle, two islands leave the gap", () => {
    const ring = prior(800).map(([x, y]) => [(2 * x) / Math.hypot(x, y) + 0.05 * y, (2 * y) / Math.hypot(x, y)]);
    expect(Math.hypot(...holesOfPlane(codesOf(ring))[0].z)).toBeLessThan(0.4);
    const islands = prior(800).map(([x, y], i) => [0.3 * x + (i % 2 ? 1.6 : -1.6), 0.3 * y]);
    expect(Math.abs(holesOfPlane(codesOf(islands))[0].z[0])).toBeLessThan(0.6);
  });

  test("three codes are too few to say", () => {
    expect(holesOfPlane({ ...codesOf(prior(30)), n: 3 })).toEqual([]);
  });
});

describe("the prior's mass in a disc", () => {
  test.each([
    [0, 0.5],
    [1, 0.5],
    [1, 2],
    [2.5, 1],
    [3, 4],
  ])("at distance %d of radius %d, by counting", (d, r) => {
    const all = prior(40_000);
    const share = all.filter(([x, y]) => Math.hypot(x - d, y) < r).length / all.length;
    expect(Math.abs(discMass(d, r) - share)).toBeLessThan(0.01);
  });
  test("around the middle it is 1 − exp(−r²/2)", () => {
    expect(discMass(0, 1.3)).toBeCloseTo(1 - Math.exp(-0.845), 9);
  });
});

describe("holes of more dimensions", () => {
  test("codes in one half leave samples of the other", () => {
    const K = 6;
    const half = prior(400, K).map((row) => [Math.abs(row[0]) + 1.5, ...row.slice(1)]);
    const { holes, share } = holesAmongSamples(codesOf(half, K), K, 5);
    expect(share).toBeGreaterThan(0.3);
    expect(holes.length).toBeGreaterThan(3);
    expect(holes.filter(({ z }) => z[0] < 1.5).length).toBe(holes.length);
    expect([...holes].sort((a, b) => b.radius - a.radius)).toEqual(holes);
  });
  test("codes that are the prior leave few", () => {
    expect(holesAmongSamples(codesOf(prior(1500, 3), 3), 3, 5).share).toBeLessThan(0.06);
  });
});
