/** How are images written so that numpy reads them? As an npz: a zip of npy files, each a header and its bytes. */

import { zipSync } from "fflate";

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0];
/** Magic, version and the header's length come before it; together with it they end at a multiple of this. */
const ALIGNED = 64;

export interface ByteArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

export function npz(arrays: Readonly<Record<string, ByteArray>>): Uint8Array<ArrayBuffer> {
  const files = Object.entries(arrays).map(([name, array]) => [`${name}.npy`, npy(array)]);
  return zipSync(Object.fromEntries(files)) as Uint8Array<ArrayBuffer>;
}

function npy({ shape, data }: ByteArray): Uint8Array {
  const tuple = `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
  const text = `{'descr': '|u1', 'fortran_order': False, 'shape': ${tuple}, }`;
  const before = MAGIC.length + 2;
  const length = Math.ceil((before + text.length + 1) / ALIGNED) * ALIGNED - before;
  const bytes = new Uint8Array(before + length + data.length);
  bytes.set(MAGIC);
  new DataView(bytes.buffer).setUint16(MAGIC.length, length, true);
  bytes.set(new TextEncoder().encode(`${text.padEnd(length - 1)}\n`), before);
  bytes.set(data, before + length);
  return bytes;
}
