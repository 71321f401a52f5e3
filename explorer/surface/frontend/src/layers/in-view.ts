/** Which points are in view, when they are few? */

import type { RunOnMap } from "../data/run-on-map";
import { type Camera, type Size, visibleExtent } from "../geometry/camera";
import type { Frame } from "../kernel/extension";
import { perMap } from "../kernel/per-map";
import type { MapState } from "../kernel/state";

/** Closer than this, pictures may take the place of dots and the manifold gets smaller tiles. */
export const CLOSE = 1.5;
/** More pictures than this would cover each other. */
const MOST_PICTURES = 220;

/** The points in view whose class is shown; null where there are more than `most`. */
export function inView(data: RunOnMap, camera: Camera, size: Size, shown: Uint8Array, most: number): number[] | null {
  return data.inside(visibleExtent(camera, size), most, shown);
}

const searches = perMap(
  (_data: RunOnMap): { last: Pick<MapState, "view" | "shown"> | null; found: number[] | null } => ({
    last: null,
    found: null,
  }),
);

/** The points that are shown as pictures, or nothing where they are dots; asked by several layers, searched once. */
export function pictured({ state }: Frame): readonly number[] | null {
  const { data, view, shown, layers } = state;
  if (!layers.on["thumbnails"] || view.zoom < CLOSE) return null;
  const search = searches(data);
  if (search.last?.view !== view || search.last.shown !== shown) {
    search.found = inView(data, view.camera, view.plot, shown, MOST_PICTURES);
    search.last = state;
  }
  return search.found;
}
