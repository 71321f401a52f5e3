/**
 * What does the address of a page without a server say? Map, class and pins, as the app's links say them in their query; what else is on the
 * screen stands behind it, in `screen-url.ts`. Links of before have the map as `map` and the path through pins as `path`.
 */

import type { KeptPin, PinsAndPath } from "../kernel/pins";
import type { PathChoice } from "../wire/payload";
import { type LatentPathKind, MAX_NAME, MAX_PINS } from "../wire/schema";

export interface PageState extends PinsAndPath {
  readonly map: string;
  readonly label: string | null;
}

/** No code is that far from the prior; a larger number in a link is a mistake. */
const FAR = 1e3;

/** As many digits as a link carries, so that what is opened again is what was shown. */
export function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4 + 0;
}

export function writeFragment({ map, label, pins }: PageState, defaults: PageState): string {
  const parts = [
    map === defaults.map ? "" : `projection=${encodeURIComponent(map)}`,
    label === defaults.label || label === null ? "" : `as=${encodeURIComponent(label)}`,
    pins.length === 0 ? "" : `pins=${pins.map(pinText).join("~")}`,
  ];
  return parts.filter(Boolean).join("&");
}

/** Anything in a link that is not what `writeFragment` writes is nothing. */
export function readFragment(
  text: string,
  latentDim: number,
  kinds: readonly LatentPathKind[],
  defaults: PageState,
): PageState {
  const asked = new URLSearchParams(text.replace(/^#/, ""));
  const pins = (asked.get("pins") ?? "").split("~", MAX_PINS).flatMap((part) => readPin(part, latentDim));
  return {
    map: asked.get("projection") ?? asked.get("map") ?? defaults.map,
    label: asked.get("as") ?? defaults.label,
    pins,
    path: readPath(asked.get("path") ?? "", pins.length, kinds),
  };
}

/** 0.41_-1.2, for a place that was clicked on a map without an exact way there …!umap_7.1_3.02, and with a name …*tall%20seven. */
function pinText({ z, on, place, name }: KeptPin): string {
  const code = z.map(rounded).join("_");
  const where = place ? `!${encodeURIComponent(on)}_${rounded(place[0])}_${rounded(place[1])}` : "";
  // escaped twice, once as a part and once as an address, because pins are parted by what a name may hold
  return code + where + (name ? `*${encodeURIComponent(escapedName(name))}` : "");
}

/** No "~" is left, which parts pins. */
function escapedName(name: string): string {
  return encodeURIComponent(name).replace(/~/g, "%7E");
}

/** What `escapedName` made, at most as long as a name is; text that is none is no name. */
function nameOf(text: string): string {
  try {
    return [...decodeURIComponent(text)].slice(0, MAX_NAME).join("");
  } catch {
    return "";
  }
}

function readPin(text: string, latentDim: number): KeptPin[] {
  const [place_, ...named] = text.split("*");
  const name = nameOf(named.join("*"));
  const [code, where] = place_.split("!");
  const z = code.split("_").map(moderate);
  if (z.length !== latentDim || z.some(Number.isNaN)) return [];
  const [on, x, y] = (where ?? "").split("_");
  const place: [number, number] = [moderate(x ?? ""), moderate(y ?? "")];
  return [
    /^[a-z0-9]+$/i.test(on) && !place.some(Number.isNaN) ? { z, on, place, name } : { z, on: "", place: null, name },
  ];
}

function readPath(text: string, nPins: number, kinds: readonly LatentPathKind[]): PathChoice | null {
  const [kind, from, to, all] = text.split("_");
  const choice = { kind: kind as LatentPathKind, from: Number(from) - 1, to: Number(to) - 1, all: all === "all" };
  const isPin = (i: number): boolean => Number.isInteger(i) && i >= 0 && i < nPins;
  return kinds.includes(choice.kind) && isPin(choice.from) && isPin(choice.to) && choice.from !== choice.to
    ? choice
    : null;
}

/** A number that can be a coordinate, else NaN. */
function moderate(text: string): number {
  const value = text.trim() === "" ? NaN : Number(text);
  return Math.abs(value) < FAR ? value : NaN;
}
