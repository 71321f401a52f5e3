/** Where on the screen is a place of the latent plane? A square with axes: a canvas for fields under an SVG for what is grasped. */

import { scaleLinear } from "d3-scale";
import { css } from "../ui/colour";
import { h, prefersReducedMotion } from "../ui/dom";
import { number } from "../ui/format";
import type { Point } from "../wire/schema";
import type { Look } from "./piece";

export interface View {
  readonly centre: Point;
  /** From the middle to an edge. */
  readonly half: number;
}

export const WHOLE: View = { centre: [0, 0], half: 3.6 };
const NARROWEST = 0.02;
const GLIDE_MS = 500;
const SVG = "http://www.w3.org/2000/svg";

type Attributes = Readonly<Record<string, string | number>>;

export function shape(tag: string, attributes: Attributes, ...children: readonly (Node | string)[]): SVGElement {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

export class Plane {
  readonly canvas = h("canvas", { class: "lw-field", "aria-hidden": "true" });
  readonly marks = shape("svg", { class: "lw-marks", "aria-hidden": "true" }) as SVGSVGElement;
  readonly element: HTMLElement;
  view = WHOLE;
  size = 320;
  private px = 14;
  private frame = 0;
  private readonly axes = shape("g", {});
  readonly shapes = shape("g", {});

  /** `changed`: another view or size, draw anew. */
  constructor(
    label: string,
    private readonly changed: () => void,
    keys = "",
  ) {
    this.marks.append(this.axes, this.shapes);
    const role = keys ? { tabindex: 0, role: "application", "aria-description": keys } : { role: "img" };
    this.element = h(
      "div",
      { class: "lw-plane", "data-testid": "piece-plane", "aria-label": label, ...role },
      this.canvas,
      this.marks,
    );
  }

  /** A square of `size` CSS pixels, its axes within. */
  fit(size: number, { px }: Look): void {
    this.size = Math.round(size);
    this.px = px;
    const { element, canvas, marks } = this;
    element.style.width = element.style.height = `${this.size}px`;
    const scale = Math.min(2, devicePixelRatio || 1);
    canvas.width = canvas.height = Math.round(this.size * scale);
    marks.setAttribute("viewBox", `0 0 ${this.size} ${this.size}`);
    this.drawAxes();
  }

  x(place: number): number {
    return (0.5 + (place - this.view.centre[0]) / (2 * this.view.half)) * this.size;
  }

  y(place: number): number {
    return (0.5 - (place - this.view.centre[1]) / (2 * this.view.half)) * this.size;
  }

  /** Pixels of a length of the plane. */
  length(of: number): number {
    return (of / (2 * this.view.half)) * this.size;
  }

  placeOf(left: number, top: number): Point {
    const { view, size } = this;
    return [view.centre[0] + (left / size - 0.5) * 2 * view.half, view.centre[1] - (top / size - 0.5) * 2 * view.half];
  }

  /** Where a pointer is, pixels from the square's corner. */
  pointed({ clientX, clientY }: { readonly clientX: number; readonly clientY: number }): Point {
    const box = this.element.getBoundingClientRect();
    return [clientX - box.left, clientY - box.top];
  }

  look(view: View): void {
    this.view = { centre: view.centre, half: Math.max(NARROWEST, view.half) };
    this.drawAxes();
    this.changed();
  }

  /** The same in half a second, so that the eye follows; `then` when it is there. */
  glideOver(to: View, then: () => void = () => undefined): void {
    this.stop();
    const from = this.view;
    if (prefersReducedMotion()) {
      this.look(to);
      return then();
    }
    const begun = performance.now();
    const go = (): void => {
      const share = Math.min(1, (performance.now() - begun) / GLIDE_MS);
      const eased = share * share * (3 - 2 * share);
      const mixed = (a: number, b: number): number => a + (b - a) * eased;
      const half = from.half * (Math.max(NARROWEST, to.half) / from.half) ** eased;
      this.frame = share < 1 ? requestAnimationFrame(go) : 0;
      this.look({ centre: [mixed(from.centre[0], to.centre[0]), mixed(from.centre[1], to.centre[1])], half });
      if (share === 1) then();
    };
    this.frame = requestAnimationFrame(go);
  }

  stop(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
  }

  private drawAxes(): void {
    const { view, size, px, axes } = this;
    const [cx, cy] = view.centre;
    const ticks = (middle: number): number[] =>
      scaleLinear()
        .domain([middle - view.half, middle + view.half])
        .ticks(5);
    const digits = Math.max(0, Math.min(4, Math.ceil(-Math.log10(view.half / 2))));
    const isInside = (at: number, end: number): boolean => at > 2.4 * px && at < size - end * px;
    axes.replaceChildren(
      ...ticks(cx).flatMap((tick) => {
        const at = this.x(tick);
        if (!isInside(at, 3)) return [];
        const line = shape("line", { x1: at, x2: at, y1: 0, y2: size, class: "lw-grid" });
        const text = { x: at, y: size - 6, "text-anchor": "middle", class: "lw-tick" };
        return [line, shape("text", text, number(tick, digits))];
      }),
      ...ticks(cy).flatMap((tick) => {
        const at = this.y(tick);
        if (!isInside(size - at, 1.6)) return [];
        const line = shape("line", { x1: 0, x2: size, y1: at, y2: at, class: "lw-grid" });
        return [line, shape("text", { x: 5, y: at + px / 3, class: "lw-tick" }, number(tick, digits))];
      }),
      shape("text", { x: size - 6, y: size - 6, "text-anchor": "end", class: "lw-axis" }, "z₁"),
      shape("text", { x: 5, y: px + 3, class: "lw-axis" }, "z₂"),
    );
  }
}

/** The view that has all of some boxes (x0, x1, y0, y1), with a margin. */
export function viewOf(boxes: readonly (readonly [number, number, number, number])[]): View {
  const [x0, x1] = [Math.min(...boxes.map(([x]) => x)), Math.max(...boxes.map(([, x]) => x))];
  const [y0, y1] = [Math.min(...boxes.map(([, , y]) => y)), Math.max(...boxes.map(([, , , y]) => y))];
  return { centre: [(x0 + x1) / 2, (y0 + y1) / 2], half: 0.58 * Math.max(x1 - x0, y1 - y0) };
}

/** An ellipse along the axes, of so many σ. */
export function ellipse(
  plane: Plane,
  [x, y]: Point,
  [sx, sy]: Point,
  className: string,
  attributes: Attributes = {},
): SVGElement {
  return shape("ellipse", {
    cx: plane.x(x),
    cy: plane.y(y),
    rx: Math.max(1, plane.length(sx)),
    ry: Math.max(1, plane.length(sy)),
    class: className,
    ...attributes,
  });
}

/** A word below a place. */
export function note(plane: Plane, [x, y]: Point, below: number, text: string): SVGElement {
  return shape("text", { x: plane.x(x), y: plane.y(y) + below, class: "lw-note", "text-anchor": "middle" }, text);
}

/** The ground of the plane. */
export function clearPlane({ canvas }: Plane, { theme }: Look): CanvasRenderingContext2D | null {
  const context = canvas.getContext("2d");
  if (context) {
    context.fillStyle = css(theme.map);
    context.fillRect(0, 0, canvas.width, canvas.height);
  }
  return context;
}
