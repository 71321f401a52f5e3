/** What do hand and keys want of the map of a training? To look, to move it, to come closer. */

import type { Context } from "../editor/context";
import { placeInView, type ToolEditor } from "../kernel/map-tool";
import { pan } from "../tools/pan-zoom";
import { GestureMachine, listenToGestures } from "../tools/pointer";
import { probe } from "../tools/probe";
import type { Point } from "../wire/schema";

/** Of the visible width, for a press of an arrow key. */
const STEP = 0.02;
const BIG_STEP = 0.1;
const ZOOM = 1.4;
/** From the border that the probe keeps, CSS pixels. */
const MARGIN = 24;
const ARROWS: Readonly<Record<string, Point>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

export class MapInput {
  constructor(private readonly context: Context) {
    const { stage, disposer } = context;
    const editor = toolEditor(context);
    const gestures = new GestureMachine(editor, {
      pan,
      tool: () => probe,
      hover: (left, top) => editor.toPlace(placeInView(context.state, left, top)),
      cursor: (name) => {
        stage.map.dataset.drag = name;
      },
    });
    listenToGestures(stage.map, gestures, editor.zoom, disposer);
    disposer.listen(stage.map, "keydown", (event: KeyboardEvent) => {
      if (!this.key(event)) return;
      event.preventDefault();
      event.stopPropagation(); // hosts have keys of their own
    });
  }

  /** Whether the key means something here. */
  private key({ key, shiftKey }: KeyboardEvent): boolean {
    const { viewport, state } = this.context;
    const arrow = ARROWS[key];
    if (arrow) this.step(arrow, shiftKey ? BIG_STEP : STEP);
    else if (key === "+" || key === "-") viewport.glideZoom(key === "+" ? ZOOM : 1 / ZOOM, [...state.probe.at]);
    else if (key === "0") viewport.glideHome();
    else return false;
    this.context.cameraMoved();
    return true;
  }

  private step([dx, dy]: Point, share: number): void {
    const { viewport, stage, state, store } = this.context;
    const unit = (share * stage.plot.width) / viewport.camera.scale;
    const at: Point = [state.probe.at[0] + dx * unit, state.probe.at[1] + dy * unit];
    store.set({ probe: { from: "map", at } });
    viewport.show(at, MARGIN);
  }
}

/** What the surface's tools may do here: nothing is kept of a place, and nothing moves the probe by itself. */
function toolEditor(context: Context): ToolEditor {
  return {
    state: () => context.state,
    set: (patch) => context.store.set(patch),
    toPlace: (at) => context.store.set({ probe: { from: "map", at } }),
    pan: (dx, dy) => {
      context.viewport.pan(dx, dy);
      context.cameraMoved();
    },
    zoom: (factor, left, top) => {
      context.viewport.zoomBy(factor, left, top);
      context.cameraMoved();
    },
    say: (sentence) => context.say(sentence),
    announce: (sentence) => context.reader.now(sentence),
    pin: () => undefined,
    pause: () => undefined,
    keepPath: () => undefined,
  };
}
