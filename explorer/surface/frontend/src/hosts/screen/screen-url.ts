/**
 * How does a link carry what stands on the screen? As parameters of the fragment, each for itself: what is damaged, foreign or too long is
 * left out and the rest counts. Nothing is evaluated; a name that the map does not have is nothing there.
 *
 *   v=1&of=mnist-20d/umap&cam=0.41_-1.2_7.5&bg=support&over=rings_labels&tiles=steps&by=kl&hide=3_4&tab=pins&side=0&group=…&groups=…
 *   &plane=…&at=0.41_-1.2&walk=linear_1_3_all&film=0.5&ink=…
 *   v=1&of.1=mnist-2d/latent&cam.1=0.41_-1.2_7.5&of.2=mnist-20d/pca&bg.2=support     of maps beside each other
 *
 * What is not here: what a drag does, what is open over the map, what is searched for, presenter size, and a film that plays are a
 * person's own moment; the theme and the folded column's width are the browser's.
 *
 * Groups and strokes are whole numbers, each told by its distance from the one before: seven bits a letter of base64 and a half, most of
 * them one byte.
 */

import type { GroupRecord, PlaneRecord, ProbeRecord, Screen, StrokeRecord } from "../../kernel/screen";
import type { PathChoice } from "../../wire/payload";
import { LATENT_PATH_KINDS, MAX_NAME, MAX_PINS } from "../../wire/schema";

const VERSION = "1";
const MAX_LETTERS = 40_000;
const MAX_NUMBERS = 200_000;
const MAX_WORDS = 400;
/** No camera, code or drawing is that far out; a larger number in a link is a mistake. */
const FAR = 1e5;
/** Strokes are told in steps of a sixteenth of a pixel of the model's frame. */
const STEPS = 16;

interface Field<T> {
  readonly key: string;
  write(value: T): string;
  /** Null: damaged. */
  read(text: string): T | null;
}

type Fields = { readonly [Name in keyof Screen]: Field<NonNullable<Screen[Name]>> };

const word = (key: string): Field<string> => ({
  key,
  write: (value) => value,
  read: (text) => (/^[\w.:/ -]{1,200}$/.test(text) ? text : null),
});

const FIELDS: Fields = {
  of: word("of"),
  camera: {
    key: "cam",
    write: (camera) => camera.map(short).join("_"),
    read: (text) => {
      const found = numbers(text);
      return found?.length === 3 && found[2] > 0 ? [found[0], found[1], found[2]] : null;
    },
  },
  background: word("bg"),
  overlays: {
    key: "over",
    write: (ids) => ids.join("_"),
    read: (text) => (/^[\w-]{0,400}$/.test(text) ? text.split("_").filter(Boolean) : null),
  },
  tiles: word("tiles"),
  colour: word("by"),
  hidden: { key: "hide", write: (slots) => slots.join("_"), read: wholes },
  tab: word("tab"),
  isSideOpen: {
    key: "side",
    write: (isOpen) => (isOpen ? "1" : "0"),
    read: (text) => (text === "0" || text === "1" ? text === "1" : null),
  },
  selection: {
    key: "group",
    write: packed,
    read: (text) => {
      const found = unpacked(text);
      return found?.every((i) => i >= 0) ? found : null;
    },
  },
  groups: { key: "groups", write: groupsText, read: readGroups },
  plane: { key: "plane", write: planeText, read: readPlane },
  probe: { key: "at", write: probeText, read: readProbe },
  film: {
    key: "film",
    write: short,
    read: (text) => {
      const found = numbers(text);
      return found?.length === 1 && found[0] >= 0 && found[0] <= 1 ? found[0] : null;
    },
  },
  walk: { key: "walk", write: walkText, read: readWalk },
  strokes: { key: "ink", write: (strokes) => packed(inkOf(strokes)), read: (text) => strokesOf(unpacked(text)) },
};
const NAMES = Object.keys(FIELDS) as (keyof Screen)[];

/**
 * Of a map beside others, `column` from 1: what does not move with them, in a link “cam.2” is the camera of the second; and of the one map
 * that the others follow what is looked at.
 */
const OF_COLUMN: readonly string[] = ["of", "cam", "bg", "over", "tiles", "by", "hide", "plane", "at"];

/** What of a link could be read. */
export interface LinkedScreen {
  readonly screen: Partial<Screen>;
  /** One sentence on what could not; "" where all could. */
  readonly complaint: string;
}

/** Only what is not as the view shows it at first; "" where all is. */
export function writeScreen(now: Screen, first: Partial<Screen>, column = 0): string {
  const parts = namesOf(column).flatMap((name) => {
    const value = now[name];
    if (name === "of" || value === null || JSON.stringify(value) === JSON.stringify(first[name])) return [];
    return [part(name, value, column)];
  });
  return parts.length === 0 ? "" : [`v=${VERSION}`, part("of", now.of, column), ...parts].join("&");
}

