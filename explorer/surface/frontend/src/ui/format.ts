/** How are numbers written for people? `trainer.numerals` in the browser; tests/numerals.json holds the two together. */

const MINUS = "\u2212";
const SPACE = "\u00a0"; // a number and its unit, or a name and its number, stay on one line
/** From here on powers of ten. */
const LARGEST = 1e6;
const GUARD = 40;
const LEAST_DECIMALS = 2,
  MOST_DECIMALS = 12;

/** A true minus sign, which screen readers say too; never −0.00; what no scale of a model reaches in powers of ten; n/a for what is no number. */
export function number(value: number, digits = 2): string {
  if (!Number.isFinite(value)) return "n/a";
  if (Math.abs(value) >= LARGEST && digits > 0) {
    const [mantissa, exponent] = exponential(value, 1);
    return `${mantissa} · 10^${Number(exponent)}`.replaceAll("-", MINUS);
  }
  const text = fixed(value, digits);
  return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", MINUS);
}

/** Decimals of numbers that are spread over `scale`: a hundredth of it shows; two where there is no scale, and never fewer. */
export function decimals(scale: number): number {
  if (!(scale > 0 && scale < Infinity)) return LEAST_DECIMALS;
  return Math.min(
    MOST_DECIMALS,
    Math.max(LEAST_DECIMALS, LEAST_DECIMALS - Number(scale.toExponential(16).split("e")[1])),
  );
}

/** A distance, with two digits that are not leading zeros: 0.42, 0.0042. */
export function distance(value: number): string {
  return number(value, decimals(10 * value));
}

function fixed(value: number, digits: number): string {
  const twice = Math.abs(value) * 10 ** digits * 2;
  const text = value.toFixed(digits);
  if (!Number.isInteger(twice) || twice % 2 === 0) return text; // surely no tie: the usual case, at every word of a moving hand
  return evenly(text, value.toFixed(Math.min(100, digits + GUARD)), Math.min(100, digits + GUARD) - digits);
}

function exponential(value: number, digits: number): readonly [mantissa: string, exponent: string] {
  const [long, power] = value.toExponential(digits + GUARD).split("e");
  const [text, exponent] = value.toExponential(digits).split("e");
  return power === exponent ? [evenly(text, long, GUARD), exponent] : [text, exponent];
}

/** As Python rounds: of two that are equally near the one with the even last digit. `long` is `text` with so many more digits. */
function evenly(text: string, long: string, more: number): string {
  if (!/^50*$/.test(long.slice(-more))) return text;
  const cut = long.slice(0, -more).replace(/\.$/, "");
  return Number(cut[cut.length - 1]) % 2 === 0 ? cut : text;
}

/** A whole number with its thousands set apart: 10 000; four digits stay together: 2000. */
export function count(n: number): string {
  if (Math.abs(n) < 10_000) return number(n, 0);
  return String(n)
    .replace(/\B(?=(\d{3})+$)/g, SPACE)
    .replace("-", MINUS);
}

/** A share in per cent; never 0 % of something nor 100 % of less than all: < 1 %, > 99 %. n/a for what is no number. */
export function percent(share: number, digits = 0): string {
  if (!Number.isFinite(share)) return "n/a";
  const least = 10 ** -digits;
  if (100 * share > 0 && 100 * share <= least / 2) return `< ${least.toFixed(digits)}${SPACE}%`;
  if (100 * share >= 100 - least / 2 && 100 * share < 100) return `> ${(100 - least).toFixed(digits)}${SPACE}%`;
  return `${number(100 * share, digits)}${SPACE}%`;
}

/** The name of latent dimension k, which counts from 0: z₁ for 0. */
export function dimension(k: number): string {
  return `z${[...String(k + 1)].map((digit) => String.fromCharCode(0x2080 + Number(digit))).join("")}`;
}

export function pair([x, y]: ArrayLike<number> & Iterable<number>, digits = 2): string {
  return `(${number(x, digits)}, ${number(y, digits)})`;
}

/** The numbers of the `n` largest |z|, largest first. */
export function largest(z: ArrayLike<number>, n: number): number[] {
  return Array.from({ length: z.length }, (_, k) => k)
    .sort((a, b) => Math.abs(z[b]) - Math.abs(z[a]) || a - b)
    .slice(0, n);
}

/** z in few words: both numbers in two dimensions, else the largest with their dimension. Dimensions count from 1. */
export function zText(z: ArrayLike<number>, digits = 2): string {
  if (z.length <= 3) return `(${Array.from(z, (value) => number(value, digits)).join(", ")})`;
  return largest(z, 3)
    .map((k) => `${dimension(k)}${SPACE}${number(z[k], digits)}`)
    .join(", ");
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

/** “class 7”, or the name itself where it is a word. */
export function classWords(className: string | null): string {
  if (className === null) return "no class";
  return className.length <= 3 ? `class ${className}` : className;
}

/** What the small picture is: an original, or what the decoder makes of its code, told its class or another. */
/** Over the picture that is decoded from the code of a test image. */
export function decodedWords(number: number): string {
  return `Test image ${number}, decoded`;
}

export function nearestWords(number: number, isOriginal: boolean, decodedAs: string | null): string {
  if (isOriginal) return `test image ${number}`;
  return decodedAs === null
    ? `reconstruction of test image ${number}`
    : `code of test image ${number}, decoded as ${classWords(decodedAs)}`;
}
