/** What is the state of a small map? For tests of what follows from it. */

import { RunOnMap } from "../src/data/run-on-map";
import type { Plane } from "../src/geometry/planes";
import { Derived } from "../src/kernel/derive";
import type { Frame } from "../src/kernel/extension";
import { AT_REST } from "../src/kernel/path-playback";
import { noPins } from "../src/kernel/pins";
import { UNREAD } from "../src/kernel/reading";
import { allShown } from "../src/kernel/shown-classes";
import type { MapState } from "../src/kernel/state";
import { makeTheme } from "../src/ui/theme";
import { type HostRecord, parsePayload } from "../src/wire/payload";
import type { PathRecord } from "../src/wire/schema";
import { tinyRun, writePayload } from "./helpers";

/** A run of three points with two classes, and what its host says. */
export function tiny(): { data: RunOnMap; host: HostRecord } {
  const { header, arrays } = tinyRun();
  const payload = parsePayload(writePayload({}, header, arrays));
  return { data: new RunOnMap(payload), host: payload.dynamic };
}

/** The plane whose axes are the latent ones, exchanged. */
export const SWAPPED: Plane = {
  key: "swapped",
  title: "Swapped",
  note: "",
  labels: ["z2", "z1"],
  origin: Float32Array.of(0, 0),
  basis: Float32Array.of(0, 1, 1, 0),
} as unknown as Plane;

export function state(change: Partial<MapState> = {}): MapState {
  const { data, host } = tiny();
  const source = {
    background: null,
    secondary: null,
    text: null,
    border: null,
    accent: null,
    font: "",
    prefersDark: false,
    labelPx: 14,
  };
  return {
    data,
    view: { camera: { x: 0, y: 0, scale: 1 }, zoom: 1, plot: { left: 0, top: 0, width: 1, height: 1 }, ratio: 1 },
    theme: makeTheme(source),
    probe: { from: "map", at: [0.5, 0.25] },
    shown: allShown(data.nClasses),
    layers: { background: "none", tiles: "steps", on: {} },
    colourBy: { id: "class", isKnown: true },
    selection: { indices: [], outline: [] },
    groups: [],
    tool: "probe",
    tab: "details",
    isSideOpen: true,
    pins: noPins(false),
    path: { ends: null, ways: null, since: 0, trail: [] },
    motion: AT_REST,
    reading: UNREAD,
    ownPicture: null,
    encoded: null,
    markers: [],
    open: null,
    isPresenting: false,
    host,
    ...change,
  };
}

export function frameOf(one: MapState, now = 0): Frame {
  return { state: one, derived: new Derived(() => one), now, isStill: true };
}

/** A path of three codes along the diagonal of a map of two dimensions, as a host sends it. */
export const STRAIGHT_PATH = {
  title: "straight",
  z: [
    [0, 0],
    [1, 1],
    [2, 2],
  ],
  map: [
    [0, 0],
    [1, 1],
    [2, 2],
  ],
  ends: ["A", "B"],
} as unknown as PathRecord;
