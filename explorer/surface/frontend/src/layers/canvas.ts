/** Which canvases make the map, and how large are they? Ground (grid, ticks, manifold), points, and what lies above. */

import type { LayerCanvas, Stratum } from "../kernel/extension";
import type { Plot } from "../kernel/state";
import { h } from "../ui/dom";

export const LABEL =
  "Latent map. Arrow keys move the probe and decode its code, Shift for big steps, Enter pins it, plus and minus zoom, 0 shows everything, question mark lists all keys.";

export class Stage {
  readonly element: HTMLElement;
  readonly map = h("canvas", { class: "la-overlay", role: "application", tabindex: "0", "aria-label": LABEL });
  /** Elements over the canvases. */
  readonly marks = h("div", { class: "la-marks", "aria-hidden": "true" });
  readonly hint = h("p", { class: "la-hint", "data-testid": "hint", hidden: true });
  plot: Plot = { left: 0, top: 0, width: 0, height: 0 };
  width = 0;
  height = 0;
  ratio = 1;
  /** What is shown of the points where not all are. */
  readonly shown = h("p", { class: "la-shown", hidden: true });
  private readonly ground = h("canvas", { class: "la-ground", "data-testid": "ground" });
  private readonly points = h("canvas", { class: "la-points", "data-testid": "points" });

  constructor() {
    this.element = h(
      "div",
      { class: "la-stage" },
      this.ground,
      this.points,
      this.map,
      this.marks,
      this.shown,
      this.hint,
    );
  }

  /** labelPx: of the letters beside the map. Returns whether anything changed. */
  resize(width: number, height: number, ratio: number, isNarrow: boolean, labelPx: number): boolean {
    const left = Math.round(labelPx * (isNarrow ? 2.7 : 3.4));
    if (width === this.width && height === this.height && ratio === this.ratio && left === this.plot.left) return false;
    this.width = width;
    this.height = height;
    this.ratio = ratio;
    this.plot = { left, top: 1, width: Math.max(0, width - left - 1), height: Math.max(0, height - 2 * labelPx) };
    setSize(this.ground, width, height, ratio);
    for (const canvas of [this.points, this.map]) {
      setSize(canvas, this.plot.width, this.plot.height, ratio);
      place(canvas, this.plot);
    }
    place(this.marks, this.plot);
    this.marks.style.width = `${this.plot.width}px`;
    this.marks.style.height = `${this.plot.height}px`;
    return true;
  }

  /** To be drawn on in CSS pixels; cleared, but for the points, which keep their pixels while the map moves. */
  begin(stratum: Exclude<Stratum, "marks">): LayerCanvas | null {
    const canvas = stratum === "background" ? this.ground : stratum === "points" ? this.points : this.map;
    const context = canvas.getContext("2d");
    if (!context) return null;
    const { width, height, ratio } = this;
    if (stratum === "points") canvas.style.opacity = "0"; // the layer says how much of them is seen
    const plot = stratum === "background" ? this.plot : { ...this.plot, left: 0, top: 0 };
    if (stratum !== "points") {
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, canvas.width, canvas.height);
    }
    return { context, plot, width, height, ratio };
  }

  /** Its canvases from below, with their places and opacities: the map as a picture. */
  pictures(): readonly {
    readonly source: HTMLCanvasElement;
    readonly left: number;
    readonly top: number;
    readonly alpha: number;
  }[] {
    const { left, top } = this.plot;
    return [
      { source: this.ground, left: 0, top: 0, alpha: 1 },
      { source: this.points, left, top, alpha: Number(this.points.style.opacity || 1) },
      { source: this.map, left, top, alpha: 1 },
    ];
  }
}

function setSize(canvas: HTMLCanvasElement, width: number, height: number, ratio: number): void {
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
}

function place(element: HTMLElement, plot: Plot): void {
  element.style.left = `${plot.left}px`;
  element.style.top = `${plot.top}px`;
}
