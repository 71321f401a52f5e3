/** What of the screen does the address keep? Read once for a map that comes, written when the map has changed. */

import { type SavedGroup, saveGroups } from "../../data/saved-groups";
import type { Plane } from "../../geometry/planes";
import { choiceOf } from "../../kernel/path-ends";
import { allPins } from "../../kernel/pins";
import {
  type GroupRecord,
  type PlaneRecord,
  type ProbeRecord,
  SCREEN,
  type Screen,
  type ScreenSource,
  WHICH_SCREEN,
} from "../../kernel/screen";
import type { MapState, Probe } from "../../kernel/state";
import { TABS } from "../../kernel/tabs";
import { linkedPart, readScreen, withScreen, writeScreen } from "./screen-url";
import { unknownWords } from "./unknown-words";

/** Where the fragment stands. */
export interface Fragment {
  read(): string;
  /** Without an entry in the history. */
  write(text: string): void;
  /** Calls where a person, not `write`, changed it while the page stays. */
  heard(changed: () => void): void;
}

export class KeptScreen {
  /** What each map showed before anything was done to it. */
  private readonly first = new WeakMap<ScreenSource, Partial<Screen>>();

  /** Whether any map has come: what comes later was asked for on this page, not by the link that opened it. */
  private hasHeard = false;

  /** The maps of the page by their columns, from 1; 0 for a map alone. */
  private readonly latest = new Map<number, ScreenSource>();

  constructor(private readonly fragment: Fragment) {
    fragment.heard(() => this.again());
    addEventListener(SCREEN, (event) => this.hear((event as CustomEvent<ScreenSource>).detail));
    dispatchEvent(new Event(WHICH_SCREEN));
  }

  private hear(source: ScreenSource): void {
    const now = screenOf(source);
    const known = this.first.get(source);
    const column = columnOf(source);
    const first = known ?? linkedPart({ ...now, groups: [], walk: null }, column); // those are never there by themselves
    if (column === 0) this.latest.clear();
    else this.latest.delete(0);
    this.latest.set(column, source);
    this.first.set(source, first);
    const isOpening = !this.hasHeard;
    this.hasHeard = true;
    if (!known && !this.show(source, now.of, {}, !isOpening && now.tab === "draw")) return;
    this.fragment.write(withScreen(this.fragment.read(), writeScreen(screenOf(source), first, column), column));
  }

  /** What is not in the other fragment is as it was at first. */
  again(): void {
    for (const source of this.latest.values()) this.show(source, screenOf(source).of, this.first.get(source));
  }

  /** The page of that run has no map: what the address says of the map of another one, or of maps beside each other, goes. */
  leave(run: string): void {
    const text = this.fragment.read();
    if (text !== "" && readScreen(text).screen.of?.split("/")[0] !== run) this.fragment.write("");
  }

  /**
   * Returns whether the fragment is this map's, or says of none.
   *
   * keepsTab: the side panel stays as it is, since the pad was asked for just now, whatever tab was open on the map before it.
   */
  private show(source: ScreenSource, of: string, first: Partial<Screen> = {}, keepsTab = false): boolean {
    const { screen, complaint } = readScreen(this.fragment.read(), columnOf(source));
    const isMeant = screen.of === of || screen.of === undefined;
    const wanted = { ...first, ...screen };
    const { data, host } = source.state();
    // where nothing is pinned, a path through pins is none of the view's
    const fitting = host.options.pinnable ? wanted : { ...wanted, walk: null, film: null };
    if (isMeant) restore(source, keepsTab ? withoutPanel(fitting) : fitting);
    const map = { nPoints: data.nPoints, nClasses: data.nClasses, latentDim: data.space.latentDim };
    const unknown = isMeant ? unknownWords(screen, source.words(), map) : "";
    const sentences = [complaint, unknown && `${unknown} The rest of the link is shown.`].filter(Boolean);
    if (sentences.length > 0) source.say(sentences.join(" "));
    return isMeant;
  }
}

