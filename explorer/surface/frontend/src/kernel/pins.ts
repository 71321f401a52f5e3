/** Which pins are there? Those that the host knows, and those that it has not answered yet. */

import { pinLabel } from "../ui/format";
import type { PinRecord, Point } from "../wire/payload";

/** How long a pin that the host has not confirmed survives the host's updates. */
export const PENDING_MS = 4000;
/** As many as a host keeps; the oldest goes. */
export const MAX_PINS = 26;
/** Letters of a name. */
export const MAX_NAME = 40;

/** What a person does to the pins that are there; the host, which keeps them, does it. */
export type PinEdit =
  | { readonly kind: "drop"; readonly index: number }
  | { readonly kind: "rename"; readonly index: number; readonly name: string }
  | { readonly kind: "clear" | "undo" | "redo" }
  /** A path was drawn by hand: places on the map. Only for a host that says that it keeps them. */
  | { readonly kind: "drawn"; readonly places: readonly (readonly [number, number])[] };

/** “A”, or with its name “A, a tall seven”. */
export function pinName({ label, name }: PinRecord): string {
  return name ? `${label}, ${name}` : label;
}

interface Pending {
  readonly pin: Omit<PinRecord, "label">;
  readonly since: number;
  /** The name of the event by which the host hears of it. */
  readonly nonce: string;
}

export class PinBook {
  private known: readonly PinRecord[] = [];
  private pending: Pending[] = [];

  /** `hostKeepsPins`: a host that hears of pins and never returns one has refused it; without a host they stay. */
  constructor(private readonly hostKeepsPins: boolean) {}

  all(): readonly PinRecord[] {
    const every = [...this.known, ...this.pending.map(({ pin }) => pin)].slice(-MAX_PINS);
    return every.map((pin, i) => ({ ...pin, label: pinLabel(i) }));
  }

  add(map: Point, z: readonly number[], now: number, nonce = ""): PinRecord {
    this.pending.push({ pin: { map, z }, since: now, nonce });
    const all = this.all();
    return all[all.length - 1];
  }

  /** What the host says now: its pins, and the events that it has counted, whether it kept them or not. */
  confirm(known: readonly PinRecord[], now: number, taken: readonly string[] = []): void {
    this.known = known;
    const isKnown = ({ z }: { readonly z: readonly number[] }): boolean => known.some((pin) => sameCode(pin.z, z));
    const isOver = ({ pin, since, nonce }: Pending): boolean =>
      taken.includes(nonce) || isKnown(pin) || (this.hostKeepsPins && now - since >= PENDING_MS);
    this.pending = this.pending.filter((pending) => !isOver(pending));
  }

  /** Forgets pins that the host had time to confirm; true if there were any. */
  expire(now: number): boolean {
    const before = this.pending.length;
    if (this.hostKeepsPins) this.pending = this.pending.filter(({ since }) => now - since < PENDING_MS);
    return this.pending.length < before;
  }

  /** Another map: places mean something else. */
  clear(): void {
    this.pending = [];
  }
}

/** The host computes the code itself, from the place and in its own precision, and may round it for a link. */
function sameCode(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => Math.abs(value - b[i]) <= 2e-3 * Math.max(1, Math.abs(value)));
}
