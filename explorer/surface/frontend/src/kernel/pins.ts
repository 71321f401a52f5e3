/** Which pins are there? Those that the host knows and those that it has not answered yet; and those that a page without a server keeps itself. */

import { pinLabel } from "../ui/format";
import type { PathChoice } from "../wire/payload";
import { type LegRecord, MAX_NAME, MAX_PAST, MAX_PINS, type PinRecord, type Point } from "../wire/schema";

/** How long a pin waits for the host's answer: with thirty people at one server, or on an old computer, a rerun can take many seconds. */
export const PENDING_MS = 60_000;

/** What a person does to the pins that are there; the host, which keeps them, does it. */
export type PinEdit =
  | { readonly kind: "drop"; readonly index: number }
  | { readonly kind: "rename"; readonly index: number; readonly name: string }
  | { readonly kind: "clear" | "undo" | "redo" }
  /** A path was drawn by hand: places on the map. Only for a host that says that it keeps them. */
  | { readonly kind: "drawn"; readonly places: readonly (readonly [number, number])[] }
  /** Geodesics were found that the host asked for. */
  | {
      readonly kind: "geodesic";
      readonly ways: readonly (LegRecord & { readonly z: readonly (readonly number[])[] })[];
    };

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

/** Pins as the map shows them: at once, before the host has answered. */
export interface PinsState {
  readonly known: readonly PinRecord[];
  readonly pending: readonly Pending[];
  /** A host that hears of pins and never returns one has refused it; without a host that listens they stay. */
  readonly hostKeepsPins: boolean;
  /** When the last one began to fall, performance.now(). */
  readonly droppedAt: number;
}

export type PinsEvent =
  | { readonly kind: "added"; readonly map: Point; readonly z: readonly number[]; readonly nonce: string }
  /** What the host says now: its pins, and the events that it has counted, whether it kept them or not. */
  | { readonly kind: "confirmed"; readonly known: readonly PinRecord[]; readonly taken: readonly string[] }
  /** Time went by: the host may have no further word for us. */
  | { readonly kind: "waited" }
  /** Another map: places mean something else. */
  | { readonly kind: "map changed" };

export function noPins(hostKeepsPins: boolean): PinsState {
  return { known: [], pending: [], hostKeepsPins, droppedAt: -Infinity };
}

/** As the host letters and limits them. */
export function allPins({ known, pending }: PinsState): readonly PinRecord[] {
  const every = [...known, ...pending.map(({ pin }) => pin)].slice(0, MAX_PINS);
  return every.map((pin, i) => ({ ...pin, label: pinLabel(i) }));
}

export function reducePins(state: PinsState, event: PinsEvent, now: number): PinsState {
  const isLate = ({ since }: Pending): boolean => state.hostKeepsPins && now - since >= PENDING_MS;
  switch (event.kind) {
    case "added": {
      const { map, z, nonce } = event;
      return { ...state, pending: [...state.pending, { pin: { map, z }, since: now, nonce }], droppedAt: now };
    }
    case "confirmed": {
      const { known, taken } = event;
      const isKnown = ({ z }: { readonly z: readonly number[] }): boolean => known.some((pin) => sameCode(pin.z, z));
      const isOver = (one: Pending): boolean => taken.includes(one.nonce) || isKnown(one.pin) || isLate(one);
      return { ...state, known, pending: state.pending.filter((one) => !isOver(one)) };
    }
    case "waited":
      return state.pending.some(isLate) ? { ...state, pending: state.pending.filter((one) => !isLate(one)) } : state;
    case "map changed":
      return { ...state, pending: [] };
  }
}

/** Whether two codes are one pin's. The host computes the code itself, from the place and in its own precision, and may round it for a link. */
export function sameCode(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => Math.abs(value - b[i]) <= 2e-3 * Math.max(1, Math.abs(value)));
}

// ---- a host without a server keeps the pins itself --------------------------------------------------------------------

/** A kept code z (K,). */
export interface KeptPin {
  readonly z: readonly number[];
  /** Name of the map on which `place` is; "" for none. */
  readonly on: string;
  /** Where it was clicked, where a map has no exact way from code to place. */
  readonly place: Point | null;
  /** What the person calls it; "" for no name. */
  readonly name: string;
}

export interface PinsAndPath {
  readonly pins: readonly KeptPin[];
  readonly path: PathChoice | null;
}

export interface KeptPins extends PinsAndPath {
  readonly past: readonly PinsAndPath[];
  readonly future: readonly PinsAndPath[];
}

/** What a person did, of which the pins of the host without a server are the result. */
export function reduceKept(kept: KeptPins, edit: PinEdit | { readonly kind: "add"; readonly pin: KeptPin }): KeptPins {
  const { pins, path } = kept;
  switch (edit.kind) {
    case "add": {
      return pins.length < MAX_PINS ? stepped(kept, { pins: [...pins, edit.pin], path }) : kept;
    }
    case "drop": {
      const { index } = edit;
      const moved = (i: number): number => (i === index ? -1 : i > index ? i - 1 : i);
      return stepped(kept, { pins: pins.filter((_, i) => i !== index), path: movedPath(path, moved) });
    }
    case "rename": {
      const name = edit.name.slice(0, MAX_NAME);
      return stepped(kept, { pins: pins.map((pin, i) => (i === edit.index ? { ...pin, name } : pin)), path });
    }
    case "clear":
      return stepped(kept, { pins: [], path: null });
    case "undo": {
      const before = kept.past[kept.past.length - 1];
      return before ? { ...before, past: kept.past.slice(0, -1), future: [...kept.future, { pins, path }] } : kept;
    }
    case "redo": {
      const after = kept.future[kept.future.length - 1];
      return after ? { ...after, past: [...kept.past, { pins, path }], future: kept.future.slice(0, -1) } : kept;
    }
    case "drawn":
    case "geodesic":
      return kept; // only for hosts that keep paths
  }
}

/** A step that can be taken back. */
function stepped({ pins, path, past }: KeptPins, next: PinsAndPath): KeptPins {
  return { ...next, past: [...past, { pins, path }].slice(-MAX_PAST), future: [] };
}

/** The path with its pins' new numbers; null where an end is gone (below 0). */
function movedPath(path: PathChoice | null, moved: (i: number) => number): PathChoice | null {
  if (!path) return null;
  const next = { ...path, from: moved(path.from), to: moved(path.to) };
  return next.from < 0 || next.to < 0 ? null : next;
}
