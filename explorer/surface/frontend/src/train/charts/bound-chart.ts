/**
 * How do the two terms of the bound go? Curves over the steps, of the batches that were learned from and of the images held back; of an
 * autoencoder the one term that it has.
 */

import { Chart, plain } from "../../charts/chart";
import { h, setHidden, setText } from "../../ui/dom";
import { count } from "../../ui/format";
import type { History, Stretch } from "../history";
import type { TrainState } from "../state";
import { BOUND, formula, KL, OF_POINTS, RECONSTRUCTION } from "./formulas";

const HEIGHT = 152;
/** Of the axis at first, so that the curves do not jump when they begin. */
const FIRST_STEPS = 50;

interface Curve {
  readonly id: string;
  readonly words: string;
  readonly title: string;
  readonly of: (stretch: Stretch) => number;
  /** Of an autoencoder, whose codes are points. */
  readonly isOfPoints?: true;
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
  {
    id: "reconstruction",
    words: "−log p(x|z)",
    title: OF_POINTS.words,
    of: ({ reconstruction }) => reconstruction,
    isOfPoints: true,
  },
];

export class BoundChart {
  readonly element: HTMLElement;
  private readonly chart = new Chart(HEIGHT);
  private readonly formula = formula(BOUND);
  private readonly keys = CURVES.map(({ id, words, title }) =>
    h("span", { class: "lc-key", title }, h("i", { class: `lt-swatch lt-${id}` }), words),
  );
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
    this.element = h(
      "figure",
      { class: "lt-figure" },
      this.formula,
      h("figcaption", { class: "lc-legend" }, ...this.keys, this.held, this.beside),
      this.chart.element,
    );
  }

  /** states: of one training, or of two, whose images held back are left out · width: CSS pixels. */
  draw(states: readonly TrainState[], width: number): void {
    const { chart } = this;
    const isAlone = states.length === 1;
    const curves = this.chosen(states[0].choice.isDeterministic);
    setHidden(this.held, !isAlone);
    setHidden(this.beside, isAlone);
    const step = Math.max(...states.map((state) => state.step));
    const shown = states.flatMap(({ history, heldBack }) => (isAlone ? [...history, ...heldBack] : history));
    const [low, high] = rangeOf(curves.flatMap(({ of }) => shown.map(of)));
    chart.begin(
      width,
      { title: "step", kind: "linear", low: 0, high: Math.max(FIRST_STEPS, step), format: count, ticks: ticksOf(step) },
      { title: "nats an image", kind: "linear", low, high },
      boundWords(states, step, curves),
    );
    for (const { id, of } of curves) {
      states.forEach(({ history }, i) => {
        this.line(history, of, `lt-line lt-${id}${i ? " lt-beside" : ""}`);
      });
      if (isAlone) this.line(states[0].heldBack, of, `lt-line lt-${id} lt-held`);
    }
  }

  /** The curves of such a model; formula and legend are theirs. */
  private chosen(isDeterministic: boolean): readonly Curve[] {
    const isChosen = ({ isOfPoints }: Curve): boolean => (isOfPoints ?? false) === isDeterministic;
    const { text, words } = isDeterministic ? OF_POINTS : BOUND;
    setText(this.formula, text);
    if (this.formula.title !== words) this.formula.title = words;
    CURVES.forEach((curve, i) => {
      setHidden(this.keys[i], !isChosen(curve));
    });
    return CURVES.filter(isChosen);
  }

  private line(history: History, of: Curve["of"], look: string): void {
    const { chart } = this;
    const places = history
      .filter((one) => Number.isFinite(of(one)))
      .map((one) => `${chart.x(one.step)} ${chart.y(of(one))}`);
    if (places.length > 0) chart.add("path", { d: `M${places.join("L")}`, class: look });
  }
}

/** Of the axis, from 0 on, and below it where a density is above 1. */
function rangeOf(values: readonly number[]): readonly [number, number] {
  const finite = values.filter(Number.isFinite);
  return [1.05 * Math.min(0, ...finite), 1.05 * Math.max(1, ...finite)];
}

/** The curves' ends for those who do not see them. */
function boundWords(states: readonly TrainState[], step: number, curves: readonly Curve[]): string {
  const ends = states.map(({ history, settings }) => {
    const last = history.at(-1);
    const beta = states.length > 1 ? `with β ${plain(settings.beta)} ` : "";
    return last
      ? `${beta}${curves.map(({ words, of }) => `${words} ${plain(of(last))}`).join(", ")} nats an image`
      : "";
  });
  if (ends.some((words) => words === "")) return `Curves of ${curves[0].words}: nothing was learned yet.`;
  return `Curves over ${count(step)} steps: ${ends.join("; ")}.`;
}

/** A few round numbers of steps. */
function ticksOf(step: number): number[] {
  const high = Math.max(FIRST_STEPS, step);
  const unit = 10 ** Math.floor(Math.log10(high / 2));
  const wanted = [unit, 2 * unit, 5 * unit].find((one) => high / one <= 5) ?? 10 * unit;
  return Array.from({ length: Math.floor(high / wanted) + 1 }, (_, i) => i * wanted);
}