export function screenOf(source: ScreenSource): Screen {
  const { data, layers, view, shown, tab, isSideOpen, colourBy, selection, groups, probe, path, pins, motion, host } =
    source.state();
  const { run, projection } = data.header;
  const { x, y, scale } = view.camera;
  const { plane } = data;
  return {
    of: `${run.id}/${projection.name}`,
    camera: source.showsAll() ? null : [x, y, view.plot.width / scale],
    background: layers.background,
    overlays: Object.keys(layers.on).filter((id) => layers.on[id]),
    tiles: layers.tiles,
    colour: colourBy.id,
    hidden: Array.from(shown.keys()).filter((slot) => !shown[slot]),
    tab,
    isSideOpen,
    selection: ordered(selection.indices),
    groups: groups.map(({ name, indices }) => ({ name, indices: ordered(indices) })),
    plane: plane && planeOf(plane),
    probe: probeOf(probe),
    film: motion.moving === "path" || !(path.ends ?? host.path) ? null : motion.head.position,
    walk: choiceOf(path.ends, allPins(pins)),
    strokes: source.strokes(),
  };
}

function columnOf(source: ScreenSource): number {
  return source.state().host.options.column;
}

function ordered(rows: readonly number[]): number[] {
  return [...rows].sort((a, b) => a - b);
}

/** What moves by itself is no state of the screen. */
function probeOf(probe: Probe): ProbeRecord | null {
  if (probe.from === "map") return { at: probe.at, z: [], heading: "" };
  return probe.from === "code" ? { at: probe.at, z: probe.z, heading: probe.heading } : null;
}

function planeOf({ title, note, labels, origin, basis }: Plane): PlaneRecord {
  return { title, note, labels, origin: Array.from(origin), basis: Array.from(basis) };
}

function withoutPanel({ tab: _tab, isSideOpen: _isSideOpen, ...rest }: Partial<Screen>): Partial<Screen> {
  return rest;
}

/** Only what is given, and of that only what the map has. */
function restore(
  source: ScreenSource,
  { plane, strokes, background, tiles, colour, camera, groups, probe, walk, film, ...rest }: Partial<Screen>,
): void {
  const { data } = source.state();
  const { latentDim } = data.space;
  if (plane === null) source.lay(null);
  if (plane?.origin.length === latentDim) {
    const [origin, basis] = [Float32Array.from(plane.origin), Float32Array.from(plane.basis)];
    source.lay({ ...plane, origin, basis, key: JSON.stringify(plane) });
  }
  if (background) source.ground(background);
  if (colour) source.tint(colour);
  if (tiles === "steps" || tiles === "shares") source.tile(tiles);
  if (groups?.length) source.change({ groups: named(source.state(), groups) });
  if (strokes) source.ink(strokes);
  if (walk !== undefined) source.take(walk);
  if (film !== undefined && film !== null) source.rest(film);
  if (probe) source.aim(aimed(probe, latentDim));
  source.change(patchOf(source.state(), rest)); // after what chooses a tab by itself
  if (camera) source.look(...camera);
  else if (camera === null) source.whole();
}

/** Those of the link, then others that this browser's tab has. */
function named({ data, groups: before }: MapState, groups: readonly GroupRecord[]): readonly SavedGroup[] {
  const known = groups.filter(({ indices }) => indices.every((i) => i < data.nPoints));
  const found = known.map(({ name, indices }) => ({ name, indices: [...new Set(indices)] }));
  const isSame = (one: SavedGroup, other: SavedGroup): boolean =>
    one.name === other.name && String(one.indices) === String(other.indices);
  const own = before.filter((mine) => !found.some((one) => isSame(one, mine)));
  // what the person has keeps its name
  const named = found.map((one) =>
    own.some(({ name }) => name === one.name) ? { ...one, name: `${one.name} (link)` } : one,
  );
  const all = [...named, ...own];
  saveGroups(data.header.run.id, all);
  return all;
}

/** A code of another run is nothing here, its place is. */
function aimed({ at, z, heading }: ProbeRecord, latentDim: number): Probe {
  return z.length === latentDim ? { from: "code", at, z, heading } : { from: "map", at };
}

function patchOf(now: MapState, { overlays, hidden, tab, isSideOpen, selection }: Partial<Screen>): Partial<MapState> {
  const { layers, data, shown } = now;
  const on = Object.fromEntries(Object.keys(layers.on).map((id) => [id, overlays?.includes(id) === true]));
  return {
    ...(overlays && { layers: { ...layers, on } }),
    ...(hidden && { shown: shown.map((_, slot) => (hidden.includes(slot) ? 0 : 1)) }),
    ...(selection && { selection: { indices: [...new Set(selection)].filter((i) => i < data.nPoints), outline: [] } }),
    isSideOpen: isSideOpen ?? now.isSideOpen,
    tab: TABS.find(({ id }) => id === tab)?.id ?? now.tab,
  };
}
