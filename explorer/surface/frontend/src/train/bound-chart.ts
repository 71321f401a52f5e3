/** How do the two terms of the bound go? Curves over the steps, of the batches that were learned from and of the images held back. */

import { Chart, plain } from "../charts/chart";
import { h } from "../ui/dom";
import { count } from "../ui/format";
import type { History, Stretch } from "./history";
import type { TrainState } from "./state";

const HEIGHT = 168;
/** Of the axis at first, so that the curves do not jump when they begin. */
const FIRST_STEPS = 50;

interface Curve {
  readonly id: string;
  readonly words: string;
  readonly formula: string;
  readonly of: (stretch: Stretch) => number;
}

const CURVES: readonly Curve[] = [
  {
    id: "sum",
    words: "−ELBO, their sum",
    formula: "−log p(x) ≤ −ELBO",
    of: ({ reconstruction, kl }) => reconstruction + kl,
  },
  {
    id: "reconstruction",
    words: "reconstruction",
    formula: "−E log p(x|z), z drawn from q(z|x)",
    of: ({ reconstruction }) => reconstruction,
  },
  {
    id: "kl",
    words: "KL",
    formula: "KL(q(z|x) ‖ p(z)) = ½ Σ (μ² + σ² − 1 − log σ²)",
    of: ({ kl }) => kl,
  },
];

export class BoundChart {
  readonly element: HTMLElement;
  private readonly chart = new Chart(HEIGHT);

  constructor() {
    const key = ({ id, words, formula }: Curve): HTMLElement =>
      h("span", { class: "lc-key", title: formula }, h("i", { class: `lt-swatch lt-${id}` }), words);
    const dashed = h(
      "span",
      { class: "lc-key", title: "Images that nothing is learned from" },
      h("i", { class: "lt-swatch lt-dashed" }),
      "held back",
    );
    this.element = h(
      "figure",
      { class: "lt-figure" },
      h("figcaption", { class: "lc-legend" }, ...CURVES.map(key), dashed),
      this.chart.element,
    );
  }

  /** width: CSS pixels. */
  draw({ history, heldBack, step }: TrainState, width: number): void {
    const { chart } = this;
    const sums = [...history, ...heldBack].map(CURVES[0].of).filter(Number.isFinite);
    const high = Math.max(1, ...sums) * 1.05;
    const last = history.at(-1);
    const words = last
      ? `Curves over ${count(step)} steps: ${CURVES.map(({ words: name, of }) => `${name} ${plain(of(last))}`).join(", ")} nats an image.`
      : "Curves of the bound: nothing was learned yet.";
    chart.begin(
      width,
      { title: "step", kind: "linear", low: 0, high: Math.max(FIRST_STEPS, step), format: count, ticks: ticksOf(step) },
      { title: "nats an image", kind: "linear", low: 0, high },
      words,
    );
    for (const { id, of } of CURVES) {
      this.line(history, of, `lt-line lt-${id}`);
      this.line(heldBack, of, `lt-line lt-${id} lt-held`);
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

/** A few round numbers of steps. */
function ticksOf(step: number): number[] {
  const high = Math.max(FIRST_STEPS, step);
  const unit = 10 ** Math.floor(Math.log10(high / 2));
  const wanted = [unit, 2 * unit, 5 * unit].find((one) => high / one <= 5) ?? 10 * unit;
  return Array.from({ length: Math.floor(high / wanted) + 1 }, (_, i) => i * wanted);
}
