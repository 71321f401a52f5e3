/** Which pins are there? Those that the host knows, and those that it has not answered yet. */

import type { PinRecord, Point } from "./blob";
import { pinLabel } from "./format";

/** How long a pin that the host has not confirmed survives the host's updates. */
export const PENDING_MS = 4000;

interface Pending {
  readonly pin: Omit<PinRecord, "label">;
  readonly since: number;
}

export class PinBook {
  private known: readonly PinRecord[] = [];
  private pending: Pending[] = [];

  /** `hostKeepsPins`: a host that hears of pins and never returns one has refused it; without a host they stay. */
  constructor(private readonly hostKeepsPins: boolean) {}

  all(): readonly PinRecord[] {
    const n = this.known.length;
    return [...this.known, ...this.pending.map(({ pin }, i) => ({ ...pin, label: pinLabel(n + i) }))];
  }

  add(map: Point, z: readonly number[], now: number): PinRecord {
    this.pending.push({ pin: { map, z }, since: now });
    const all = this.all();
    return all[all.length - 1];
  }

  /** What the host says now. */
  confirm(known: readonly PinRecord[], now: number): void {
    this.known = known;
    const isKnown = ({ map }: { readonly map: Point }): boolean => known.some((pin) => samePlace(pin.map, map));
    this.pending = this.pending.filter(({ pin, since }) => !isKnown(pin) && (!this.hostKeepsPins || now - since < PENDING_MS));
  }

  /** Another map: places mean something else. */
  clear(): void {
    this.pending = [];
  }
}

function samePlace(a: Point, b: Point): boolean {
  const near = (p: number, q: number): boolean => Math.abs(p - q) <= 1e-6 * Math.max(1, Math.abs(p));
  return near(a[0], b[0]) && near(a[1], b[1]);
}
