/** How many dimensions will survive? The spectrum of the data against the line βσ², and the staircase that the line walks down. */

import { h, setText } from "../ui/dom";
import { count } from "../ui/format";
import { Chart, plain, steps } from "./chart";
import { Dial } from "./dial";
import { geometric, linearKl, survivors } from "./sums";

export interface StaircaseData {
  readonly kind: "staircase";
  readonly dataset: string;
  /** Of the covariance of the training images, largest first, grey levels in [0, 1] squared. */
  readonly eigenvalues: readonly number[];
  /** Linear VAEs that were trained: βσ² and how many dimensions are active. latent_dim: at most so many can be. */
  readonly runs: readonly {
    readonly name: string;
    readonly threshold: number;
    readonly active: number;
    readonly latent_dim: number;
  }[];
  readonly beta: number;
  readonly sigma2: number;
}

export class Staircase {
  readonly element: HTMLElement;
  private readonly spectrum = new Chart(280);
  private readonly stairs = new Chart(260);
  private readonly words = h("p", { class: "lc-words", role: "status" });
  private readonly end = h("p", { class: "lc-legend" });
  private readonly beta: Dial;
  private readonly sigma2: Dial;

  constructor(
    private readonly data: StaircaseData,
    private readonly width: () => number,
  ) {
    const again = (): void => this.draw();
    this.beta = new Dial(
      {
        name: "β, weight of the KL",
        title: "The loss is −log p(x|z) + β KL.",
        low: 0.05,
        high: 50,
        value: data.beta,
        isLog: true,
        words: plain,
      },
      again,
    );
    this.sigma2 = new Dial(
      {
        name: "σ², variance of a pixel",
        title: "Of the Gaussian p(x|z), fixed.",
        low: 1e-4,
        high: 1,
        value: data.sigma2,
        isLog: true,
        words: plain,
      },
      again,
    );
    this.element = h(
      "div",
      { class: "lc-root" },
      h("div", { class: "lc-dials" }, this.beta.element, this.sigma2.element),
      this.words,
      this.spectrum.element,
      this.stairs.element,
      this.end,
    );
  }

  draw(): void {
    const threshold = this.beta.value * this.sigma2.value;
    const { eigenvalues } = this.data;
    const n = survivors(eigenvalues, threshold);
    const first = linearKl(eigenvalues[0], threshold);
    const all = eigenvalues.reduce((sum, value) => sum + linearKl(value, threshold), 0);
    setText(
      this.words,
      n === 0
        ? `βσ² = ${plain(threshold)}: above every eigenvalue, so every dimension collapses.`
        : `βσ² = ${plain(threshold)}: ${n} dimension${n > 1 ? "s" : ""} stay${n > 1 ? "" : "s"} active, with a KL of ${plain(first)} nats in the first and ${plain(all)} in all.`,
    );
    setText(this.end, endWords(eigenvalues));
    this.drawSpectrum(threshold, n);
    this.drawStairs(threshold, n);
  }

  private drawSpectrum(threshold: number, n: number): void {
    const chart = this.spectrum;
    const shown = this.data.eigenvalues.filter((value) => value > ZERO);
    const low = Math.min(shown[shown.length - 1], threshold) / 1.5;
    chart.begin(
      this.width(),
      {
        title: "direction of the data, by variance",
        kind: "linear",
        low: 0,
        high: shown.length,
        format: (value) => String(Math.round(value)),
      },
      {
        title: "eigenvalue λ",
        kind: "log",
        low,
        high: Math.max(shown[0], threshold) * 1.5,
        ticks: decades(low, Math.max(shown[0], threshold) * 1.5),
        format: power,
      },
      `Spectrum of ${this.data.dataset}: ${n} eigenvalues above the line at ${plain(threshold)}.`,
    );
    const step = chart.x(1) - chart.x(0);
    shown.forEach((value, i) => {
      const top = chart.y(value);
      chart.add("rect", {
        x: chart.x(i) + step * 0.12,
        y: top,
        width: step * 0.76,
        height: Math.max(0, chart.bottom - top),
        class: `lc-bar lc-${value > threshold ? "used" : "collapsed"}`,
      });
    });
    const line = chart.y(threshold);
    chart.add("line", { x1: chart.left, x2: chart.right, y1: line, y2: line, class: "lc-marker" });
    chart.add("text", { x: chart.right - 4, y: line - 6, "text-anchor": "end", class: "lc-note" }, "βσ²");
  }

