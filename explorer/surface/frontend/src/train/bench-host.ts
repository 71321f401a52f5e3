/** What can only some hosts of the Train page do? The app has more images, and makes runs; a file and a notebook have neither. */

/** Images that a host has. */
export interface Offer {
  /** By which they are asked for. */
  readonly name: string;
  readonly title: string;
}

export interface BenchHost {
  readonly offers: readonly Offer[];
  /** Sends for the images of that name. */
  choose(name: string): void;
  /** Makes a run of what was kept, a zip; null where only a file can be made. */
  readonly keep: ((stem: string, zip: Uint8Array<ArrayBuffer>) => void) | null;
}

export const NO_HOST: BenchHost = { offers: [], choose: () => undefined, keep: null };
