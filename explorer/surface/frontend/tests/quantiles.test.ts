import { expect, test } from "vitest";
import { tileGrid, fromTheMiddle } from "../src/manifold";
import { cellBorders, normalQuantile, normalQuantiles } from "../src/quantiles";

/** Φ by Simpson's rule on the density: another road to the same number. */
function phi(x: number): number {
  const density = (t: number): number => Math.exp((-t * t) / 2) / Math.sqrt(2 * Math.PI);
  const n = 2000;
  const step = x / n;
  let sum = density(0) + density(x);
  for (let i = 1; i < n; i++) sum += density(i * step) * (i % 2 ? 4 : 2);
  return 0.5 + (sum * step) / 3;
}

test("Φ(Φ⁻¹(p)) = p", () => {
  for (const p of [1e-6, 0.001, 0.02, 0.024, 0.025, 0.1, 0.4999, 0.5, 0.7, 0.975, 0.999, 1 - 1e-6]) {
    expect(phi(normalQuantile(p))).toBeCloseTo(p, 8);
  }
});

test("odd around the middle, and the textbook's 1.959964", () => {
  for (const p of [0.01, 0.2, 0.45]) expect(normalQuantile(p)).toBeCloseTo(-normalQuantile(1 - p), 12);
  expect(normalQuantile(0.975)).toBeCloseTo(1.959964, 6);
  expect(normalQuantile(0.5)).toBeCloseTo(0, 12);
});

test("twenty equal shares: symmetric, ascending, each cell border between its centres", () => {
  const q = normalQuantiles(20);
  for (let i = 0; i < 20; i++) {
    expect(phi(q[i])).toBeCloseTo((i + 0.5) / 20, 7);
    expect(q[i]).toBeCloseTo(-q[19 - i], 10);
  }
  const borders = cellBorders(q);
  expect(borders.length).toBe(21);
  for (let i = 0; i < 20; i++) expect(borders[i] < q[i] && q[i] < borders[i + 1]).toBe(true);
});

test("tiles: prior quantiles on the latent plane, a regular grid elsewhere", () => {
  expect(tileGrid("identity", [0, 1, 0, 1]).x[0]).toBeCloseTo(-1.959964, 6);
  const regular = tileGrid("lattice", [0, 40, -10, 10]);
  const ends = [regular.xBorders, regular.yBorders].flatMap((borders) => [borders[0], borders.at(-1) as number]);
  expect(ends.map((v) => Math.round(v * 1e9) / 1e9)).toEqual([0, 40, -10, 10]);
  const [tileWidth, tileHeight] = [40 / regular.x.length, 20 / regular.y.length];
  expect(tileWidth / tileHeight).toBeGreaterThan(0.93); // pictures are hardly stretched
  expect(tileWidth / tileHeight).toBeLessThan(1.07);
  expect(Math.abs(regular.x.length * regular.y.length - 400)).toBeLessThan(40);
});

test("a latent plane without a prior gets the regular grid over its points", () => {
  const tiles = tileGrid("identity", [-40, 40, -10, 30], 1, 20, false);
  expect([tiles.xBorders[0], tiles.xBorders.at(-1), tiles.yBorders[0], tiles.yBorders.at(-1)].map((v) => Math.round(v as number))).toEqual([-40, 40, -10, 30]);
});

test("every tile is visited once, the middle first", () => {
  const order = fromTheMiddle(5, 3);
  expect(order[0]).toBe(7);
  expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 15 }, (_, i) => i));
});
