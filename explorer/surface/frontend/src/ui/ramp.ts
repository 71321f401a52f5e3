/** Which colour does a number get? Perceptually even ramps: viridis for amounts, purple–orange for differences. */

import { interpolateViridis } from "d3-scale-chromatic";
import { parseColour, type Rgb } from "./colour";

export type RampName = "amount" | "difference";

const STEPS = 256;
/** From purple to orange (ColorBrewer's PuOr, Cynthia Brewer). d3's own brings a third of its size in general interpolation along. */
const PURPLE_ORANGE = [
  "2d004b",
  "542788",
  "8073ac",
  "b2abd2",
  "d8daeb",
  "f7f7f7",
  "fee0b6",
  "fdb863",
  "e08214",
  "b35806",
  "7f3b08",
].map((hex) => parseColour(`#${hex}`) as Rgb);
const INTERPOLATORS = {
  amount: (t: number): Rgb => parseColour(interpolateViridis(t)) as Rgb,
  difference: (t: number): Rgb => spline(PURPLE_ORANGE, 1 - t),
} as const;
const tables = new Map<RampName, readonly Rgb[]>();

/** `share` 0 … 1 of the way from low to high; a difference's 0 is in the middle. */
export function rampColour(name: RampName, share: number): Rgb {
  let table = tables.get(name);
  if (!table) {
    const interpolate = INTERPOLATORS[name];
    table = Array.from({ length: STEPS }, (_, i) => interpolate(i / (STEPS - 1)));
    tables.set(name, table);
  }
  return table[Math.min(STEPS - 1, Math.max(0, Math.round(share * (STEPS - 1))))];
}

/** A uniform cubic B-spline through colours, its ends doubled. */
function spline(colours: readonly Rgb[], t: number): Rgb {
  const n = colours.length - 1,
    i = Math.min(n - 1, Math.max(0, Math.floor(t * n))),
    u = t * n - i;
  const at = (channel: keyof Rgb): number => {
    const b = colours[i][channel],
      c = colours[i + 1][channel];
    const a = i > 0 ? colours[i - 1][channel] : 2 * b - c,
      d = i < n - 1 ? colours[i + 2][channel] : 2 * c - b;
    const sum =
      (1 - u) ** 3 * a + (4 - 6 * u * u + 3 * u ** 3) * b + (1 + 3 * u + 3 * u * u - 3 * u ** 3) * c + u ** 3 * d;
    return Math.min(255, Math.max(0, Math.round(sum / 6)));
  };
  return { r: at("r"), g: at("g"), b: at("b") };
}

/** For a scale bar. */
export function rampCss(name: RampName): string {
  const stops = Array.from({ length: 17 }, (_, i) => {
    const { r, g, b } = rampColour(name, i / 16);
    return `rgb(${r} ${g} ${b})`;
  });
  return `linear-gradient(to right, ${stops.join(", ")})`;
}
