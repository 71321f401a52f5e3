/** Which dimensions does the network use? The KL of each as a bar that grows, and shrinks where it dies. */

import { Chart, plain } from "../../charts/chart";
import { h, setHidden, setText } from "../../ui/dom";
import { dimension, number } from "../../ui/format";
import { formula, GUIDE, KL_OF_ONE } from "./formulas";
import type { Stairs } from "./linear-guide";

const HEIGHT = 128;
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
  /** Where two are beside each other, or the steps of the linear model are known. */
  readonly settings?: { readonly beta: number };
}

export class KlChart {
  readonly element: HTMLElement;
  private readonly chart = new Chart(HEIGHT);
  /** Nats that the axis shows: only ever more, or the bars could not be seen to shrink. */
  private high = LEAST;

  private readonly words = h("p", { class: "la-small lt-stair-words", title: GUIDE, "data-testid": "stairs" });

  constructor() {
    this.element = h("figure", { class: "lt-figure" }, formula(KL_OF_ONE), this.chart.element, this.words);
  }

  /** Another training, or one whose largest KL is known, nats. */
  reset(most = 0): void {
    this.high = LEAST;
    this.grow(most);
  }

  /** states: of one training, or of two of as many dimensions · width: CSS pixels · stairs: of the linear model, where it is known. */
  draw(states: readonly KlShown[], width: number, stairs: readonly (Stairs | null)[] = []): void {
    const { chart } = this;
    const K = states[0].choice.latentDim;
    const all = states.map(({ terms }) => Array.from({ length: K }, (_, k) => terms?.klPerDim[k] ?? 0));
    const most = Math.max(...[...all, ...stairs.map((one) => one?.kl ?? [])].flat().filter(Number.isFinite), 0);
    this.grow(most);
    chart.begin(
      width,
      {
        title: "latent dimension",
        kind: "linear",
        low: 0,
        high: K,
        ticks: all[0].map((_, k) => k + 0.5).filter((_, k) => k % everyFor(width / K) === 0),
        format: (value) => dimension(Math.floor(value)),
      },
      { title: "KL, nats", kind: "linear", low: 0, high: this.high },
      wordsOf(states, all),
    );
    all.forEach((values, i) => {
      this.steps(values, stairs[i]?.kl ?? [], i, all.length);
      values.forEach((kl, k) => this.bar(kl, k, i, all.length));
    });
    const words = stairWords(stairs, states);
    setText(this.words, words);
    setHidden(this.words, words === "");
  }

  private grow(most: number): void {
    while (most > this.high) this.high *= 1.5;
  }

  /** Each step behind the bar of its rank: which dimension takes which direction is not decided. */
  private steps(values: readonly number[], stairs: readonly number[], of: number, n: number): void {
    const { chart } = this;
    const width = (chart.x(1) - chart.x(0)) / n;
    ranks(values).forEach((rank, k) => {
      const kl = stairs[rank] ?? 0;
      if (kl <= 0) return;
      // at β = 0 it has no bound: the step leaves the chart, and has no top there
      const [top, across] = Number.isFinite(kl) ? [chart.y(kl), "h"] : [chart.top, "m"];
      chart.add("path", {
        d: `M${chart.x(k) + of * width} ${chart.bottom}V${top}${across}${width}${across === "h" ? "" : " 0"}V${chart.bottom}`,
        class: "lt-stair",
        "data-kl": kl,
      });
    });
  }

  /** Of dimension k of the training `of` of n. */
  private bar(kl: number, k: number, of: number, n: number): void {
    const { chart } = this;
    const step = chart.x(1) - chart.x(0);
    const width = (step * (1 - GAP)) / n;
    const top = Math.min(chart.y(Number.isFinite(kl) ? kl : 0), chart.bottom - 1.5);
    const bar = chart.add("rect", {
      x: chart.x(k) + (step * GAP) / 2 + of * width,
      y: top,
      width: width - (n > 1 ? 1 : 0),
      height: chart.bottom - top,
      class: `lc-bar lc-${kl < DEAD ? "collapsed" : of ? "idle" : "used"}`,
    });
    const title = document.createElementNS("http://www.w3.org/2000/svg", "title");
    title.textContent = `${dimension(k)}${n > 1 ? SIDES[of] : ""}: ${number(kl, 3)} nats`;
    bar.append(title);
  }
}

/** The place of each among all, 0 for the largest; of equal ones the first comes first. */
export function ranks(values: readonly number[]): number[] {
  const order = values.map((_, k) => k).sort((a, b) => values[b] - values[a] || a - b);
  return values.map((_, k) => order.indexOf(k));
}

/** What the steps say; "" while they are not known. */
function stairWords(stairs: readonly (Stairs | null)[], states: readonly KlShown[]): string {
  const each = stairs.map((one, i) => {
    const kept = one?.kl.filter((kl) => kl > 0).length ?? 0;
    return `${kept} of ${one?.kl.length} at β = ${plain(states[i].settings?.beta ?? 1)}`;
  });
  if (stairs.length === 0 || stairs.some((one) => !one)) return "";
  const isExact = stairs.every((one) => one?.isExact);
  const isBounded = stairs.every((one) => one?.kl.every(Number.isFinite));
  const kept = `${each.join(", ")}${isBounded ? "" : ", and their KL grows without bound at β = 0"}`;
  return isExact ? `Dashed: this linear VAE keeps ${kept}.` : `Dashed, a guide: a linear VAE keeps ${kept}.`;
}

const SIDES = [" at the left", " at the right"];

function wordsOf(states: readonly KlShown[], all: readonly (readonly number[])[]): string {
  if (states.some(({ terms }) => !terms)) return `KL of ${all[0].length} dimensions: nothing was learned yet.`;
  if (states.length === 1) return klWords(all[0]);
  return all.map((values, i) => `With β ${plain(states[i].settings?.beta ?? 1)}: ${klWords(values)}`).join(" ");
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
