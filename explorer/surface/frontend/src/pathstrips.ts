/** What changes along the path? Numbers of every frame as strips under the film, with a line where the picture is. */

import { h, setText, svg } from "./dom";
import { number } from "./format";
import { probability } from "./classbars";
import { classColour } from "./palette";

/** A number for every frame, or one for every class of every frame; drawn from 0 to `top`. */
export interface StripRecord {
  readonly name: string;
  readonly definition: string;
  readonly values: readonly number[] | readonly (readonly number[])[];
  readonly top: number;
}

/** An area under a line: SVG path in a field of (T − 1) × 1. y downwards. */
export function areaPath(low: readonly number[], high: readonly number[]): string {
  const upper = high.map((value, i) => `${i} ${round(1 - value)}`);
  const lower = low.map((value, i) => `${i} ${round(1 - value)}`).reverse();
  return `M${[...upper, ...lower].join("L")}Z`;
}

/** Bounds of each class's share, stacked from below: (Y + 1) rows of T numbers. */
export function stacked(rows: readonly (readonly number[])[]): number[][] {
  const nClasses = rows[0]?.length ?? 0;
  const bounds = [rows.map(() => 0)];
  for (let y = 0; y < nClasses; y++) bounds.push(rows.map((row, t) => bounds[y][t] + row[y]));
  return bounds;
}

export class PathStrips {
  readonly element = h("div", { class: "la-path-strips", hidden: true });
  private strips: readonly StripRecord[] = [];
  private values: HTMLElement[] = [];
  private cursors: HTMLElement[] = [];

  /** `seek`: a share of the way, 0 to 1. */
  constructor(private readonly seek: (share: number) => void, private readonly className: (label: number) => string) {}

  show(strips: readonly StripRecord[], isDark: boolean): void {
    const usable = strips.filter(({ values }) => values.length > 1);
    this.strips = usable;
    this.values = [];
    this.cursors = [];
    this.element.hidden = usable.length === 0;
    this.element.replaceChildren(...usable.map((strip) => this.row(strip, isDark)));
  }

  /** The frame that is shown. */
  at(frame: number): void {
    this.strips.forEach(({ values }, i) => {
      const row = values[frame];
      if (row === undefined) return;
      this.cursors[i].style.left = `${(100 * frame) / (values.length - 1)}%`;
      setText(this.values[i], typeof row === "number" ? number(row) : this.best(row));
    });
  }

  private best(row: readonly number[]): string {
    const best = row.indexOf(Math.max(...row));
    return `${this.className(best)} ${probability(row[best])}`;
  }

  private row(strip: StripRecord, isDark: boolean): HTMLElement {
    const value = h("span", { class: "la-number" });
    const cursor = h("i", {});
    const field = h("div", { class: "la-path-strip-field" }, drawing(strip, isDark), cursor);
    field.addEventListener("pointerdown", (event) => {
      field.setPointerCapture(event.pointerId);
      this.point(event, field);
    });
    field.addEventListener("pointermove", (event) => {
      if (field.hasPointerCapture(event.pointerId)) this.point(event, field);
    });
    this.values.push(value);
    this.cursors.push(cursor);
    return h("div", { class: "la-path-strip", title: strip.definition }, h("div", { class: "la-path-strip-head" }, h("span", {}, strip.name), value), field);
  }

  private point(event: PointerEvent, field: HTMLElement): void {
    const { left, width } = field.getBoundingClientRect();
    if (width > 0) this.seek(Math.min(1, Math.max(0, (event.clientX - left) / width)));
  }
}

function drawing({ values, top }: StripRecord, isDark: boolean): SVGSVGElement {
  const box = `0 0 ${values.length - 1} 1`;
  const attributes = { preserveAspectRatio: "none", class: "la-path-strip-area" };
  if (isRows(values)) {
    const bounds = stacked(values);
    return svg(box, bounds.slice(1).map((high, y) => ({ d: areaPath(bounds[y], high), fill: classColour(y, isDark) })), attributes);
  }
  const high = values.map((value) => (top > 0 ? Math.min(1, Math.max(0, value / top)) : 0));
  return svg(box, [{ d: areaPath(high.map(() => 0), high), fill: "currentColor" }], attributes);
}

function isRows(values: StripRecord["values"]): values is readonly (readonly number[])[] {
  return typeof values[0] !== "number";
}

function round(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
