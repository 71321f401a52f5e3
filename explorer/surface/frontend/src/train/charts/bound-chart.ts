/** How do the two terms of the bound go? Curves over the steps, of the batches that were learned from and of the images held back. */

import { Chart, plain } from "../../charts/chart";
import { h, setHidden } from "../../ui/dom";
import { count } from "../../ui/format";
import type { History, Stretch } from "../history";
import type { TrainState } from "../state";
import { BOUND, formula, KL, RECONSTRUCTION } from "./formulas";

const HEIGHT = 152;
/** Of the axis at first, so that the curves do not jump when they begin. */
const FIRST_STEPS = 50;

interface Curve {
  readonly id: string;
  readonly words: string;
  readonly title: string;
  readonly of: (stretch: Stretch) => number;
}

const CURVES: readonly Curve[] = [
  {
    id: "sum",
    words: "−ELBO",
    title: BOUND.words,
    of: ({ reconstruction, kl }) => reconstruction + kl,
  },
  {
    id: "reconstruction",
    words: "reconstruction",
    title: RECONSTRUCTION.words,
    of: ({ reconstruction }) => reconstruction,
  },
  {
    id: "kl",
    words: "KL",
    title: KL.words,
    of: ({ kl }) => kl,
  },
];

export class BoundChart {
  readonly element: HTMLElement;
  private readonly chart = new Chart(HEIGHT);
  private readonly held = h(
    "span",
    { class: "lc-key", title: "Images that nothing is learned from" },
    h("i", { class: "lt-swatch lt-dashed" }),
    "held back",
  );
  private readonly beside = h(
    "span",
    { class: "lc-key" },
    h("i", { class: "lt-swatch lt-sum lt-beside" }),
    "right one",
  );

  constructor() {
    const key = ({ id, words, title }: Curve): HTMLElement =>
      h("span", { class: "lc-key", title }, h("i", { class: `lt-swatch lt-${id}` }), words);
    this.element = h(
      "figure",
      { class: "lt-figure" },
      formula(BOUND),
      h("figcaption", { class: "lc-legend" }, ...CURVES.map(key), this.held, this.beside),
      this.chart.element,
    );
  }

  /** states: of one training, or of two, whose images held back are left out · width: CSS pixels. */
  draw(states: readonly TrainState[], width: number): void {
    const { chart } = this;
    const isAlone = states.length === 1;
    setHidden(this.held, !isAlone);
    setHidden(this.beside, isAlone);
    const step = Math.max(...states.map((state) => state.step));
    const shown = states.flatMap(({ history, heldBack }) => (isAlone ? [...history, ...heldBack] : history));
    const high = Math.max(1, ...shown.map(CURVES[0].of).filter(Number.isFinite)) * 1.05;
    chart.begin(
      width,
      { title: "step", kind: "linear", low: 0, high: Math.max(FIRST_STEPS, step), format: count, ticks: ticksOf(step) },
      { title: "nats an image", kind: "linear", low: 0, high },
      boundWords(states, step),
    );
    for (const { id, of } of CURVES) {
      states.forEach(({ history }, i) => {
        this.line(history, of, `lt-line lt-${id}${i ? " lt-beside" : ""}`);
      });
      if (isAlone) this.line(states[0].heldBack, of, `lt-line lt-${id} lt-held`);
    }
  }

  private line(history: History, of: Curve["of"], look: string): void {
    const { chart } = this;
    const places = history
      .filter((one) => Number.isFinite(of(one)))
      .map((one) => `${chart.x(one.step)} ${chart.y(of(one))}`);
    if (places.length > 0) chart.add("path", { d: `M${places.join("L")}`, class: look });
  }
}

/** The curves' ends for those who do not see them. */
function boundWords(states: readonly TrainState[], step: number): string {
  const ends = states.map(({ history, settings }) => {
    const last = history.at(-1);
    const beta = states.length > 1 ? `with β ${plain(settings.beta)} ` : "";
    return last
      ? `${beta}${CURVES.map(({ words, of }) => `${words} ${plain(of(last))}`).join(", ")} nats an image`
      : "";
  });
  if (ends.some((words) => words === "")) return "Curves of the bound: nothing was learned yet.";
  return `Curves over ${count(step)} steps: ${ends.join("; ")}.`;
}

/** A few round numbers of steps. */
function ticksOf(step: number): number[] {
  const high = Math.max(FIRST_STEPS, step);
  const unit = 10 ** Math.floor(Math.log10(high / 2));
  const wanted = [unit, 2 * unit, 5 * unit].find((one) => high / one <= 5) ?? 10 * unit;
  return Array.from({ length: Math.floor(high / wanted) + 1 }, (_, i) => i * wanted);
}
