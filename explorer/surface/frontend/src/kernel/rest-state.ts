/** What is the state of a map before anybody has done anything? */

import type { RunOnMap } from "../data/run-on-map";
import { savedGroups } from "../data/saved-groups";
import type { Theme } from "../ui/theme";
import type { HostRecord } from "../wire/payload";
import { BY_CLASS } from "./derive";
import type { Layer } from "./extension";
import { firstChoice } from "./layer-choice";
import { AT_REST } from "./path-playback";
import { noPins } from "./pins";
import { UNREAD } from "./reading";
import { allShown } from "./shown-classes";
import type { MapState } from "./state";
import { FIRST_TAB } from "./tabs";

export interface Beginning {
  readonly data: RunOnMap;
  readonly theme: Theme;
  /** All that there are. */
  readonly layers: readonly Layer[];
  readonly host: HostRecord;
  /** Whether somebody takes a pin. */
  readonly pinnable: boolean;
}

export function restState({ data, theme, layers, host, pinnable }: Beginning): MapState {
  return {
    data,
    view: { camera: { x: 0, y: 0, scale: 1 }, zoom: 1, plot: { left: 0, top: 0, width: 0, height: 0 }, ratio: 1 },
    theme,
    probe: { from: "map", at: [0, 0] },
    shown: allShown(data.nClasses),
    layers: firstChoice(layers),
    colourBy: { id: BY_CLASS, isKnown: true },
    selection: { indices: [], outline: [] },
    groups: savedGroups(data.header.run.id, data.nPoints),
    tool: "probe",
    pins: noPins(pinnable),
    path: { ends: null, ways: null, since: 0, trail: [] },
    motion: AT_REST,
    reading: UNREAD,
    ownPicture: null,
    encoded: null,
    markers: [],
    open: null,
    tab: FIRST_TAB,
    isSideOpen: !host.options.folded,
    isPresenting: false,
    host,
  };
}
