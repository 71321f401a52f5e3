/** Which pins does the played path go through? Its ends are remembered by their codes, so that it survives pins that come, go and move. */

import { joined, stopsOf, through } from "../data/interpolation";
import type { PathChoice } from "../wire/payload";
import type { LegRecord, PathRecord, PinRecord, Point } from "../wire/schema";
import { keyOf, type Ways } from "./geodesics";

export interface PathEnds {
  readonly kind: PathChoice["kind"];
  readonly all: boolean;
  /** Codes as text. */
  readonly from: string;
  readonly to: string;
}

export function endsOf(choice: PathChoice | null, pins: readonly PinRecord[]): PathEnds | null {
  const [from, to] = choice ? [pins[choice.from], pins[choice.to]] : [];
  return choice && from && to ? { kind: choice.kind, all: choice.all, from: key(from), to: key(to) } : null;
}

/** By today's numbers of the pins; null without a path, or where an end of it is gone. */
export function choiceOf(ends: PathEnds | null, pins: readonly PinRecord[]): PathChoice | null {
  if (!ends) return null;
  const { kind, all, from, to } = ends;
  const keys = pins.map(key);
  const [first, last] = [keys.indexOf(from), keys.lastIndexOf(to)];
  return first >= 0 && last >= 0 && first !== last ? { kind, all, from: first, to: last } : null;
}

/** Legs of a path through pins whose geodesics are asked for; none where a formula says how two stops are joined. */
function legsThrough(choice: PathChoice, pins: readonly PinRecord[], label: number): LegRecord[] {
  if (choice.kind !== "geodesic") return [];
  const as = label < 0 ? null : label;
  const codes = stopsOf(choice).map((i) => pins[i].z);
  return codes.slice(1).map((b, i) => ({ a: codes[i], b, label_a: as, label_b: as, of: "" }));
}

/** What the player plays: a line until the geodesic is among the ways that were found. label: the class as which all is decoded, −1 for none. */
export function pathOn(
  ends: PathEnds | null,
  pins: readonly PinRecord[],
  placeOf: (z: ArrayLike<number>) => Point,
  ways: Ways | null = null,
  label = -1,
): PathRecord | null {
  const choice = choiceOf(ends, pins);
  if (!choice) return null;
  const stops = stopsOf(choice);
  const legs = legsThrough(choice, pins, label);
  const isFound = legs.length > 0 && ways?.key === keyOf(legs);
  const kind = choice.kind === "geodesic" ? "linear" : choice.kind;
  const codes = stops.map((i) => pins[i].z);
  const z = isFound ? joined(ways.codes) : through(codes, kind);
  const map = z.map(placeOf);
  // a pin stands where it was put, which on a layout need not be where its code would be placed
  stops.forEach((i, leg) => (map[(leg * (z.length - 1)) / (stops.length - 1)] = pins[i].map));
  const title = `${stops.length > 2 ? `${stops.length}-pin ` : ""}${isFound ? choice.kind : kind}`;
  const missing = isFound ? [] : legs;
  const names = [pins[choice.from].label, pins[choice.to].label];
  return { title, z, map, ends: names, missing, is_meanwhile: missing.length > 0 };
}

function key({ z }: PinRecord): string {
  return z.map((value) => value.toFixed(4)).join();
}
