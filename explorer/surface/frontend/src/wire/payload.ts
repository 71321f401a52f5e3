/** What do the bytes from the host say? Version 1 of the payload: dynamic JSON, header JSON, arrays; little endian. */

import { PayloadError } from "./errors";
import { halvesToFloats } from "./float16";
import {
  type ArrayEntry,
  DEFAULT_DYNAMIC,
  DEFAULT_OPTIONS,
  type Dynamic,
  type Header,
  type LatentPathKind,
  PAYLOAD_FORMAT,
  PAYLOAD_VERSION,
} from "./schema";

/** The path through pins that a host without a server keeps. */
export interface PathChoice {
  readonly kind: LatentPathKind;
  /** Number of the pin at which it begins. */
  readonly from: number;
  /** Number of the pin at which it ends. */
  readonly to: number;
  /** Through those between them too, in order. */
  readonly all: boolean;
}

/** What every host sends, and what only a host without a server adds. */
export interface HostRecord extends Dynamic {
  readonly walk: PathChoice | null;
}

const BYTES_PER_ELEMENT = { float32: 4, float16: 2, uint8: 1, int32: 4, int16: 2 } as const;

/** Named arrays: views into the bytes; float16 becomes float32 when it is asked for. */
export class Arrays {
  constructor(
    private readonly table: Readonly<Record<string, ArrayEntry>>,
    private readonly section: Uint8Array,
  ) {}

  has(name: string): boolean {
    return name in this.table;
  }

  shape(name: string): readonly number[] {
    return this.entry(name).shape;
  }

  /** float32 or float16 array as Float32Array. */
  floats(name: string): Float32Array {
    const { dtype, offset, nbytes } = this.rawEntry(name);
    const at = this.section.byteOffset + offset;
    if (dtype === "float32") return new Float32Array(this.section.buffer, at, nbytes / 4);
    if (dtype === "float16") return halvesToFloats(new Uint16Array(this.section.buffer, at, nbytes / 2));
    throw new PayloadError(
      `The map's data are damaged: array “${name}” has type ${dtype}, floating point is needed. Reload the page.`,
    );
  }

  /** The i-th part along the first axis of a float32 or float16 array; no other part is converted. */
  part(name: string, i: number): Float32Array {
    const { dtype, shape, offset, nbytes } = this.rawEntry(name);
    const each = nbytes / shape[0];
    const entry = { dtype, shape: shape.slice(1), offset: offset + i * each, nbytes: each, codec: "raw" } as const;
    return new Arrays({ [name]: entry }, this.section).floats(name);
  }

  /** int16 or int32 array. */
  integers(name: string): Int16Array | Int32Array {
    const { dtype, offset, nbytes } = this.rawEntry(name);
    const at = this.section.byteOffset + offset;
    if (dtype === "int16") return new Int16Array(this.section.buffer, at, nbytes / 2);
    if (dtype === "int32") return new Int32Array(this.section.buffer, at, nbytes / 4);
    throw new PayloadError(
      `The map's data are damaged: array “${name}” has type ${dtype}, whole numbers are needed. Reload the page.`,
    );
  }

  bytes(name: string): Uint8Array {
    const { offset, nbytes } = this.rawEntry(name);
    return this.section.subarray(offset, offset + nbytes);
  }

  /** Bytes that are UTF-8. */
  text(name: string): string {
    return new TextDecoder().decode(this.bytes(name));
  }

  /** A uint8 array that may be compressed; inflated without blocking and never beyond the size its shape declares. */
  async inflate(name: string): Promise<Uint8Array> {
    const entry = this.entry(name);
    const stored = this.section.subarray(entry.offset, entry.offset + entry.nbytes);
    if (entry.codec === "raw") return stored;
    return inflateExactly(stored, product(entry.shape));
  }

  private entry(name: string): ArrayEntry {
    const entry = this.table[name];
    if (!entry) throw new PayloadError(`The map's data are incomplete: array “${name}” is missing. Reload the page.`);
    return entry;
  }

  private rawEntry(name: string): ArrayEntry {
    const entry = this.entry(name);
    if (entry.codec !== "raw")
      throw new PayloadError(`The map's data are damaged: array “${name}” is compressed. Reload the page.`);
    return entry;
  }
}

/** One parsed payload. */
export class Payload extends Arrays {
  constructor(
    readonly header: Header,
    readonly dynamic: HostRecord,
    section: Uint8Array,
  ) {
    super(header.arrays, section);
  }
}

export function parsePayload(given: Uint8Array): Payload {
  const bytes = aligned(given);
  const dynamic = section(bytes, 0);
  const header = section(bytes, dynamic.end);
  const parsed = header.json as Header;
  checkVersion(parsed);
  const arrays = bytes.subarray(header.end);
  checkArrays(parsed.arrays, arrays.byteLength);
  return new Payload(parsed, withDefaults(dynamic.json as Partial<HostRecord>), arrays);
}

