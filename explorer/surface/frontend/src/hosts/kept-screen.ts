/** What of the screen does the address keep? Read once for a map that comes, written when the map has changed. */

import type { Plane } from "../geometry/planes";
import { type PlaneRecord, SCREEN, type Screen, type ScreenSource, WHICH_SCREEN } from "../kernel/screen";
import type { MapState } from "../kernel/state";
import { TABS } from "../kernel/tabs";
import { readScreen, writeScreen } from "./screen-url";

/** Where the fragment stands. */
export interface Fragment {
  read(): string;
  /** Without an entry in the history. */
  write(text: string): void;
}

export class KeptScreen {
  /** What each map showed before anything was done to it. */
  private readonly first = new WeakMap<ScreenSource, Screen>();

  constructor(private readonly fragment: Fragment) {
    addEventListener(SCREEN, (event) => this.hear((event as CustomEvent<ScreenSource>).detail));
    dispatchEvent(new Event(WHICH_SCREEN));
  }

  private hear(source: ScreenSource): void {
    const now = screenOf(source);
    const first = this.first.get(source);
    if (first) return this.fragment.write(writeScreen(now, first));
    this.first.set(source, now);
    const { screen, complaint } = readScreen(this.fragment.read());
    if (screen.of === now.of) restore(source, screen);
    if (complaint) source.say(complaint);
  }
}

export function screenOf(source: ScreenSource): Screen {
  const { data, layers, view, shown, tab, isSideOpen, colourBy, selection } = source.state();
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
    selection: [...selection.indices].sort((a, b) => a - b),
    plane: plane && planeOf(plane),
    strokes: source.strokes(),
  };
}

function planeOf({ title, note, labels, origin, basis }: Plane): PlaneRecord {
  return { title, note, labels, origin: Array.from(origin), basis: Array.from(basis) };
}

/** Only what is given, and of that only what the map has. */
function restore(
  source: ScreenSource,
  { plane, strokes, background, tiles, colour, camera, ...rest }: Partial<Screen>,
): void {
  const { data } = source.state();
  if (plane?.origin.length === data.space.latentDim) {
    const [origin, basis] = [Float32Array.from(plane.origin), Float32Array.from(plane.basis)];
    source.lay({ ...plane, origin, basis, key: JSON.stringify(plane) });
  }
  if (background) source.ground(background);
  if (colour && [...data.quantities, data.purity].some((one) => one?.id === colour)) source.tint(colour);
  if (tiles === "steps" || tiles === "shares") source.tile(tiles);
  source.change(patchOf(source.state(), rest));
  if (strokes) source.ink(strokes);
  if (camera) source.look(...camera);
}

function patchOf(now: MapState, { overlays, hidden, tab, isSideOpen, selection }: Partial<Screen>): Partial<MapState> {
  const { layers, data, shown } = now;
  const on = Object.fromEntries(Object.keys(layers.on).map((id) => [id, overlays?.includes(id) === true]));
  return {
    ...(overlays && { layers: { ...layers, on } }),
    ...(hidden && { shown: shown.map((_, slot) => (hidden.includes(slot) ? 0 : 1)) }),
    ...(selection && { selection: { indices: selection.filter((i) => i < data.nPoints), outline: [] } }),
    isSideOpen: isSideOpen ?? now.isSideOpen,
    tab: TABS.find(({ id }) => id === tab)?.id ?? now.tab,
  };
}
