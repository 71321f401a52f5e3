/** Which points lie in a box? Its corners are where the drag began and where the hand is. */

import { outlineTool } from "../kernel/outline-tool";
import type { Point } from "../wire/schema";

export const boxSelect = outlineTool(
  { id: "box", name: "Drag draws a box that selects points", key: "b", icon: "box", isMinor: true },
  (outline, place) => boxOf(outline[0] ?? place, place),
);

/** The corners of a box, the one where it began first. */
export function boxOf([x0, y0]: Point, [x1, y1]: Point): Point[] {
  return [
    [x0, y0],
    [x1, y0],
    [x1, y1],
    [x0, y1],
  ];
}
