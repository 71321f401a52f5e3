/** What number does a 16-bit float (IEEE 754 binary16) stand for, and which of them is nearest to a number? */

let table: Float32Array | null = null;

/** The value of one half float, from its 16 bits. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** All 65 536 values, computed once: a network holds half a million of them. */
function halfTable(): Float32Array {
  if (table) return table;
  table = new Float32Array(65536);
  for (let bits = 0; bits < 65536; bits++) table[bits] = halfToNumber(bits);
  return table;
}

export function halvesToFloats(halves: Uint16Array): Float32Array {
  const values = halfTable();
  const out = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) out[i] = values[halves[i]];
  return out;
}

/** The nearest of each; of two that are as near the even one. Beyond 65 504 the largest: nothing becomes infinite that was not. */
export function floatsToHalves(floats: Float32Array): Uint16Array {
  return Uint16Array.from(floats, numberToHalf);
}

const MOST = 65504;
/** The smallest number with an exponent of its own. */
const NORMAL = 2 ** -14;

function numberToHalf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(size)) return 0x7e00;
  if (size === Infinity) return sign | 0x7c00;
  if (size > MOST) return sign | 0x7bff;
  if (size < NORMAL) return sign | toEven(size * 2 ** 24);
  const exponent = Math.floor(Math.log2(size));
  const steps = toEven((size / 2 ** exponent - 1) * 1024);
  // a fraction that was rounded up to one goes on in the exponent
  return sign | Math.min(((exponent + 15) << 10) + steps, 0x7bff);
}

function toEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}