/** What a host says first, and the bytes behind it. */
export function parseFirst<T>(given: Uint8Array): { readonly record: T; readonly rest: Uint8Array } {
  const bytes = aligned(given);
  const { json, end } = section(bytes, 0);
  return { record: json as T, rest: bytes.subarray(end) };
}

/** A record that names arrays, and the arrays. */
export function parseArrays<T extends { readonly arrays: Readonly<Record<string, ArrayEntry>> }>(
  given: Uint8Array,
): { readonly record: T; readonly arrays: Arrays; readonly rest: Uint8Array } {
  const { record, rest } = parseFirst<T>(given);
  checkArrays(record.arrays, rest.byteLength);
  return { record, arrays: new Arrays(record.arrays, rest), rest };
}

/** Which map is meant, and whether its arrays were left out: the page has them already, or fetches all of the map from the address. */
export function peek(given: Uint8Array): {
  readonly id: string;
  readonly isReference: boolean;
  readonly address: string;
} {
  const bytes = aligned(given);
  const { id, reference, address } = section(bytes, section(bytes, 0).end).json as Partial<Header>;
  return { id: id ?? "", isReference: reference === true, address: address ?? "" };
}

/** A payload whose arrays were left out, with the map that was fetched in their place. */
export function withStatic(given: Uint8Array, map: Uint8Array): Uint8Array {
  const { end } = section(given, 0);
  const whole = new Uint8Array(end + map.byteLength);
  whole.set(given.subarray(0, end));
  whole.set(map, end);
  return whole;
}

/** One record before other bytes, and where they begin. */
export function recordBefore<T>(bytes: Uint8Array): { readonly record: T; readonly rest: Uint8Array } {
  const { json, end } = section(bytes, 0);
  return { record: json as T, rest: bytes.subarray(end) };
}

/** Typed arrays need their start at a multiple of their element size: copy once where the host's view has none. */
function aligned(bytes: Uint8Array): Uint8Array {
  return bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
}

function section(bytes: Uint8Array, start: number): { json: unknown; end: number } {
  if (start + 4 > bytes.byteLength) throw new PayloadError("The map's data are cut short. Reload the page.");
  const length = new DataView(bytes.buffer, bytes.byteOffset + start, 4).getUint32(0, true);
  const end = start + 4 + length;
  if (length < 2 || end > bytes.byteLength) throw new PayloadError("The map's data are cut short. Reload the page.");
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(start + 4, end)));
    if (typeof json === "object" && json !== null) return { json, end };
  } catch {
    // falls through to the one sentence below
  }
  throw new PayloadError("The map's data are damaged: the header cannot be read. Reload the page.");
}

function checkVersion(header: Header): void {
  if (header.format !== PAYLOAD_FORMAT) throw new PayloadError("These bytes are no Latent Atlas map. Reload the page.");
  if (header.version !== PAYLOAD_VERSION) {
    throw new PayloadError(
      `This map has format version ${header.version}, this page reads version ${PAYLOAD_VERSION}. Reload the page; if that does not help, update Latent Atlas.`,
    );
  }
  const { image_shape, latent_dim } = header.run ?? {};
  const isWhole = (n: unknown): boolean => Number.isInteger(n) && (n as number) > 0;
  if (!Array.isArray(image_shape) || image_shape.length !== 3 || !image_shape.every(isWhole) || !isWhole(latent_dim)) {
    throw new PayloadError(
      "The map's data are damaged: the image shape or the latent dimension is missing. Reload the page.",
    );
  }
}

function checkArrays(table: Readonly<Record<string, ArrayEntry>>, available: number): void {
  for (const [name, { dtype, shape, offset, nbytes, codec }] of Object.entries(table ?? {})) {
    const size = BYTES_PER_ELEMENT[dtype];
    const fits =
      Number.isInteger(offset) && offset >= 0 && nbytes >= 0 && offset % 8 === 0 && offset + nbytes <= available;
    const agrees = codec === "zlib" ? dtype === "uint8" : product(shape) * size === nbytes;
    if (!size || !fits || !agrees)
      throw new PayloadError(`The map's data are damaged at array “${name}”. Reload the page.`);
  }
}

function withDefaults(given: Partial<HostRecord>): HostRecord {
  const options = { ...DEFAULT_OPTIONS, ...given.options };
  return { ...DEFAULT_DYNAMIC, walk: null, ...given, options };
}

export function product(shape: readonly number[]): number {
  return shape.reduce((total, n) => total * n, 1);
}

async function inflateExactly(stored: Uint8Array, expected: number): Promise<Uint8Array> {
  const copy = stored.slice(); // a view into a shared payload cannot be transferred to the stream
  const reader = new Blob([copy]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  const out = new Uint8Array(expected);
  let filled = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (filled + value.byteLength > expected)
      throw new PayloadError("The pictures are damaged: more bytes than declared.");
    out.set(value, filled);
    filled += value.byteLength;
  }
  if (filled !== expected) throw new PayloadError("The pictures are damaged: fewer bytes than declared.");
  return out;
}
