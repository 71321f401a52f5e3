/** Which classes are shown? One number a class, so that a million points can be asked without a search. */

import type { RunOnMap } from "../data/run-on-map";

/** 1 shown, 0 hidden, for every class and, last, for points without one. */
export type Shown = Uint8Array;

export function allShown(nClasses: number): Shown {
  return new Uint8Array(nClasses + 1).fill(1);
}

export function toggled(shown: Shown, slot: number): Shown {
  const next = shown.slice();
  next[slot] = next[slot] ? 0 : 1;
  return next;
}

/** Only this class; if it already is alone, all of them. */
export function isolated(shown: Shown, slot: number): Shown {
  const isAlone = shown.every((value, i) => value === (i === slot ? 1 : 0));
  return isAlone ? shown.slice().fill(1) : only(shown.length, slot);
}

/** Only this one of `n` classes. */
export function only(n: number, slot: number): Shown {
  const next = new Uint8Array(n);
  next[slot] = 1;
  return next;
}

export interface ClassEntry {
  readonly slot: number;
  readonly name: string;
  readonly nPoints: number;
}

/** The classes that have points. */
export function classEntries(data: RunOnMap): ClassEntry[] {
  const { nClasses, perClass } = data;
  const slots = Array.from({ length: nClasses + 1 }, (_, slot) => slot).filter((slot) => perClass[slot] > 0);
  const name = (slot: number): string => data.className(slot === nClasses ? -1 : slot) ?? "no class";
  return slots.map((slot) => ({ slot, name: name(slot), nPoints: perClass[slot] }));
}
