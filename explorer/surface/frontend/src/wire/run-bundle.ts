/** How does a page without a server hold every map and every class of a run? The reader of explorer/surface/run_bundle.py. */

import { PayloadError } from "./errors";
import { type HostRecord, type Payload, parsePayload } from "./payload";
import { BUNDLE_FORMAT, BUNDLE_VERSION, type BundleContents, type BundleEntry } from "./schema";

export class RunBundle {
  private shown: { readonly entry: BundleEntry; readonly bytes: Uint8Array; readonly payload: Payload } | null = null;

  constructor(
    readonly contents: BundleContents,
    private readonly arrayPool: Uint8Array,
  ) {}

  /** The entry of a map and class; the nearest there is where a link names another. */
  entry(map: string, label: string | null): BundleEntry {
    const { leaves } = this.contents;
    const ofMap = leaves.filter((entry) => entry.map === map);
    const among = ofMap.length > 0 ? ofMap : leaves.filter((entry) => entry.map === leaves[0].map);
    return among.find((entry) => entry.label === label) ?? among[0];
  }

  maps(): readonly { readonly name: string; readonly title: string }[] {
    const names = [...new Set(this.contents.leaves.map(({ map }) => map))];
    return names.map((name) => ({ name, title: this.entry(name, null).header.projection.title }));
  }

  /** Classes that the decoder can be told; none for most models. */
  labels(): readonly string[] {
    const [{ map }] = this.contents.leaves;
    return this.contents.leaves.flatMap((entry) => (entry.map === map && entry.label !== null ? [entry.label] : []));
  }

  /** An entry as the payload that every host hands to the surface. */
  bytes(entry: BundleEntry, dynamic: Partial<HostRecord>): Uint8Array {
    return joined([section(dynamic), this.open(entry).bytes]);
  }

  payload(entry: BundleEntry): Payload {
    return this.open(entry).payload;
  }

  private open(entry: BundleEntry): { readonly bytes: Uint8Array; readonly payload: Payload } {
    if (this.shown?.entry !== entry) {
      const bytes = this.bind(entry);
      this.shown = { entry, bytes, payload: parsePayload(joined([section({}), bytes])) };
    }
    return this.shown;
  }

  private bind({ header, arrays }: BundleEntry): Uint8Array {
    const table: Record<string, unknown> = {};
    const parts: Uint8Array[] = [];
    let offset = 0;
    for (const [name, number] of Object.entries(arrays)) {
      const { dtype, shape, nbytes, offset: from } = this.contents.pool[number];
      const end = from + Math.ceil(nbytes / 8) * 8;
      table[name] = { dtype, shape, offset, nbytes, codec: "raw" };
      parts.push(this.arrayPool.subarray(from, end));
      offset += end - from;
    }
    return joined([section({ ...header, arrays: table }), ...parts]);
  }
}

/** Raises `PayloadError` with a sentence for the person. */
export async function readRunBundle(given: Uint8Array): Promise<RunBundle> {
  const raw = await inflated(given);
  const length = raw.byteLength < 4 ? 0 : new DataView(raw.buffer).getUint32(0, true);
  const contents = json(raw.subarray(4, 4 + length));
  if (contents?.format !== BUNDLE_FORMAT) throw new PayloadError("This page holds no Latent Atlas map.");
  if (contents.version !== BUNDLE_VERSION) {
    throw new PayloadError(
      `The map of this page has version ${contents.version}, its program reads version ${BUNDLE_VERSION}. Export the page again.`,
    );
  }
  return new RunBundle(contents, raw.subarray(4 + length));
}

export const DAMAGED = "The data of this page are damaged or cut short. Export the page again.";

/** Bytes that begin with how many they are once they are inflated. Raises `PayloadError` with a sentence for the person. */
export async function inflated(given: Uint8Array): Promise<Uint8Array> {
  if (given.byteLength < 4) throw new PayloadError(DAMAGED);
  const size = new DataView(given.buffer, given.byteOffset, 4).getUint32(0, true);
  try {
    const stream = new Blob([given.slice(4)]).stream().pipeThrough(new DecompressionStream("deflate"));
    const raw = new Uint8Array(await new Response(stream).arrayBuffer());
    if (raw.byteLength === size) return raw;
  } catch {
    // falls through to the one sentence below
  }
  throw new PayloadError(DAMAGED);
}

function json(bytes: Uint8Array): BundleContents | null {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as BundleContents;
  } catch {
    throw new PayloadError(DAMAGED);
  }
}

/** A record as the payload has them: its length, JSON, spaces up to a multiple of eight. */
function section(record: unknown): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(record));
  const length = Math.ceil((text.length + 4) / 8) * 8 - 4;
  const out = new Uint8Array(4 + length).fill(0x20);
  new DataView(out.buffer).setUint32(0, length, true);
  out.set(text, 4);
  return out;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.byteLength;
  }
  return out;
}
