/** What do tests of tools need? An editor without a page: a map of 400 × 400 px, one unit a pixel, that logs what is asked of it. */

import { RunOnMap } from "../../src/data/run-on-map";
import type { ToolEditor } from "../../src/kernel/map-tool";
import type { MapState } from "../../src/kernel/state";
import { parsePayload } from "../../src/wire/payload";
import { tinyRun, writePayload } from "../helpers";

const SIDE = 400;

/** The state of a run with three points, at the places that `tinyRun` gives them. `scale`: CSS pixels a unit. */
export function fakeState(scale = 1): MapState {
  const { header, arrays } = tinyRun();
  const host = { probe: null, pins: [], options: { drawable: true }, path: null, markers: [], exact: null };
  const data = new RunOnMap(parsePayload(writePayload(host, header, arrays)));
  return {
    data,
    view: { camera: { x: 0, y: 0, scale }, zoom: 1, plot: { left: 0, top: 0, width: SIDE, height: SIDE }, ratio: 1 },
    shown: new Uint8Array(data.nClasses + 1).fill(1),
    selection: { indices: [], outline: [] },
    path: { ends: null, since: 0, trail: [] },
    tool: "probe",
    host,
  } as unknown as MapState;
}

/** Where a place is, from the map's upper left corner. */
export function pixels([x, y]: readonly number[], scale = 1): [number, number] {
  return [SIDE / 2 + x * scale, SIDE / 2 - y * scale];
}

export function fakeEditor(log: string[], first: MapState = fakeState()): ToolEditor {
  let state = first;
  let at: readonly number[] = [0, 0];
  return {
    state: () => state,
    set: (patch) => (state = { ...state, ...patch }),
    toPlace: (place) => {
      at = place;
      log.push(`look ${pixels(place).join(" ")}`);
    },
    pin: () => {
      log.pop(); // the look that goes before it
      log.push(`pin ${pixels(at).join(" ")}`);
    },
    pan: (dx, dy) => log.push(`pan ${dx} ${dy}`),
    zoom: (factor, left, top) => log.push(`zoom ${factor.toFixed(2)} ${left} ${top}`),
    pause: () => log.push("pause"),
    say: (sentence) => log.push(`say ${sentence}`),
    announce: (sentence) => log.push(`announce ${sentence}`),
    keepPath: (places) => log.push(`keep ${places.map((place) => pixels(place).join(" ")).join(", ")}`),
  };
}