  private drawStairs(threshold: number, n: number): void {
    const chart = this.stairs;
    const { eigenvalues, runs } = this.data;
    const alive = eigenvalues.filter((value) => value > ZERO);
    const [low, high] = [
      Math.min(threshold, alive[alive.length - 1] ?? threshold) / 1.5,
      Math.max((alive[0] ?? 0) * 3, 1),
    ];
    const at = geometric(low, high, 400);
    const most = Math.max(...runs.map(({ latent_dim }) => latent_dim), alive.length);
    const shown = (count: number): number => Math.min(most, Math.max(NONE_SHOWN, count)); // a logarithm has no 0
    chart.begin(
      this.width(),
      { title: "βσ²", kind: "log", low, high, ticks: decades(low, high), format: power },
      {
        title: "active dimensions",
        kind: "log",
        low: NONE_SHOWN,
        high: most * 1.1,
        ticks: [NONE_SHOWN, ...decades(1, most)],
        format: (value) => (value < 1 ? "0" : count(value)),
      },
      `Staircase: active dimensions over beta sigma squared, and ${runs.length} trained linear models on it.`,
    );
    chart.add("path", {
      d: steps(at.map((value) => [chart.x(value), chart.y(shown(survivors(alive, value)))])),
      class: "lc-line",
    });
    for (const { name, threshold: place, active } of runs) {
      const dot = chart.add("circle", { cx: chart.x(place), cy: chart.y(shown(active)), r: 5, class: "lc-run" });
      const title = document.createElementNS("http://www.w3.org/2000/svg", "title");
      title.textContent = `${name}: ${active} active at βσ² = ${plain(place)}`;
      dot.append(title);
    }
    chart.add("line", {
      x1: chart.x(threshold),
      x2: chart.x(threshold),
      y1: chart.top,
      y2: chart.bottom,
      class: "lc-marker",
    });
    chart.add("circle", {
      cx: chart.x(Math.min(high, Math.max(low, threshold))),
      cy: chart.y(shown(n)),
      r: 5,
      class: "lc-dot",
    });
  }
}

/** Smaller eigenvalues are rounding; below 1 stands no dimension on a logarithmic axis. */
const ZERO = 1e-7;
const NONE_SHOWN = 0.7;

/** 10⁻⁴ */
function power(value: number): string {
  const digits: Readonly<Record<string, string>> = {
    "-": "\u207b",
    "0": "\u2070",
    "1": "\u00b9",
    "2": "\u00b2",
    "3": "\u00b3",
    "4": "\u2074",
    "5": "\u2075",
    "6": "\u2076",
    "7": "\u2077",
    "8": "\u2078",
    "9": "\u2079",
  };
  const exponent = Math.round(Math.log10(value));
  return exponent === 0
    ? "1"
    : exponent === 1
      ? "10"
      : `10${[...String(exponent)].map((letter) => digits[letter]).join("")}`;
}

/** 1.2 · 10⁻⁶; what needs no power of ten as it is. */
function scientific(value: number): string {
  if (value >= 1e-3) return plain(value);
  const exponent = Math.floor(Math.log10(value));
  return `${plain(value / 10 ** exponent)} · ${power(10 ** exponent)}`;
}

/** Where the staircase stops, and what is below. */
function endWords(eigenvalues: readonly number[]): string {
  const alive = eigenvalues.filter((value) => value > ZERO);
  if (alive.length === 0) return "";
  return `Both charts end at the last of ${count(alive.length)} eigenvalues above 10⁻⁷, λ = ${scientific(alive[alive.length - 1])}: for a smaller βσ² all of them stay active.`;
}

function decades(low: number, high: number): number[] {
  const first = Math.ceil(Math.log10(low));
  return Array.from({ length: Math.max(1, Math.floor(Math.log10(high)) - first + 1) }, (_, i) => 10 ** (first + i));
}
