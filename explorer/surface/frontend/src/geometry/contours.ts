/** Where does a field cross a level? */

import { contours } from "d3-contour";
import type { Grid } from "./grid-field";

/** A field's borders at some levels, in map units: rings of places, holes included. */
export function contourRings(
  grid: Grid,
  levels: readonly number[],
): readonly (readonly (readonly [number, number])[])[][] {
  const found = contours()
    .size([grid.columns, grid.rows])
    .thresholds([...levels])(Array.from(grid.values));
  // d3 puts the value of cell (0, 0) at (0.5, 0.5)
  const place = ([column, row]: readonly number[]): [number, number] => [
    grid.extent[0] + column * grid.dx,
    grid.extent[2] + row * grid.dy,
  ];
  // d3 answers in ascending order, whatever was asked first
  const asked = levels.map((level) => found.find(({ value }) => value === level)?.coordinates ?? []);
  return asked.map((polygons) => polygons.flatMap((polygon) => polygon.map((ring) => ring.map(place))));
}
