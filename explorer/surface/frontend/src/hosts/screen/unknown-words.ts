/** What does a link ask for that its map does not have? One table for every part that names or numbers something of the map. */

import type { Offered, Screen } from "../../kernel/screen";

/** What a map has beside its words. */
export interface MapFacts {
  readonly nPoints: number;
  readonly nClasses: number;
  readonly latentDim: number;
}

interface Word {
  readonly kind: string;
  /** Where the map's words for it are. */
  readonly of: keyof Offered;
}

const WORDS: { readonly [Name in keyof Screen]?: Word } = {
  background: { kind: "background", of: "bg" },
  overlays: { kind: "layer", of: "over" },
  tiles: { kind: "order of decoded tiles", of: "tiles" },
  colour: { kind: "colour", of: "by" },
  tab: { kind: "tab", of: "tab" },
};

/** What is counted: what the link asks for beyond what is there, and what is there; null where all is. */
const COUNTS: { readonly [Name in keyof Screen]?: (screen: Partial<Screen>, map: MapFacts) => string | null } = {
  // the slot after the last class is that of points without one
  hidden: ({ hidden }, { nClasses }) => beyond("class", hidden?.filter((slot) => slot !== nClasses) ?? [], nClasses),
  selection: ({ selection }, { nPoints }) => beyond("point", selection ?? [], nPoints),
  groups: ({ groups }, { nPoints }) => beyond("point", groups?.flatMap(({ indices }) => indices) ?? [], nPoints),
  plane: ({ plane }, { latentDim }) => otherSpace("plane", plane?.origin.length, latentDim),
  probe: ({ probe }, { latentDim }) => otherSpace("code", probe?.z.length || undefined, latentDim),
};

const LONGEST = 40;

/** One sentence for each part of the link that this map has not; "" where it has all. */
export function unknownWords(screen: Partial<Screen>, offered: Offered, map: MapFacts): string {
  return (Object.keys(screen) as (keyof Screen)[])
    .flatMap((name) => [wordSentence(name, screen[name], offered), COUNTS[name]?.(screen, map) ?? null])
    .filter(Boolean)
    .join(" ");
}

function wordSentence(name: keyof Screen, value: unknown, offered: Offered): string | null {
  const word = WORDS[name];
  if (!word) return null;
  const unknown = [value].flat().find((one) => !offered[word.of].includes(String(one)));
  if (unknown === undefined) return null;
  return `There is no ${word.kind} “${cut(String(unknown))}” on this map, which has ${offered[word.of].join(", ")}.`;
}

function beyond(kind: string, numbers: readonly number[], n: number): string | null {
  const wrong = numbers.find((number) => number >= n);
  return wrong === undefined ? null : `There is no ${kind} ${wrong} on this map; they go from 0 to ${n - 1}.`;
}

function otherSpace(kind: string, n: number | undefined, latentDim: number): string | null {
  return n === undefined || n === latentDim
    ? null
    : `The ${kind} in this link has ${n} numbers; codes of this run have ${latentDim}.`;
}

function cut(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}
