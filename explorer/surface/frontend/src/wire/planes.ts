/** What lies in planes, the first bytes of all numbers of an array, then the second bytes, and so on, gets smaller when it is packed. */

import type { ArrayType } from "./schema";

const BYTES: Readonly<Record<ArrayType, number>> = { uint8: 1, int16: 2, float16: 2, int32: 4, float32: 4 };

export interface InPlanes {
  readonly dtype: ArrayType;
  /** Of its first byte. */
  readonly offset: number;
  readonly nbytes: number;
}

/** Puts the bytes of each number beside each other again, in place. */
export function outOfPlanes(bytes: Uint8Array, table: Iterable<InPlanes>): void {
  for (const { dtype, offset, nbytes } of table) {
    const size = BYTES[dtype];
    const planes = bytes.slice(offset, offset + nbytes);
    const n = Math.floor(planes.length / size);
    for (let b = 0; b < size; b++) for (let i = 0; i < n; i++) bytes[offset + i * size + b] = planes[b * n + i];
  }
}
