/** How are named arrays written so that numpy and torch read them? safetensors: a length, a header of JSON, and the numbers. */

export type StoredArray =
  | { readonly dtype: "F32"; readonly shape: readonly number[]; readonly data: Float32Array }
  | { readonly dtype: "F16"; readonly shape: readonly number[]; readonly data: Uint16Array }
  | { readonly dtype: "U8"; readonly shape: readonly number[]; readonly data: Uint8Array }
  | { readonly dtype: "I64"; readonly shape: readonly number[]; readonly data: BigInt64Array };

/** The format wants the numbers to begin at a multiple of eight. */
const ALIGNED = 8;

/** Widest numbers first, so that every array begins where its numbers may. */
export function safetensors(arrays: Readonly<Record<string, StoredArray>>): Uint8Array<ArrayBuffer> {
  const entries = Object.entries(arrays).sort(([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
  let end = 0;
  const header = Object.fromEntries(
    entries.map(([name, { dtype, shape, data }]) => {
      const begin = end;
      end += data.byteLength;
      return [name, { dtype, shape, data_offsets: [begin, end] }];
    }),
  );
  const text = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(text.length / ALIGNED) * ALIGNED;
  const bytes = new Uint8Array(ALIGNED + length + end).fill(32, ALIGNED, ALIGNED + length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(text, ALIGNED);
  let at = ALIGNED + length;
  for (const [, { data }] of entries) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}
