/** Arenas of every arithmetic that this machine has: tests run the same in each, and hold WebAssembly against plain TypeScript. */

import { expect } from "vitest";
import { Arena } from "../../src/engine/arena";
import { arithmetic, type Found, use } from "../../src/engine/kernels";

const FOUND: readonly Found[] = (["scalar", "simd", null] as const)
  .map((kind) => {
    use(kind);
    return arithmetic();
  })
  .filter((one, i, all) => all.findIndex((other) => other.arithmetic === one.arithmetic) === i);
use(null);

/** New and empty; that of plain TypeScript is the first. */
export function arenas(): Arena[] {
  return FOUND.map((found) => new Arena(found));
}

/** What WebAssembly makes of it is what plain TypeScript makes of it, which it gives. */
export function agreed(run: (arena: Arena) => ArrayLike<number>, off = 1e-5): Float32Array {
  const [wanted, ...others] = arenas().map((arena) => Float32Array.from(run(arena)));
  for (const other of others) expectClose(other, wanted, off);
  return wanted;
}

/** Relative where numbers are large; NaN and infinities where they are wanted. */
export function expectClose(found: ArrayLike<number>, wanted: ArrayLike<number>, off = 1e-5, word = ""): void {
  expect(found.length).toBe(wanted.length);
  for (let i = 0; i < wanted.length; i++) {
    const [a, b] = [found[i], wanted[i]];
    if (a === b || (Number.isNaN(a) && Number.isNaN(b))) continue;
    if (!(Math.abs(a - b) <= off * Math.max(1, Math.abs(b)))) expect(`${word} ${i}: ${a}`).toBe(`${word} ${i}: ${b}`);
  }
}
