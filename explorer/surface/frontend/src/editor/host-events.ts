/** What do a host and its map say to each other? */

import type { Posterior } from "../engine/model";
import type { How } from "../geometry/inverse";
import type { PinEdit } from "../kernel/pins";
import type { OwnPicture } from "../kernel/state";
import type { PathChoice } from "../wire/payload";
import type { FrameStats } from "./frame-stats";

/** What the host hears of a new pin. */
export interface Pin {
  /** Makes two pins at one place two events, and lets a host say which it has counted. */
  readonly nonce: string;
  readonly map: [number, number];
  readonly z: number[];
  readonly how: How;
  readonly support: number;
  /** The code is not that of the place on the host's map: sliders chose it, or a plane of one's own. */
  readonly isOwnCode: boolean;
}

export interface Callbacks {
  onPin?(pin: Pin): void;
  /** What the person wants done to the pins; the host does it and says so by an update. */
  onEdit?(edit: PinEdit, nonce: string): void;
  /** The path through pins that the person chose, for a host that keeps it. */
  onWalk?(choice: PathChoice | null): void;
  /** Another class to decode as, by its name; the host's chooser shall follow. */
  onClass?(name: string): void;
  /** The film of the training in the map's place, of a host that has one. */
  onFilm?(): void;
  /** A picture of the person's own that the host shall look at: PNG, its name, the steps of its preparation that were left out. */
  onPicture?(png: Uint8Array, name: string, off: readonly string[]): void;
}

export interface Surface {
  update(bytes: Uint8Array): void;
  destroy(): void;
  /** Names of the pin events that the host says it has counted. */
  taken(): readonly string[];
  /** The codes of the pins that the host keeps. */
  pinned(): readonly (readonly number[])[];
  /** Which run and map is shown: a place means something else on another. */
  mapId(): string;
  /** x (C·H·W,) in [0, 1]. */
  encode(x: Float32Array): Posterior;
  /** x_hat (C·H·W,) in [0, 1]. */
  decode(z: ArrayLike<number>): Float32Array;
  moveProbe(map: readonly [number, number]): void;
  /** A picture of the host's own whose true posterior may be asked for; “none yet” for one that may come. */
  study(picture: OwnPicture): void;
  stats(): FrameStats;
  /** Forgets the measured frames. */
  resetStats(): void;
  /** Shows everything again and forgets the measured frames. */
  reset(): void;
}

let eventCount = 0;

/** A name for an event that no other event of this page has. */
export function nonce(): string {
  return `${Date.now()}-${++eventCount}`;
}
