/** What is the state of a map before anybody has done anything? */

import { RunOnMap } from "../data/run-on-map";
import { BY_CLASS } from "../kernel/derive";
import { firstChoice } from "../kernel/layer-choice";
import { AT_REST } from "../kernel/path-playback";
import { noPins } from "../kernel/pins";
import { UNREAD } from "../kernel/reading";
import { allShown } from "../kernel/shown-classes";
import type { MapState } from "../kernel/state";
import { FIRST_TAB } from "../kernel/tabs";
import { LAYERS } from "../layers/index";
import type { Payload } from "../wire/payload";
import type { Callbacks } from "./host-events";
import { themeOf } from "./parts/page-layout";

export function firstState(root: HTMLElement, { onPin }: Callbacks, payload: Payload): MapState {
  const data = new RunOnMap(payload);
  return {
    data,
    view: { camera: { x: 0, y: 0, scale: 1 }, zoom: 1, plot: { left: 0, top: 0, width: 0, height: 0 }, ratio: 1 },
    theme: themeOf(root),
    probe: { from: "map", at: [0, 0] },
    shown: allShown(data.nClasses),
    layers: firstChoice(LAYERS),
    colourBy: { id: BY_CLASS, isKnown: true },
    selection: { indices: [], outline: [] },
    tool: "probe",
    pins: noPins(onPin !== undefined),
    path: { ends: null, ways: null, since: 0, trail: [] },
    motion: AT_REST,
    reading: UNREAD,
    ownPicture: null,
    encoded: null,
    markers: [],
    open: null,
    tab: FIRST_TAB,
    isSideOpen: !payload.dynamic.options.folded,
    isPresenting: false,
    host: payload.dynamic,
  };
}
