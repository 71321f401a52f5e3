/** How is a small chart drawn that moves with a slider? Plain SVG with axes; colours come from the page's variables. */

import { scaleLinear, scaleLog } from "d3-scale";

const SVG = "http://www.w3.org/2000/svg";
const MARGIN = { left: 52, right: 14, top: 12, bottom: 38 };
/** Of the letters for which these margins are. */
const LETTERS_PX = 14;

export interface Scale {
  (value: number): number;
  ticks(n: number): number[];
}

export type AxisKind = "linear" | "log";

export interface Axis {
  readonly title: string;
  readonly kind: AxisKind;
  readonly low: number;
  readonly high: number;
  readonly format?: (value: number) => string;
  readonly ticks?: readonly number[];
}

type Attributes = Readonly<Record<string, string | number>>;

export class Chart {
  readonly element: SVGSVGElement;
  private readonly inside = make("g", {});
  private width = 640;
  private readonly label = make("title", {});
  x!: Scale;
  y!: Scale;

  /** letters: in a room they are larger, and so are the margins; CSS pixels. */
  constructor(
    private readonly height: number,
    private readonly letters = LETTERS_PX,
  ) {
    this.element = make("svg", { class: "lc-chart" }) as SVGSVGElement;
    this.element.append(this.label, this.inside);
  }

  /** Begins anew; `words`: what is seen, for those who do not. */
  begin(width: number, x: Axis, y: Axis, words: string): void {
    this.width = width;
    this.element.setAttribute("viewBox", `0 0 ${width} ${this.height}`);
    this.element.setAttribute("height", String(this.height));
    this.element.setAttribute("role", "img"); // a picture once it has a name: before its first numbers there is nothing to see
    this.element.setAttribute("aria-label", words);
    this.label.textContent = words;
    this.inside.replaceChildren();
    this.x = scale(x, this.left, this.right);
    this.y = scale(y, this.bottom, this.top);
    this.axes(x, y);
  }

  get bottom(): number {
    return this.height - this.margin(MARGIN.bottom);
  }

  get right(): number {
    return this.width - MARGIN.right;
  }

  get left(): number {
    return this.margin(MARGIN.left);
  }

  get top(): number {
    return MARGIN.top;
  }

  private margin(px: number): number {
    return (px * this.letters) / LETTERS_PX;
  }

  add(tag: string, attributes: Attributes, text = ""): SVGElement {
    const element = make(tag, attributes);
    if (text) element.textContent = text;
    this.inside.append(element);
    return element;
  }

  private axes(x: Axis, y: Axis): void {
    for (const value of y.ticks ?? this.y.ticks(5)) {
      const top = this.y(value);
      if (!Number.isFinite(top) || top < this.top - 1 || top > this.bottom + 1) continue;
      this.add("line", { x1: this.left, x2: this.right, y1: top, y2: top, class: "lc-grid" });
      this.add(
        "text",
        { x: this.left - 7, y: top + this.letters / 3.5, class: "lc-tick", "text-anchor": "end" },
        (y.format ?? plain)(value),
      );
    }
    for (const value of x.ticks ?? this.x.ticks(8)) {
      const left = this.x(value);
      if (!Number.isFinite(left) || left < this.left - 1 || left > this.right + 1) continue;
      this.add(
        "text",
        { x: left, y: this.bottom + this.margin(16), class: "lc-tick", "text-anchor": "middle" },
        (x.format ?? plain)(value),
      );
    }
    this.add("line", { x1: this.left, x2: this.right, y1: this.bottom, y2: this.bottom, class: "lc-axis" });
    this.add(
      "text",
      { x: (this.left + this.right) / 2, y: this.height - 5, class: "lc-title", "text-anchor": "middle" },
      x.title,
    );
    this.add(
      "text",
      {
        x: this.margin(12),
        y: (this.top + this.bottom) / 2,
        class: "lc-title",
        "text-anchor": "middle",
        transform: `rotate(-90 ${this.margin(12)} ${(this.top + this.bottom) / 2})`,
      },
      y.title,
    );
  }
}

function scale({ kind, low, high }: Axis, from: number, to: number): Scale {
  const made = kind === "log" ? scaleLog() : scaleLinear();
  return made.domain([low, high]).range([from, to]) as unknown as Scale;
}

function make(tag: string, attributes: Attributes): SVGElement {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}

/** 0.001, 0.3, 12. */
export function plain(value: number): string {
  return Number(value.toPrecision(2)).toString().replace("-", "\u2212");
}

/** A step line through points, each value holding until the next. */
export function steps(points: readonly (readonly [number, number])[]): string {
  return points.map(([x, y], i) => (i === 0 ? `M${x} ${y}` : `H${x}V${y}`)).join("");
}
