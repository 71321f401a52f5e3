/** Which colour does a number get? Perceptually even ramps: viridis for amounts, purple–orange for differences. */

import { interpolatePuOr, interpolateViridis } from "d3-scale-chromatic";
import { parseColour, type Rgb } from "./colour";

export type RampName = "amount" | "difference";

const STEPS = 256;
const INTERPOLATORS = { amount: interpolateViridis, difference: (t: number): string => interpolatePuOr(1 - t) } as const;
const tables = new Map<RampName, readonly Rgb[]>();

/** `share` 0 … 1 of the way from low to high; a difference's 0 is in the middle. */
export function rampColour(name: RampName, share: number): Rgb {
  let table = tables.get(name);
  if (!table) {
    const interpolate = INTERPOLATORS[name];
    table = Array.from({ length: STEPS }, (_, i) => parseColour(interpolate(i / (STEPS - 1))) as Rgb);
    tables.set(name, table);
  }
  return table[Math.min(STEPS - 1, Math.max(0, Math.round(share * (STEPS - 1))))];
}

/** For a scale bar. */
export function rampCss(name: RampName): string {
  const stops = Array.from({ length: 17 }, (_, i) => {
    const { r, g, b } = rampColour(name, i / 16);
    return `rgb(${r} ${g} ${b})`;
  });
  return `linear-gradient(to right, ${stops.join(", ")})`;
}
