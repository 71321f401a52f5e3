/** What changes along the path? Numbers of every frame as strips, with a line where the picture is. */

import { levelWord } from "../geometry/support";
import type { Frame, Panel } from "../kernel/extension";
import type { PanelEditor } from "../kernel/panel-editor";
import { frameAt, playable } from "../kernel/path-playback";
import { type Looks, probability, type Reading } from "../kernel/reading";
import type { MapState } from "../kernel/state";
import { h, setText, svg } from "../ui/dom";
import { number } from "../ui/format";
import { classColour } from "../ui/palette";
import type { StripRecord } from "../wire/schema";

/** What the card says of the picture that is shown now, which in a running film lies between two frames. */
interface Live {
  readonly density?: number;
  readonly classes?: Looks;
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

/** What stands above a strip: the figure of one moment, in the card's words. */
export function figure(
  of: StripRecord["of"],
  row: number | readonly number[],
  className: (label: number) => string,
): string {
  if (typeof row === "number") return of === "density" ? `${levelWord(row)}, ${number(row)}` : number(row);
  const label = row.indexOf(Math.max(...row));
  return best({ label, probability: row[label] }, className);
}

function best({ label, probability: p }: Looks, className: (label: number) => string): string {
  return `${className(label)} ${probability(p)}`;
}

export class PathTraces implements Panel {
  readonly id = "path-traces";
  readonly slot = "tab-path";
  readonly reads: readonly (keyof MapState)[] = ["data", "host", "path", "pins", "theme", "motion", "reading", "probe"];
  readonly element = h("div", { class: "la-path-strips", hidden: true });
  private strips: readonly StripRecord[] = [];
  private values: HTMLElement[] = [];
  private cursors: HTMLElement[] = [];
  private live: Live = {};
  private nFrames = 1;
  private key = "";
  private last: MapState | null = null;

  constructor(private readonly editor: Pick<PanelEditor, "state" | "seek">) {}

  update({ state, derived }: Frame): void {
    const { last } = this;
    const { theme, motion, reading, probe, data } = state;
    const path = playable(derived.path);
    const strips = path?.strips ?? [];
    this.nFrames = path?.z.length ?? 1;
    if (theme !== last?.theme || data !== last.data || state.host !== last.host || state.path !== last.path) {
      const key = JSON.stringify([strips, theme.isDark, data.header.id]);
      if (key !== this.key) this.show(strips, theme.isDark);
      this.key = key;
    }
    this.last = state;
    if (last?.motion.moving === "path" && motion.moving !== "path") this.live = {}; // the film rests: its figures are the frame's own, until the card tells of it
    this.at(frameAt(motion.head.position, this.nFrames));
    if (probe.from === "path" && reading !== last?.reading) this.say(reading);
  }

  private show(strips: readonly StripRecord[], isDark: boolean): void {
    const usable = strips.filter(({ values }) => values.length > 1);
    this.strips = usable;
    this.values = [];
    this.cursors = [];
    this.live = {};
    this.element.hidden = usable.length === 0;
    this.element.replaceChildren(...usable.map((strip) => this.row(strip, isDark)));
  }

  /** The frame that is shown. */
  private at(frame: number): void {
    this.strips.forEach(({ values }, i) => {
      const row = values[frame];
      if (row === undefined) return;
      this.cursors[i].style.left = `${(100 * frame) / (values.length - 1)}%`;
      if (!this.isLive(this.strips[i])) setText(this.values[i], figure(this.strips[i].of, row, this.className));
    });
  }

  /** The same figures as on the card, at the same moment; those of the card's that are missing stay the frame's. */
  private say({ support, looks }: Reading): void {
    const live: Live = { ...(support === null ? {} : { density: support }), ...(looks ? { classes: looks } : {}) };
    this.live = { ...this.live, ...live };
    this.strips.forEach((strip, i) => {
      if (strip.of === "density" && live.density !== undefined)
        setText(this.values[i], figure("density", live.density, this.className));
      if (strip.of === "classes" && live.classes) setText(this.values[i], best(live.classes, this.className));
    });
  }

  private readonly className = (label: number): string => this.editor.state().data.className(label) ?? "";

  private isLive({ of }: StripRecord): boolean {
    return Boolean(of && this.live[of] !== undefined);
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
    return h(
      "div",
      { class: "la-path-strip", "data-testid": "path-strip", title: strip.definition },
      h("div", { class: "la-path-strip-head" }, h("span", {}, strip.name), value),
      field,
    );
  }

  private point(event: PointerEvent, field: HTMLElement): void {
    const { left, width } = field.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - left) / width));
    if (width > 0) this.editor.seek(frameAt(share, this.nFrames));
  }
}

function drawing({ values, top }: StripRecord, isDark: boolean): SVGSVGElement {
  const box = `0 0 ${values.length - 1} 1`;
  const attributes = { preserveAspectRatio: "none", class: "la-path-strip-area" };
  if (isRows(values)) {
    const bounds = stacked(values);
    return svg(
      box,
      bounds.slice(1).map((high, y) => ({ d: areaPath(bounds[y], high), fill: classColour(y, isDark) })),
      attributes,
    );
  }
  const high = values.map((value) => (top > 0 ? Math.min(1, Math.max(0, value / top)) : 0));
  return svg(
    box,
    [
      {
        d: areaPath(
          high.map(() => 0),
          high,
        ),
        fill: "currentColor",
      },
    ],
    attributes,
  );
}

function isRows(values: StripRecord["values"]): values is readonly (readonly number[])[] {
  return typeof values[0] !== "number";
}

function round(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
