/**
 * How does the page get what is large? It fetches it once from an address that follows from the bytes, and keeps the latest; what is asked for again
 * is there at once, and after a reload the browser still has it.
 */

import { PayloadError } from "./errors";

/** Kept by the page. */
const MOST_KEPT = 4;

const kept = new Map<string, Promise<Uint8Array>>();

/** `address`: from the page's own address on. Raises `PayloadError` with a sentence for the person. */
export function fetched(address: string): Promise<Uint8Array> {
  const known = kept.get(address);
  kept.delete(address);
  const bytes = known ?? load(address);
  kept.set(address, bytes); // the latest stands last
  bytes.catch(() => kept.delete(address)); // asked for again, it is tried again
  const [oldest] = kept.keys();
  if (kept.size > MOST_KEPT) kept.delete(oldest);
  return bytes;
}

const LOST = "The data did not arrive. Reload the page.";

/** Bytes in gzip as they were. Raises `PayloadError` for damaged ones. */
export async function unzipped(bytes: Uint8Array): Promise<Uint8Array> {
  try {
    const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch {
    throw new PayloadError(LOST);
  }
}

async function load(address: string): Promise<Uint8Array> {
  const lost = new PayloadError(LOST);
  const answer = await fetch(new URL(address, document.baseURI), { cache: "force-cache" }).catch(() => null);
  if (!answer?.ok) throw lost;
  const bytes = await answer.arrayBuffer().catch(() => null);
  if (!bytes) throw lost;
  return new Uint8Array(bytes);
}
