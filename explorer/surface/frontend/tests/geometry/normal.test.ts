import { expect, test } from "vitest";
import { equalShares, normalCdf, normalQuantile } from "../../src/geometry/normal";
import { fromTheMiddle, shareTiles, stepTiles } from "../../src/layers/background/manifold";

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

test("Φ is Simpson's rule, and Φ⁻¹ undoes it far into the tails", () => {
  for (const x of [-5, -3.0001, -2.9999, -1, -1e-9, 0, 0.3, 2.9999, 3.0001, 5])
    expect(normalCdf(x)).toBeCloseTo(phi(x), 9);
  for (const x of [-12, -8, -6.5, -4]) expect(normalQuantile(normalCdf(x)) / x).toBeCloseTo(1, 7);
  expect(normalCdf(-10) / 7.619853024160525e-24).toBeCloseTo(1, 10); // tabulated
});

/** Middles of a cell between borders, by probability: what each tile stands for. */
function probabilities(borders: Float64Array): number[] {
  return [...borders].slice(1).map((border, i) => phi(border) - phi(borders[i]));
}

test("twenty equal shares: symmetric, ascending, each a twentieth, its middle the middle of its probability", () => {
  const { middles, borders } = equalShares(20);
  expect([middles.length, borders.length]).toEqual([20, 21]);
  for (let i = 0; i < 20; i++) {
    expect(phi(middles[i])).toBeCloseTo((i + 0.5) / 20, 7);
    expect(middles[i]).toBeCloseTo(-middles[19 - i], 10);
    expect(borders[i] < middles[i] && middles[i] < borders[i + 1]).toBe(true);
  }
  for (const share of probabilities(borders).slice(1, -1)) expect(share).toBeCloseTo(0.05, 8);
  expect(middles[0] - borders[0]).toBeCloseTo(borders[1] - middles[0], 12); // an infinite cell cannot be drawn
});

test.each([
  [-0.4, 0.5],
  [1.1, 1.3],
  [-3.2, -2.9],
  [3.6, 4.4],
  [-0.001, 0.002],
  [-1, 9],
])("seen from %f to %f, cells are halved until about twenty are there, and cover it", (low, high) => {
  const { middles, borders } = equalShares(20, [low, high]);
  expect(middles.length).toBeGreaterThanOrEqual(12);
  expect(middles.length).toBeLessThanOrEqual(26);
  expect(borders[0]).toBeLessThanOrEqual(low + 1e-9);
  if (high < 4) expect(borders[borders.length - 1]).toBeGreaterThanOrEqual(high - 1e-9);
  const share = probabilities(borders).slice(1, -1);
  const halvings = Math.log2(0.05 / share[Math.floor(share.length / 2)]);
  if (low < 3) expect(halvings).toBeCloseTo(Math.round(halvings), 3); // whole cells of the first look were halved
  for (const value of share) expect(value / share[0]).toBeCloseTo(1, low < 3 ? 3 : 0);
});

test("cells that are halved keep the borders that were there", () => {
  const { borders } = equalShares(20);
  const finer = equalShares(20, [-0.5, 0.5]).borders;
  for (const border of borders)
    if (Math.abs(border) < 0.45) expect(Math.min(...finer.map((other) => Math.abs(other - border)))).toBeLessThan(1e-9);
});

test("where the prior has nothing, one cell is left", () => {
  for (const ends of [
    [40, 50],
    [-50, -40],
  ] as const) {
    const { middles, borders } = equalShares(20, ends);
    expect([middles.length, borders.length]).toEqual([1, 2]);
    expect([...middles, ...borders].every(Number.isFinite)).toBe(true);
  }
});

test("tiles by shares of the prior: around its middle on this map, zoomed in more and smaller ones", () => {
  const tiles = shareTiles([2, -1]);
  expect([tiles.x.length, tiles.y.length]).toEqual([20, 20]);
  tiles.x.forEach((x, i) => expect(phi(x - 2)).toBeCloseTo((i + 0.5) / 20, 7));
  tiles.y.forEach((y, i) => expect(phi(y + 1)).toBeCloseTo((i + 0.5) / 20, 7));
  const close = shareTiles([2, -1], [2.2, 2.7, -1.1, -0.9]);
  const widest = (borders: Float64Array): number =>
    Math.max(...[...borders].slice(1).map((border, i) => border - borders[i]));
  expect(close.x.length).toBeGreaterThanOrEqual(12);
  expect(widest(close.xBorders)).toBeLessThan(0.05);
  expect(widest(close.yBorders)).toBeLessThan(0.02);
});

test("tiles by equal steps: in their own proportions, all of the part that is seen", () => {
  const tiles = stepTiles([0, 40, -10, 10]);
  const ends = [tiles.xBorders, tiles.yBorders].flatMap((borders) => [borders[0], borders.at(-1) as number]);
  expect(ends).toEqual([0, 40, -10, 10]);
  const [tileWidth, tileHeight] = [40 / tiles.x.length, 20 / tiles.y.length];
  expect(tileWidth / tileHeight).toBeGreaterThan(0.93); // pictures are hardly stretched
  expect(tileWidth / tileHeight).toBeLessThan(1.07);
  expect(Math.abs(tiles.x.length * tiles.y.length - 400)).toBeLessThan(40);
  tiles.x.forEach((x, i) => expect(x).toBeCloseTo((tiles.xBorders[i] + tiles.xBorders[i + 1]) / 2, 12));
  const close = stepTiles([10, 14, 0, 2]);
  expect(close.xBorders[1] - close.xBorders[0]).toBeCloseTo((tiles.xBorders[1] - tiles.xBorders[0]) / 10, 9);
});

test("every tile is visited once, the middle first", () => {
  const order = fromTheMiddle(5, 3);
  expect(order[0]).toBe(7);
  expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 15 }, (_, i) => i));
});
