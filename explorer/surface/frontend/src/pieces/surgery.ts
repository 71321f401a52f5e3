/** “KL is not information”: a few images on a line, each with a Gaussian of its own, and the exact parts of their mean KL. */

import { Chart } from "../charts/chart";
import { button, Disposer, h, keyHint, setText } from "../ui/dom";
import { number } from "../ui/format";
import { classColour } from "../ui/palette";

import {
  aggregate,
  boundedCode,
  type Code,
  FEWEST,
  logDensity,
  MOST,
  type Parts,
  type Preset,
  partsOf,
  presetOf,
} from "./maths/surgery";
import { PartsBars } from "./parts-bars";
import type { Look, Piece } from "./piece";

const PRESETS: readonly (readonly [Preset, string])[] = [
  ["good", "Good"],
  ["collapsed", "Collapsed"],
  ["trap", "Trap"],
];
const FIRST = 4;
const EDGE = 5;
const LINE_STEPS = 500;
const LEAST_ARM_PX = 18;
const HIT_PX = 15;
const STACK_PX = 18;
const STEP = 0.1;
const STRETCH = 1.1;
const PRIOR: Code = { mu: 0, sigma: 1 };
const KEYS = "Digits choose an image; the arrow keys left and right move its mean; X widens σ, Shift and X narrow it.";

interface Grip {
  readonly image: number;
  readonly isWidth: boolean;
  readonly from: Code;
  readonly at: number;
}

export class SurgeryPiece implements Piece {
  private readonly bars = new PartsBars();
  private readonly disposer = new Disposer();
  private readonly plot = h("div", {
    class: "lw-plot",
    tabindex: 0,
    role: "application",
    "aria-label": "Line of codes with a Gaussian for each image",
    "aria-description": KEYS,
    "data-testid": "piece-line",
  });
  private readonly chosen = h("p", { class: "lw-said", role: "status" });
  private readonly counted = h("span", { class: "lw-count", "data-testid": "piece-images" });
  readonly element: HTMLElement;
  private chart: Chart | null = null;
  private codes: readonly Code[] = presetOf("good", FIRST);
  private parts: Parts = partsOf(this.codes);
  private image = 0;
  private grip: Grip | null = null;
  private look: Look | null = null;

  constructor() {
    const resized = (by: number, name: string, sign: string): HTMLElement =>
      button("lw-button lw-plain lw-small", { "aria-label": name }, () => this.resize(by), sign);
    this.element = h(
      "section",
      { class: "lw-piece", "aria-label": "The surgery of the KL" },
      h(
        "div",
        { class: "lw-row" },
        ...PRESETS.map(([preset, name]) =>
          button("lw-button lw-plain", {}, () => this.set(presetOf(preset, this.codes.length)), name),
        ),
        h(
          "span",
          { class: "lw-row lw-counting" },
          resized(-1, "One image fewer", "−"),
          this.counted,
          resized(1, "One image more", "+"),
        ),
      ),
      this.plot,
      this.bars.element,
      this.chosen,
      h(
        "p",
        { class: "lw-said" },
        "Filled: q(z), the mean of all Gaussians; dashed: the prior p(z). The round knob of an image moves its mean, the square one its σ.",
        keyHint(" Keys: digits, arrows, X, Shift."),
      ),
    );
    this.listen();
  }

  watched(): ReturnType<Piece["watched"]> {
    const { rate, information, marginal } = this.parts;
    return { numbers: { rate, information, marginal, images: this.codes.length }, names: {} };
  }

  draw(look: Look): void {
    this.look = look;
    this.paint();
  }

  destroy(): void {
    this.disposer.dispose();
  }

  // ---- what the person does ---------------------------------------------------------------------------------------------

  private listen(): void {
    const { disposer, plot } = this;
    disposer.listen<"pointerdown">(plot, "pointerdown", (event) => this.take(event));
    disposer.listen<"pointermove">(plot, "pointermove", (event) => this.move(event));
    for (const end of ["pointerup", "pointercancel"]) disposer.listen(plot, end, () => this.leave());
    disposer.listen<"keydown">(plot, "keydown", (event) => this.key(event));
  }

  private set(codes: readonly Code[]): void {
    this.codes = codes;
    this.image = Math.min(this.image, codes.length - 1);
    this.parts = partsOf(codes);
    this.paint();
  }

  private resize(by: number): void {
    const n = Math.max(FEWEST, Math.min(MOST, this.codes.length + by));
    this.set(n > this.codes.length ? [...this.codes, PRIOR] : this.codes.slice(0, n));
  }

  private replace(image: number, code: Code): void {
    this.image = image;
    this.set(this.codes.map((one, i) => (i === image ? boundedCode(code) : one)));
  }

  private place(event: PointerEvent): number {
    const { chart } = this;
    if (!chart) return 0;
    const share = (event.clientX - this.plot.getBoundingClientRect().left - chart.left) / (chart.right - chart.left);
    return EDGE * (2 * share - 1);
  }

  private take(event: PointerEvent): void {
    const knob = (event.target as Element).closest<SVGElement>("[data-image]");
    if (!knob || event.button !== 0) return;
    event.preventDefault();
    this.plot.focus({ preventScroll: true });
    this.plot.setPointerCapture(event.pointerId);
    const image = Number(knob.dataset.image);
    this.grip = { image, isWidth: knob.dataset.knob === "width", from: this.codes[image], at: this.place(event) };
    this.replace(image, this.codes[image]);
  }