/** The fragment with `text` in place of what it said of that column; of a map alone it says nothing else. */
export function withScreen(fragment: string, text: string, column: number): string {
  if (column === 0) return text;
  const columnOf = (one: string): number => Number(/^[a-z]+\.(\d)=/.exec(one)?.[1] ?? 0);
  const others = fragment.replace(/^#/, "").split("&");
  const parts = [...others.filter((one) => columnOf(one) !== column), ...text.split("&")]
    .filter((one) => columnOf(one) > 0)
    .sort((one, other) => columnOf(one) - columnOf(other));
  return parts.length === 0 ? "" : [`v=${VERSION}`, ...parts].join("&");
}

export function readScreen(fragment: string, column = 0): LinkedScreen {
  const asked = new URLSearchParams(fragment.replace(/^#/, "").slice(0, 2 * MAX_LETTERS));
  const version = asked.get("v");
  if (version === null) return { screen: {}, complaint: "" };
  if (version !== VERSION)
    return {
      screen: {},
      complaint: "This link was made by another version; what it says of camera and layers is left out.",
    };
  const found = namesOf(column).flatMap((name) => {
    const text = asked.get(keyOf(name, column));
    return text === null ? [] : [[name, text.length > MAX_LETTERS ? null : FIELDS[name].read(text)] as const];
  });
  const damaged = found.filter(([, value]) => value === null).map(([name]) => keyOf(name, column));
  return {
    screen: Object.fromEntries(found.filter(([, value]) => value !== null)),
    complaint:
      damaged.length === 0
        ? ""
        : `A part of this link is damaged and left out (${damaged.join(", ")}); the rest is shown.`,
  };
}

/** What a link says of that column. */
export function linkedPart(screen: Screen, column: number): Partial<Screen> {
  return Object.fromEntries(namesOf(column).map((name) => [name, screen[name]]));
}

function namesOf(column: number): readonly (keyof Screen)[] {
  return column === 0 ? NAMES : NAMES.filter((name) => OF_COLUMN.includes(FIELDS[name].key));
}

function keyOf(name: keyof Screen, column: number): string {
  return column === 0 ? FIELDS[name].key : `${FIELDS[name].key}.${column}`;
}

function part(name: keyof Screen, value: unknown, column: number): string {
  const { write } = FIELDS[name] as Field<unknown>;
  return `${keyOf(name, column)}=${encodeURIComponent(write(value)).replace(/%2F/g, "/").replace(/%3A/g, ":")}`;
}

// ---- numbers -------------------------------------------------------------------------------------------------------

function short(value: number): string {
  return String(Number(value.toPrecision(6)));
}

function numbers(text: string): number[] | null {
  const found = text.split("_").map((one) => (one.trim() === "" ? Number.NaN : Number(one)));
  return found.every((value) => Math.abs(value) < FAR) ? found : null;
}

function wholes(text: string): number[] | null {
  const found = text === "" ? [] : numbers(text);
  return found?.every((value) => Number.isInteger(value) && value >= 0) ? found : null;
}

/** Whole numbers, each as its distance from the one before, in bytes of seven bits, the lowest first. */
export function packed(values: readonly number[]): string {
  const bytes: string[] = [];
  let before = 0;
  for (const value of values) {
    const step = value - before;
    before = value;
    let rest = step < 0 ? -2 * step - 1 : 2 * step;
    for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push(String.fromCharCode(128 + (rest % 128)));
    bytes.push(String.fromCharCode(rest));
  }
  return btoa(bytes.join("")).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
}

export function unpacked(text: string): number[] | null {
  const values: number[] = [];
  let before = 0;
  let [rest, place] = [0, 1];
  try {
    for (const letter of atob(text.replace(/-/g, "+").replace(/_/g, "/"))) {
      const byte = letter.charCodeAt(0);
      rest += (byte % 128) * place;
      place *= 128;
      if (place > 2 ** 42 || values.length >= MAX_NUMBERS) return null;
      if (byte > 127) continue;
      before += rest % 2 ? -(rest + 1) / 2 : rest / 2;
      values.push(before);
      [rest, place] = [0, 1];
    }
  } catch {
    return null; // no base64
  }
  return place === 1 ? values : null;
}

// ---- groups, what is looked at, and the path through pins ---------------------------------------------------------

const MAX_GROUPS = 40;

/** A name and its points; "~" and "!" part them, so that names have none. */
function groupsText(groups: readonly GroupRecord[]): string {
  return groups
    .map(
      ({ name, indices }) =>
        `${name.replace(/[~!%]/g, (letter) => `%${letter.charCodeAt(0).toString(16)}`)}!${packed(indices)}`,
    )
    .join("~");
}

function readGroups(text: string): GroupRecord[] | null {
  const found = text.split("~").map((one): GroupRecord | null => {
    const [escaped, rows, ...more] = one.split("!");
    const indices = unpacked(rows ?? "");
    const name = plain(escaped);
    const isSound = more.length === 0 && name !== null && name !== "" && [...name].length <= MAX_NAME;
    return isSound && indices?.length && indices.every((i) => i >= 0) ? { name, indices } : null;
  });
  const groups = found.filter((one) => one !== null);
  return found.length <= MAX_GROUPS && groups.length === found.length ? groups : null;
}

function plain(escaped: string): string | null {
  try {
    return decodeURIComponent(escaped);
  } catch {
    return null;
  }
}

function probeText({ at, z, heading }: ProbeRecord): string {
  const place = at.map(short).join("_");
  return z.length === 0
    ? place
    : `${place}~${z.map(short).join("_")}~${heading.replace(/~/g, "-").slice(0, MAX_WORDS)}`;
}

function readProbe(text: string): ProbeRecord | null {
  const [place, code, heading, ...more] = text.split("~");
  const [at, z] = [numbers(place), code === undefined ? [] : numbers(code)];
  const isSound = at?.length === 2 && z && more.length === 0 && (heading ?? "").length <= MAX_WORDS;
  return isSound ? { at: [at[0], at[1]], z, heading: heading ?? "" } : null;
}

function walkText({ kind, from, to, all }: PathChoice): string {
  return `${kind}_${from + 1}_${to + 1}${all ? "_all" : ""}`;
}

function readWalk(text: string): PathChoice | null {
  const [kind, from, to, all, ...more] = text.split("_");
  const known = LATENT_PATH_KINDS.find((one) => one === kind);
  const [first, last] = [Number(from) - 1, Number(to) - 1];
  const isPin = (i: number): boolean => Number.isInteger(i) && i >= 0 && i < MAX_PINS;
  const isSound = known && isPin(first) && isPin(last) && first !== last && more.length === 0;
  return isSound && (all === undefined || all === "all")
    ? { kind: known, from: first, to: last, all: all === "all" }
    : null;
}

// ---- planes and drawings -------------------------------------------------------------------------------------------

function planeText({ title, note, labels, origin, basis }: PlaneRecord): string {
  return [title, note, ...labels, origin.map(short).join("_"), basis.map(short).join("_")]
    .map((text) => text.slice(0, MAX_LETTERS).replace(/~/g, "-"))
    .join("~");
}

function readPlane(text: string): PlaneRecord | null {
  const [title, note, x, y, first, second, ...more] = text.split("~");
  const [origin, basis] = [numbers(first ?? ""), numbers(second ?? "")];
  const words = [title, note, x, y].every((one) => one !== undefined && one.length <= MAX_WORDS);
  if (!words || !origin || !basis || !isOrthonormal(basis, origin.length) || more.length > 0) return null;
  return { title, note, labels: [x, y], origin, basis };
}

/** Two rows (2·K,) to a thousandth: on any other pair places and distances would be false ones, or none. */
function isOrthonormal(basis: readonly number[], K: number): boolean {
  const product = (a: number, b: number): number =>
    Array.from({ length: K }, (_, k) => basis[a * K + k] * basis[b * K + k]).reduce((sum, value) => sum + value, 0);
  const isNear = (value: number, wanted: number): boolean => Math.abs(value - wanted) < 1e-3;
  return basis.length === 2 * K && isNear(product(0, 0), 1) && isNear(product(1, 1), 1) && isNear(product(0, 1), 0);
}

/** pen 0 or eraser 1, its width, how many dots, and they: x and y from dot to dot are near each other, so x and y of a dot are told apart. */
function inkOf(strokes: readonly StrokeRecord[]): number[] {
  const steps = (value: number): number => Math.round(value * STEPS);
  return strokes.flatMap(({ tool, width, dots }) => [
    tool === "pen" ? 0 : 1,
    steps(width),
    dots.length,
    ...dots.map(([x]) => steps(x)),
    ...dots.map(([, y]) => steps(y)),
  ]);
}

function strokesOf(found: readonly number[] | null): StrokeRecord[] | null {
  const strokes: StrokeRecord[] = [];
  for (let at = 0; found && at < found.length; ) {
    const [tool, width, n] = found.slice(at, at + 3);
    const dots = found.slice(at + 3, at + 3 + 2 * n).map((value) => value / STEPS);
    const isSound = (tool === 0 || tool === 1) && width > 0 && n > 0 && dots.length === 2 * n;
    if (!isSound || dots.some((value) => Math.abs(value) > FAR)) return null;
    strokes.push({
      tool: tool === 0 ? "pen" : "eraser",
      width: width / STEPS,
      dots: dots.slice(0, n).map((x, i) => [x, dots[n + i]] as const),
    });
    at += 3 + 2 * n;
  }
  return found && strokes;
}
