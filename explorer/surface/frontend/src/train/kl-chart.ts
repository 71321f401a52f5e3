/** Which dimensions does the network use? The KL of each as a bar that grows, and shrinks where it dies. */

import { Chart } from "../charts/chart";
import { h } from "../ui/dom";
import { dimension, number } from "../ui/format";

const HEIGHT = 140;
/** Nats below which a dimension says nothing. */
export const DEAD = 0.01;
/** Nats that the axis shows at least. */
const LEAST = 1;
/** That the name of a dimension takes, CSS pixels. */
const NAME_PX = 30;
/** Between two bars, as a share of their distance. */
const GAP = 0.25;

/** What it shows; a training has more. */
export interface KlShown {
  /** Null where nothing is known yet. */
  readonly terms: { readonly klPerDim: ArrayLike<number> } | null;
  readonly choice: { readonly latentDim: number };
}

export class KlChart {
  readonly element: HTMLElement;
  private readonly chart = new Chart(HEIGHT);
  /** Nats that the axis shows: only ever more, or the bars could not be seen to shrink. */
  private high = LEAST;

  constructor() {
    this.element = h("figure", { class: "lt-figure" }, this.chart.element);
  }

  /** Another training, or one whose largest KL is known, nats. */
  reset(most = 0): void {
    this.high = LEAST;
    this.grow(most);
  }

  /** width: CSS pixels. */
  draw({ terms, choice }: KlShown, width: number): void {
    const { chart } = this;
    const values = Array.from({ length: choice.latentDim }, (_, k) => terms?.klPerDim[k] ?? 0);
    this.grow(Math.max(...values.filter(Number.isFinite), 0));
    chart.begin(
      width,
      {
        title: "latent dimension",
        kind: "linear",
        low: 0,
        high: values.length,
        ticks: values.map((_, k) => k + 0.5).filter((_, k) => k % everyFor(width / values.length) === 0),
        format: (value) => dimension(Math.floor(value)),
      },
      { title: "KL, nats", kind: "linear", low: 0, high: this.high },
      terms ? klWords(values) : `KL of ${values.length} dimensions: nothing was learned yet.`,
    );
    values.forEach((kl, k) => this.bar(kl, k));
  }

  private grow(most: number): void {
    while (most > this.high) this.high *= 1.5;
  }

  private bar(kl: number, k: number): void {
    const { chart } = this;
    const step = chart.x(1) - chart.x(0);
    const top = Math.min(chart.y(Number.isFinite(kl) ? kl : 0), chart.bottom - 1.5);
    const bar = chart.add("rect", {
      x: chart.x(k) + (step * GAP) / 2,
      y: top,
      width: step * (1 - GAP),
      height: chart.bottom - top,
      class: `lc-bar lc-${kl < DEAD ? "collapsed" : "used"}`,
    });
    const title = document.createElementNS("http://www.w3.org/2000/svg", "title");
    title.textContent = `${dimension(k)}: ${number(kl, 3)} nats`;
    bar.append(title);
  }
}

/** Of dimensions so far apart, CSS pixels, every which has room for its name? */
function everyFor(step: number): number {
  return Math.max(1, Math.ceil(NAME_PX / step));
}

/** The bars for those who do not see them. */
export function klWords(values: readonly number[]): string {
  const dead = values.filter((kl) => kl < DEAD).length;
  const each = values.map((kl, k) => `${dimension(k)} ${number(kl, 2)}`).join(", ");
  return `KL of ${values.length} dimensions, ${dead} below ${DEAD} nats: ${each}.`;
}