  private move(event: PointerEvent): void {
    const { grip, chart } = this;
    if (!grip || !chart) return;
    const by = this.place(event) - grip.at;
    const { mu, sigma } = grip.from;
    const arm = Math.max(sigma, (LEAST_ARM_PX * 2 * EDGE) / (chart.right - chart.left));
    this.replace(
      grip.image,
      grip.isWidth ? { mu, sigma: (sigma * Math.max(0.01, arm + by)) / arm } : { mu: mu + by, sigma },
    );
  }

  private leave(): void {
    this.grip = null;
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { mu, sigma } = this.codes[this.image];
    const digit = Number(event.key);
    const step = event.shiftKey ? STEP / 5 : STEP;
    if (digit >= 1 && digit <= this.codes.length) this.replace(digit - 1, this.codes[digit - 1]);
    else if (event.key === "ArrowLeft") this.replace(this.image, { mu: mu - step, sigma });
    else if (event.key === "ArrowRight") this.replace(this.image, { mu: mu + step, sigma });
    else if (event.key.toLowerCase() === "x")
      this.replace(this.image, { mu, sigma: event.shiftKey ? sigma / STRETCH : sigma * STRETCH });
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // ---- what is seen -----------------------------------------------------------------------------------------------------

  private paint(): void {
    const { look, codes, parts } = this;
    if (!look) return;
    const n = codes.length;
    setText(this.counted, `${n} images`);
    const { mu, sigma } = codes[this.image];
    setText(
      this.chosen,
      `Image ${this.image + 1} of ${n}: q(z|${imageName(this.image)}) = N(${number(mu)}, ${number(sigma)}²).`,
    );
    this.bars.show(parts, n);
    this.drawLine(look);
  }

  private drawLine({ width, height, px, theme }: Look): void {
    const { codes } = this;
    const at = Array.from({ length: LINE_STEPS + 1 }, (_, i) => EDGE * ((2 * i) / LINE_STEPS - 1));
    const q = at.map((z) => aggregate(z, codes));
    const shares = codes.map((code) => at.map((z) => Math.exp(logDensity(z, code)) / codes.length));
    const peaks = codes.map(({ sigma }) => 1 / (sigma * Math.sqrt(2 * Math.PI) * codes.length));
    const top = 1.12 * Math.max(0.4, ...q, ...peaks);
    const chart = new Chart(Math.max(220, Math.min(360, height - 16 * px)), px);
    const words = `q(z) of ${codes.length} images over the prior`;
    chart.begin(
      width,
      { title: "z", kind: "linear", low: -EDGE, high: EDGE },
      { title: "density", kind: "linear", low: 0, high: top },
      words,
    );
    const path = (values: readonly number[]): string =>
      `M${values.map((value, i) => `${chart.x(at[i]).toFixed(1)} ${chart.y(value).toFixed(1)}`).join("L")}`;
    chart.add("path", {
      d: `${path(q)}L${chart.x(EDGE)} ${chart.bottom}L${chart.x(-EDGE)} ${chart.bottom}Z`,
      class: "lw-aggregate",
    });
    chart.add("path", { d: path(at.map((z) => Math.exp(logDensity(z, PRIOR)))), class: "lw-prior" });
    shares.forEach((values, i) =>
      chart.add("path", { d: path(values), class: "lw-code", style: `stroke: ${classColour(i, theme.isDark)}` }),
    );
    this.drawKnobs(chart, peaks, (i) => classColour(i, theme.isDark));
    this.chart = chart;
    this.plot.replaceChildren(chart.element);
  }

  /** Where several lie on each other they stand below each other. */
  private drawKnobs(chart: Chart, peaks: readonly number[], colour: (i: number) => string): void {
    const isSame = (a: Code, b: Code): boolean => Math.abs(a.mu - b.mu) < 0.03 && Math.abs(a.sigma - b.sigma) < 0.03;
    this.codes.forEach((code, i) => {
      const same = this.codes.filter((one) => isSame(one, code));
      const before = this.codes.slice(0, i).filter((one) => isSame(one, code)).length;
      const [x, y] = [chart.x(code.mu), chart.y(peaks[i]) + before * STACK_PX];
      const arm = Math.max(LEAST_ARM_PX, chart.x(code.mu + code.sigma) - x);
      const hit = { r: same.length > 1 ? STACK_PX / 2 : HIT_PX, class: "lw-hit" };
      const fill = { class: `lw-knob${i === this.image ? " lw-chosen" : ""}`, style: `fill: ${colour(i)}` };
      const knob = { "data-image": i, style: "touch-action: none; cursor: ew-resize" };
      const [left, top, anchor] = same.length > 1 ? [x - 14, y + 5, "end"] : [x, y - 14, "middle"];
      chart.add("line", { x1: x, x2: x + arm, y1: y, y2: y, class: "lw-arm", style: `stroke: ${colour(i)}` });
      chart.add("rect", { x: x + arm - 6, y: y - 6, width: 12, height: 12, ...fill });
      chart.add("circle", { cx: x, cy: y, r: 8, ...fill });
      chart.add("text", { x: left, y: top, class: "lw-note", "text-anchor": anchor }, imageName(i));
      chart.add("circle", { cx: x + arm, cy: y, ...hit, ...knob, "data-knob": "width" });
      chart.add("circle", { cx: x, cy: y, ...hit, ...knob, "data-knob": "mean" });
    });
  }
}

function imageName(i: number): string {
  return `x${"₁₂₃₄₅₆₇₈"[i]}`;
}
