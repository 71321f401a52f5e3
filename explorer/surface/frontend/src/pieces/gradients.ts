/** “Noise one can differentiate”: two estimators of one gradient, from 1 to 100 000 draws, a hundred times each, computed on the spot. */

import { type Axis, Chart, type Scale } from "../charts/chart";
import { Dial } from "../charts/dial";
import { button, h, setText } from "../ui/dom";
import { count, number } from "../ui/format";
import { type Kind, REPEATS, SIZES, Simulation, spread, varianceOf } from "./maths/gradients";
import type { Look, Piece } from "./piece";
import { decades, power } from "./powers";
import { Slices } from "./slices";

const HEIGHT = 224;
const NAMES: Readonly<Record<Kind, string>> = {
  score: "score function",
  baseline: "score function less baseline",
  pathwise: "pathwise",
};
/** Widest of the dial, unless the lesson asks for more. */
const MOST_THETA = 20;
/** Of the estimates' axis: standard deviations of the noisier estimator at one draw. */
const SEEN = 3;

export class GradientsPiece implements Piece {
  private readonly slices = new Slices();
  private readonly theta: Dial;
  private readonly baseline = h("input", { type: "checkbox" });
  private readonly go: HTMLButtonElement;
  private readonly words = h("p", { class: "lw-lead", role: "status", "data-testid": "piece-words" });
  private readonly table = h("tbody", {});
  private readonly charts = h("div", { class: "lw-charts" });
  readonly element: HTMLElement;
  private look: Look | null = null;
  private seed = 1;
  private simulation: Simulation | null = null;

  constructor(theta: number) {
    const high = Math.max(MOST_THETA, theta);
    this.theta = new Dial(
      {
        name: "θ",
        title: "Where the derivative of E[z²], z ~ N(θ, 1), is taken.",
        low: 0,
        high,
        value: theta,
        isLog: false,
        words: (value) => number(value, 1),
      },
      () => this.forget(),
    );
    this.go = button("lw-button", { "data-testid": "piece-go" }, () => this.toggle(), "Draw");
    this.baseline.addEventListener("change", () => this.paint());
    this.element = h(
      "section",
      { class: "lw-piece", "aria-label": "Two estimators of one gradient" },
      h(
        "div",
        { class: "lw-row" },
        this.go,
        h("label", { class: "la-check" }, this.baseline, "subtract the baseline E[z²]"),
        this.theta.element,
      ),
      this.words,
      this.charts,
      h(
        "details",
        { class: "lw-details" },
        h("summary", {}, "All numbers"),
        h(
          "table",
          { class: "lw-table" },
          h("caption", { class: "la-hidden" }, "Mean and standard deviation of the estimates"),
          h(
            "thead",
            {},
            h(
              "tr",
              {},
              ...["draws N", "score: mean", "std", "closed form", "pathwise: mean", "std", "closed form"].map((name) =>
                h("th", { scope: "col" }, name),
              ),
            ),
          ),
          this.table,
        ),
      ),
    );
  }

  watched(): ReturnType<Piece["watched"]> {
    const finished = this.simulation?.finished ?? [];
    return {
      numbers: { draws: finished.reduce((most, { n }) => Math.max(most, n), 0) },
      names: { baseline: [this.baseline.checked ? "on" : "off"] },
    };
  }

  draw(look: Look): void {
    this.look = look;
    this.paint();
  }

  destroy(): void {
    this.slices.stop();
  }

  /** What is shown as the score's estimate. */
  private get kind(): Kind {
    return this.baseline.checked ? "baseline" : "score";
  }

  private toggle(): void {
    if (this.slices.isWorking) {
      this.slices.stop();
      return this.paint();
    }
    this.simulation = new Simulation(this.theta.value, this.seed++);
    this.slices.start(
      (deadline) => this.simulation?.work(deadline) ?? false,
      () => this.paint(),
    );
    this.paint();
  }

  /** Another θ: what was drawn is of the one before. */
  private forget(): void {
    this.slices.stop();
    this.simulation = null;
    this.paint();
  }

  private paint(): void {
    const { look, simulation } = this;
    if (!look) return;
    const isWorking = this.slices.isWorking;
    setText(this.go, isWorking ? "Cancel" : simulation ? "Draw again" : "Draw");
    setText(this.words, this.sentence());
    const isBeside = look.width > 600 && look.px < 20;
    const width = isBeside ? (look.width - 16) / 2 : look.width;
    const height = isBeside
      ? Math.max(HEIGHT, Math.min(380, look.height - 150))
      : Math.max(HEIGHT, (look.height - 190) / 2);
    this.charts.classList.toggle("lw-two", isBeside);
    this.charts.replaceChildren(
      h("figure", { class: "lw-figure" }, this.estimates(width, height, look.px), this.legend()),
      h(
        "figure",
        { class: "lw-figure" },
        this.deviations(width, height, look.px),
        h("figcaption", { class: "lc-legend" }, "Dots: measured; lines: by the closed form."),
      ),
    );
    this.fillTable();
  }

