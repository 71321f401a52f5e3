/** How are numbers written for people? */

const MINUS = "\u2212";
const NBSP = "\u00a0"; // a name and its number stay on one line

/** Two decimals (fewer for large numbers), a true minus sign, never −0.00. */
export function number(value: number, digits = 2): string {
  const text = plainNumber(value, digits);
  return text.startsWith("-") ? MINUS + text.slice(1) : text;
}

/** The same with the keyboard's minus, for text that is read by machines and screen readers. */
export function plainNumber(value: number, digits = 2): string {
  if (!Number.isFinite(value)) return "n/a";
  const text = value.toFixed(Math.abs(value) >= 100 ? Math.min(digits, 1) : digits);
  return Number(text) === 0 ? text.replace("-", "") : text;
}

export function pair([x, y]: ArrayLike<number> & Iterable<number>): string {
  return `(${number(x)}, ${number(y)})`;
}

/** A share in whole per cent; never 0 % of something, nor 100 % of less than all. */
export function shareText(share: number): string {
  if (share > 0 && share < 0.005) return "< 1 %";
  return share < 1 && share >= 0.995 ? "> 99 %" : `${Math.round(100 * share)} %`;
}

/** 12 345 with thin spaces. */
export function count(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, "\u2009");
}

/** The numbers of the `n` largest |z|, largest first. */
export function largest(z: ArrayLike<number>, n: number): number[] {
  return Array.from({ length: z.length }, (_, k) => k)
    .sort((a, b) => Math.abs(z[b]) - Math.abs(z[a]) || a - b)
    .slice(0, n);
}

/** z in few words: both numbers in two dimensions, else the largest with their dimension. Dimensions count from 1. */
export function zText(z: ArrayLike<number>, sign: (value: number) => string = number): string {
  if (z.length <= 3) return `(${Array.from(z, (value) => sign(value)).join(", ")})`; // not `sign` itself: the index would be its digits
  return largest(z, 3).map((k) => `${axisName(k, sign === plainNumber)}${sign === plainNumber ? " " : NBSP}${sign(z[k])}`).join(", ");
}

/** z₁, or z1 where a subscript would not be read out. */
function axisName(k: number, isPlain: boolean): string {
  const digits = String(k + 1);
  return isPlain ? `z${digits}` : `z${[...digits].map((digit) => String.fromCharCode(0x2080 + Number(digit))).join("")}`;
}

/** JSON of z at full precision: a reader gets back exactly the numbers that were decoded. */
export function zJson(z: ArrayLike<number>): string {
  return JSON.stringify(Array.from(z));
}

/** A, B … Z, then A2, B2 … */
export function pinLabel(index: number): string {
  const letter = String.fromCharCode(65 + (index % 26));
  return index < 26 ? letter : `${letter}${Math.floor(index / 26) + 1}`;
}
