/** How is a field seen? As a soft coloured ground under the points. */

import { type Camera, toScreen } from "../../geometry/camera";
import type { Grid } from "../../geometry/grid-field";
import type { Plot } from "../../kernel/state";
import { type RampName, rampColour } from "../../ui/ramp";

export interface FieldLook {
  readonly ramp: RampName;
  /** Value to share 0 … 1 of the ramp. */
  readonly share: (value: number) => number;
  /** Value to opacity: nothing is painted where there is nothing. */
  readonly opacity: (value: number) => number;
}

/** A field painted once as a small picture, one pixel a cell, and stretched by every camera. */
export class FieldPicture {
  private readonly canvas = document.createElement("canvas");

  constructor(
    private readonly grid: Grid,
    look: FieldLook,
  ) {
    this.canvas.width = grid.columns;
    this.canvas.height = grid.rows;
    const image = new ImageData(grid.columns, grid.rows);
    for (let row = 0; row < grid.rows; row++) {
      for (let column = 0; column < grid.columns; column++) {
        const value = grid.values[row * grid.columns + column];
        const { r, g, b } = rampColour(look.ramp, look.share(value));
        const at = 4 * ((grid.rows - 1 - row) * grid.columns + column);
        image.data.set([r, g, b, Math.round(255 * look.opacity(value))], at);
      }
    }
    this.canvas.getContext("2d")?.putImageData(image, 0, 0);
  }

  draw(context: CanvasRenderingContext2D, plot: Plot, camera: Camera): void {
    const [x0, x1, y0, y1] = this.grid.extent;
    const [left, top] = toScreen(camera, plot, x0, y1);
    const [right, bottom] = toScreen(camera, plot, x1, y0);
    context.save();
    context.beginPath();
    context.rect(plot.left, plot.top, plot.width, plot.height);
    context.clip();
    context.imageSmoothingEnabled = true;
    context.drawImage(this.canvas, plot.left + left, plot.top + top, right - left, bottom - top);
    context.restore();
  }
}