  private sentence(): string {
    const { simulation } = this;
    const theta = this.theta.value;
    const goal = `d/dθ E[z²] for z ~ N(θ, 1) at θ = ${number(theta, 1)} is 2θ = ${number(2 * theta, 1)}.`;
    if (!simulation) return `${goal} Press “Draw”: ${REPEATS} estimates from each number of draws, by both estimators.`;
    const last = simulation.finished[simulation.finished.length - 1];
    if (!last) return `${goal} Drawing, ${Math.floor(100 * simulation.share)} % …`;
    const part = (kind: Kind): string => {
      const { mean, deviation } = spread(last.of[kind]);
      return `${NAMES[kind]} ${number(mean, 3)} ± ${number(deviation, 3)}`;
    };
    const ratio = varianceOf(this.kind, theta) / varianceOf("pathwise", theta);
    const rest = simulation.isComplete
      ? ` For the same precision the ${NAMES[this.kind]} needs ${ratio < 10 ? number(ratio, 1) : count(Math.round(ratio))} times the draws.`
      : this.slices.isWorking
        ? ` Drawing, ${Math.floor(100 * simulation.share)} % …`
        : " Cancelled.";
    return `${goal} With N = ${count(last.n)}: ${part(this.kind)}, ${part("pathwise")}.${rest}`;
  }

  private axis(): Axis {
    return {
      title: "draws N of an estimate",
      kind: "log",
      low: 0.45,
      high: 170_000,
      ticks: [...SIZES],
      format: power,
    };
  }

  /** Every estimate as a dot; those that lie outside stand at the edge. */
  private estimates(width: number, height: number, px: number): SVGSVGElement {
    const theta = this.theta.value;
    const half = SEEN * Math.sqrt(varianceOf(this.kind, theta));
    const [low, high] = [2 * theta - half, 2 * theta + half];
    const chart = new Chart(height, px);
    const finished = this.simulation?.finished ?? [];
    chart.begin(
      width,
      this.axis(),
      { title: "estimate", kind: "linear", low, high },
      `Estimates of the gradient against the number of draws: ${finished.length} of ${SIZES.length} numbers of draws.`,
    );
    const inside = (value: number): number => chart.y(Math.min(high, Math.max(low, value)));
    const truth = chart.y(2 * theta);
    chart.add("line", { x1: chart.left, x2: chart.right, y1: truth, y2: truth, class: "lc-marker lw-truth" });
    for (const { n, of } of finished) {
      for (const [kind, side] of [[this.kind, -1] as const, ["pathwise", 1] as const])
        of[kind].forEach((value, i) => {
          const shift = side * (4 + (9 * ((i * 7) % REPEATS)) / REPEATS);
          chart.add("circle", {
            cx: chart.x(n) + shift,
            cy: inside(value),
            r: 2.2,
            class: `lw-dot lw-${classOf(kind)}`,
          });
        });
    }
    return chart.element;
  }

  /** Measured as dots, by the closed form as lines: both fall with √N. */
  private deviations(width: number, height: number, px: number): SVGSVGElement {
    const theta = this.theta.value;
    const finished = this.simulation?.finished ?? [];
    const chart = new Chart(height, px);
    const exact = (kind: Kind, n: number): number => Math.sqrt(varianceOf(kind, theta) / n);
    const highest = Math.max(...(["score", "baseline", "pathwise"] as const).map((kind) => exact(kind, 1)));
    const [low, high] = [exact("pathwise", 170_000) / 2, 3 * highest];
    chart.begin(
      width,
      this.axis(),
      { title: "standard deviation", kind: "log", low, high, ticks: decades(low, high), format: power },
      "Standard deviation of the estimates against the number of draws, measured and by the closed form.",
    );
    if (!this.simulation) return chart.element; // before the draw nothing is told
    for (const kind of [this.kind, "pathwise"] as const) {
      chart.add("path", { d: lineOf(chart, (n) => exact(kind, n)), class: `lw-line lw-${classOf(kind)}` });
      for (const { n, of } of finished)
        chart.add("circle", {
          cx: chart.x(n),
          cy: chart.y(Math.max(low, spread(of[kind]).deviation)),
          r: 4.5,
          class: `lw-mark lw-${classOf(kind)}`,
        });
    }
    return chart.element;
  }

  private legend(): HTMLElement {
    const entry = (kind: Kind): HTMLElement =>
      h("span", { class: "lc-key" }, h("span", { class: `lc-swatch lw-swatch lw-${classOf(kind)}` }), NAMES[kind]);
    return h("figcaption", { class: "lc-legend" }, entry(this.kind), entry("pathwise"));
  }

  private fillTable(): void {
    const theta = this.theta.value;
    this.table.replaceChildren(
      ...(this.simulation?.finished ?? []).map(({ n, of }) => {
        const cells = [this.kind, "pathwise" as const].flatMap((kind) => {
          const { mean, deviation } = spread(of[kind]);
          return [mean, deviation, Math.sqrt(varianceOf(kind, theta) / n)].map((value) => number(value, 3));
        });
        return h("tr", {}, h("th", { scope: "row" }, count(n)), ...cells.map((cell) => h("td", {}, cell)));
      }),
    );
  }
}

function classOf(kind: Kind): "score" | "pathwise" {
  return kind === "pathwise" ? "pathwise" : "score";
}

function lineOf(chart: { readonly x: Scale; readonly y: Scale }, value: (n: number) => number): string {
  const ends = [SIZES[0], SIZES[SIZES.length - 1]];
  return `M${ends.map((n) => `${chart.x(n)} ${chart.y(value(n))}`).join("L")}`;
}
