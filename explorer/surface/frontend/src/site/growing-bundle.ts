/**
 * How does a map stand before all of its run is here? The first part holds what its first map needs: places, codes, decoder, classifier. The
 * rest, the encoder and the other maps and classes, comes later, and the map that stands goes on with it.
 */

import { PayloadError } from "../wire/errors";
import type { HostRecord, Payload } from "../wire/payload";
import { outOfPlanes } from "../wire/planes";
import { RunBundle } from "../wire/run-bundle";
import {
  BUNDLE_FORMAT,
  BUNDLE_VERSION,
  type BundleContents,
  type BundleEntry,
  DEFAULT_OPTIONS,
  type Options,
  type SiteRun,
} from "../wire/schema";

export class GrowingBundle extends RunBundle {
  private whole: RunBundle | null = null;

  constructor(
    contents: BundleContents,
    private readonly firstPool: Uint8Array,
    /** What there is to choose from, once all is here. */
    private readonly offers: Pick<SiteRun, "maps" | "labels">,
    /** What this page wants otherwise than a page of one map. */
    private readonly options: Partial<Options>,
  ) {
    super(contents, firstPool);
  }

  get isWhole(): boolean {
    return this.whole !== null;
  }

  /** Whether map and class, where they are named, are those of the first part. */
  isHere(map: string, label: string | null): boolean {
    const [first] = this.contents.leaves;
    return this.isWhole || (map === first.map && (label === null || label === first.label));
  }

  /** Nothing more is to come. */
  complete(): void {
    this.whole = new RunBundle(this.contents, this.firstPool);
  }

  /** bytes: of the rest, inflated. */
  grow(bytes: Uint8Array): void {
    const { contents, pool } = split(bytes);
    const first = this.firstPool.byteLength;
    const shifted = contents.pool.map((entry) => ({ ...entry, offset: entry.offset + first }));
    const all = new Uint8Array(first + pool.byteLength);
    all.set(this.firstPool);
    all.set(pool, first);
    this.whole = new RunBundle({ ...contents, pool: [...this.contents.pool, ...shifted] }, all);
  }

  /** Until all is here it is the first map's, whichever is wanted: who brings the rest shows the wanted one then. */
  override entry(map: string, label: string | null): BundleEntry {
    return this.whole?.entry(map, label) ?? super.entry(map, label);
  }

  override maps(): ReturnType<RunBundle["maps"]> {
    return this.offers.maps;
  }

  override labels(): readonly string[] {
    return this.offers.labels;
  }

  override bytes(entry: BundleEntry, dynamic: Partial<HostRecord>): Uint8Array {
    const options = { ...DEFAULT_OPTIONS, ...dynamic.options, ...this.options };
    const wanted = { ...dynamic, options };
    return this.whole?.bytes(entry, wanted) ?? super.bytes(entry, wanted);
  }

  override payload(entry: BundleEntry): Payload {
    return this.whole?.payload(entry) ?? super.payload(entry);
  }
}

/** bytes: of the first part, inflated. Raises `PayloadError` with a sentence for the person. */
export function growing(
  bytes: Uint8Array,
  offers: Pick<SiteRun, "maps" | "labels">,
  options: Partial<Options>,
): GrowingBundle {
  const { contents, pool } = split(bytes);
  return new GrowingBundle(contents, pool, offers, options);
}

/** The pool is a copy: arrays begin at multiples of eight of its own. */
function split(raw: Uint8Array): { readonly contents: BundleContents; readonly pool: Uint8Array } {
  const damaged = "A map of this site is damaged or of another version. Write the site again.";
  try {
    const length = new DataView(raw.buffer, raw.byteOffset).getUint32(0, true);
    const contents = JSON.parse(new TextDecoder().decode(raw.subarray(4, 4 + length))) as BundleContents;
    if (contents.format === BUNDLE_FORMAT && contents.version === BUNDLE_VERSION) {
      const pool = raw.slice(4 + length);
      outOfPlanes(pool, contents.pool);
      return { contents, pool };
    }
  } catch {
    // falls through to the one sentence below
  }
  throw new PayloadError(damaged);
}
