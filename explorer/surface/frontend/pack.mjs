// How do compiled kernels and style sheets become short in the programs? As bytes that are new and bytes that were there before (LZ77, Ziv & Lempel
// 1977), the fewest that this form allows; `src/wire/unpack.ts` undoes it, in every browser and without waiting.
//
// A number is written seven bits a byte, the lowest first, the eighth bit for "more follows". 2n: n bytes that follow are new. 2n + 1: n + 3 bytes
// are copied from a distance back, the number after it.

/** A shorter copy would not pay. */
export const SHORTEST = 3;
/** New bytes in one go, at most. */
const LONGEST_NEW = 200;

/** @param {number} value */
function number(value) {
  const bytes = [];
  for (; value > 127; value >>= 7) bytes.push((value & 127) | 128);
  return [...bytes, value];
}

/** @param {number} value */
function sizeOf(value) {
  return value < 1 << 7 ? 1 : value < 1 << 14 ? 2 : 3;
}

/**
 * Where the bytes from i on were before: how many of them, and how far back. Nearest first, and farther ones only where they are longer.
 * @param {Uint8Array} bytes
 * @returns {(readonly [length: number, distance: number])[][]}
 */
function repeats(bytes) {
  /** @type {Map<number, number[]>} */
  const seen = new Map();
  return Array.from(bytes, (first, i) => {
    const key = first | (bytes[i + 1] << 8) | (bytes[i + 2] << 16);
    const before = seen.get(key) ?? [];
    const found = [];
    let longest = SHORTEST - 1;
    for (const j of [...before].reverse()) {
      let length = 0;
      while (i + length < bytes.length && bytes[j + length] === bytes[i + length]) length++;
      if (length > longest) found.push(/** @type {const} */ ([length, i - j]));
      longest = Math.max(longest, length);
    }
    before.push(i);
    seen.set(key, before);
    return found;
  });
}

/**
 * @param {Uint8Array} bytes
 * @returns {Uint8Array}
 */
export function packed(bytes) {
  const n = bytes.length;
  const found = repeats(bytes);
  const cost = new Array(n + 1).fill(Number.POSITIVE_INFINITY);
  /** @type {{ length: number, distance: number }[]} the best step from every place; distance 0: new bytes */
  const steps = new Array(n);
  cost[n] = 0;
  for (let i = n - 1; i >= 0; i--) {
    /** @type {(length: number, distance: number, size: number) => void} */
    const weigh = (length, distance, size) => {
      if (size + cost[i + length] >= cost[i]) return;
      cost[i] = size + cost[i + length];
      steps[i] = { length, distance };
    };
    for (let length = 1; length <= Math.min(LONGEST_NEW, n - i); length++)
      weigh(length, 0, sizeOf(2 * length) + length);
    let length = SHORTEST;
    for (const [most, distance] of found[i])
      for (; length <= most; length++) weigh(length, distance, sizeOf(2 * (length - SHORTEST) + 1) + sizeOf(distance));
  }
  const out = [];
  for (let i = 0; i < n; i += steps[i].length) {
    const { length, distance } = steps[i];
    if (distance) out.push(...number(2 * (length - SHORTEST) + 1), ...number(distance));
    else out.push(...number(2 * length), ...bytes.subarray(i, i + length));
  }
  return Uint8Array.from(out);
}
