/** Which pins does the played path go through? Its ends are remembered by their codes, so that it survives pins that come, go and move. */

import { stopsOf, through } from "../data/interpolation";
import type { PathChoice } from "../wire/payload";
import type { PathRecord, PinRecord, Point } from "../wire/schema";

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

/** What the player plays. */
export function pathOn(
  ends: PathEnds | null,
  pins: readonly PinRecord[],
  placeOf: (z: ArrayLike<number>) => Point,
): PathRecord | null {
  const choice = choiceOf(ends, pins);
  if (!choice) return null;
  const stops = stopsOf(choice);
  const z = through(
    stops.map((i) => pins[i].z),
    choice.kind,
  );
  const map = z.map(placeOf);
  // a pin stands where it was put, which on a layout need not be where its code would be placed
  stops.forEach((i, leg) => (map[(leg * (z.length - 1)) / (stops.length - 1)] = pins[i].map));
  const title = stops.length > 2 ? `${stops.length}-pin ${choice.kind}` : choice.kind;
  return { title, z, map, ends: [pins[choice.from].label, pins[choice.to].label] };
}

function key({ z }: PinRecord): string {
  return z.map((value) => value.toFixed(4)).join();
}
