/** Which map of the run is shown? The host's, or a plane that was laid in its place; and what a change of the map takes with it. */

import type { RunOnMap } from "../../data/run-on-map";
import { savedGroups } from "../../data/saved-groups";
import type { Plane } from "../../geometry/planes";
import { reducePins } from "../../kernel/pins";
import { allShown } from "../../kernel/shown-classes";
import type { MapState } from "../../kernel/state";
import type { Context } from "../context";
import type { Choices } from "./choices";
import type { Playback } from "./playback";

/** What a payload changes of the map. */
export interface Loaded {
  readonly patch: Partial<MapState>;
  readonly isNewMap: boolean;
  readonly isNewRun: boolean;
}

export class Maps {
  constructor(
    private readonly context: Context,
    private readonly playback: Playback,
    private readonly choices: Choices,
  ) {}

  /** Lays a plane in place of the host's map, the shown code staying what it is; without one, says why. */
  layPlane(plane: Plane | null, refusal = ""): void {
    const { context } = this;
    const { data } = context.state;
    if (!plane) {
      context.scrollToMap();
      return context.say(refusal);
    }
    if (plane.key === data.plane?.key) return;
    this.change(data.onto(plane));
    context.say(`Map: ${plane.title}`);
    context.scrollToMap();
  }

  leavePlane(): void {
    const { data } = this.context.state;
    if (!data.plane) return;
    this.change(data.onto(null));
    this.context.reader.now(`Map: ${data.hostTitle}`);
  }

  /** The same map with another decoder keeps probe, camera, classes, path and plane. */
  load(given: RunOnMap, isFirst: boolean): Loaded {
    const { state } = this.context;
    const shown = state.data.plane ? state.data.onto(null) : state.data;
    const isNewMap = isFirst || !shown.isSameMap(given);
    const isNewRun = isFirst || !shown.isSameRun(given);
    if (!isNewMap) given.takeSearches(shown);
    const data = !isNewMap && state.data.plane ? given.onto(state.data.plane) : given;
    if (!isNewMap) return { patch: { data }, isNewMap, isNewRun };
    this.playback.pause();
    const patch: Partial<MapState> = {
      ...this.begun(data),
      shown: allShown(data.nClasses),
      pins: reducePins(state.pins, { kind: "map changed" }, performance.now()),
      selection: { indices: isNewRun ? [] : state.selection.indices, outline: [] },
      groups: isNewRun ? savedGroups(data.header.run.id, data.nPoints) : state.groups,
      path: { ...state.path, trail: [], ...(isNewRun && { ends: null, ways: null }) },
    };
    return { patch, isNewMap, isNewRun };
  }

  private change(data: RunOnMap): void {
    const { state, derived, store } = this.context;
    const z = Array.from(derived.code);
    this.playback.pause();
    store.set({
      ...this.begun(data),
      probe: { from: "code", at: data.placeOf(z), z, heading: "The same code" },
      selection: { ...state.selection, outline: [] },
    });
    this.context.cameraMoved();
  }

  /** Begins with all of it. */
  private begun(data: RunOnMap): Partial<MapState> {
    const { viewport, stage, state } = this.context;
    const { plot, ratio } = stage;
    const patch = { data, ...this.choices.configure(data, state) };
    viewport.reset();
    if (plot.width === 0) return patch; // the stage has no size yet
    viewport.resize(data.header.view_extent, plot);
    return { ...patch, view: { camera: viewport.camera, zoom: viewport.zoom, plot, ratio } };
  }
}
