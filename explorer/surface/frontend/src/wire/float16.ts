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
  const bits = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
  const out = new Uint16Array(floats.length);
  for (let i = 0; i < out.length; i++) out[i] = halfOf(bits[i], floats[i]);
  return out;
}

/** Bits of binary32: infinity, 65 504, and 2⁻¹⁴, the smallest number of binary16 with an exponent of its own. */
const INFINITE = 0x7f800000;
const MOST = 0x477fe000;
const NORMAL = 0x38800000;
/** Between the exponents of both forms, in binary32's place. */
const BIAS = 0x38000000;

function halfOf(bits: number, value: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const size = bits & 0x7fffffff;
  if (size > INFINITE) return 0x7e00;
  if (size === INFINITE) return sign | 0x7c00;
  if (size >= MOST) return sign | 0x7bff;
  if (size < NORMAL) return sign | toEven(Math.abs(value) * 2 ** 24);
  // half a step is added, a little less where the digit before is even; what is carried goes on in the exponent
  return sign | ((size + 0xfff + ((size >>> 13) & 1) - BIAS) >>> 13);
}

function toEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}
