/** How is a power of ten written on an axis? 1, 10, 100, then 10³. */

const DIGITS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

export function power(value: number): string {
  const exponent = Math.round(Math.log10(value));
  if (exponent >= 0 && exponent <= 2) return String(10 ** exponent);
  return `10${exponent < 0 ? "⁻" : ""}${[...String(Math.abs(exponent))].map((digit) => DIGITS[Number(digit)]).join("")}`;
}

/** Powers of ten within limits. */
export function decades(low: number, high: number): number[] {
  const first = Math.ceil(Math.log10(low));
  return Array.from({ length: Math.max(0, Math.floor(Math.log10(high)) - first + 1) }, (_, i) => 10 ** (first + i));
}
