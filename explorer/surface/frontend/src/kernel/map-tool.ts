/** What does a tool have to know, and what may it ask of the editor? */

import { toMap } from "../geometry/camera";
import { clamp } from "../geometry/inverse";
import type { Point } from "../wire/schema";
import type { Tool } from "./extension";
import type { MapState } from "./state";

export interface ToolEditor {
  state(): MapState;
  set(patch: Partial<MapState>): void;
  /** Puts the probe on a place of the map. */
  toPlace(at: Point): void;
  /** Pins what is shown. */
  pin(): void;
  /** CSS pixels. */
  pan(dx: number, dy: number): void;
  zoom(factor: number, left: number, top: number): void;
  /** Stops what moves the probe by itself. */
  pause(): void;
  /** Says one sentence to everyone, where the hand is. */
  say(sentence: string): void;
  /** Says it to those who do not see the map. */
  announce(sentence: string): void;
  /** Hands a path that was drawn to the host. */
  keepPath(places: readonly Point[]): void;
}

export type MapTool = Tool<ToolEditor>;

/** The place of the map under the hand. */
export function placeAt({ view: { camera, plot } }: MapState, left: number, top: number): Point {
  return toMap(camera, plot, left, top);
}

/** A drag may leave the canvas; the probe stays where it can be seen. */
export function placeInView(state: MapState, left: number, top: number): Point {
  const { width, height } = state.view.plot;
  return placeAt(state, clamp(left, 0, width), clamp(top, 0, height));
}

export function pinAt(editor: ToolEditor, left: number, top: number): void {
  editor.toPlace(placeAt(editor.state(), left, top));
  editor.pin();
}
