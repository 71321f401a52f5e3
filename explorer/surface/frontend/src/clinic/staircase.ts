/** How many dimensions will survive? The spectrum of the data against the line βσ², and the staircase that the line walks down. */

import { h, setText } from "../dom";
import { Chart, plain, steps } from "./chart";
import { Dial } from "./dial";
import { directions, geometric, linearKl, survivors } from "./sums";

export interface StaircaseData {
  readonly kind: "staircase";
  readonly dataset: string;
  /** Of the covariance of the training images, largest first, grey levels in [0, 1] squared. */
  readonly eigenvalues: readonly number[];
  /** Linear VAEs that were trained: βσ² and how many dimensions are active. latent_dim: at most so many can be. */
  readonly runs: readonly { readonly name: string; readonly threshold: number; readonly active: number; readonly latent_dim: number }[];
  readonly beta: number;
  readonly sigma2: number;
}

const BETAS = [1, 0.1, 0.3, 0.5, 2, 3, 4, 5, 8, 10, 16, 20];
const VARIANCES = [1, 0.0001, 0.001, 0.01, 0.04, 0.1, 0.25, 0.5];

export class Staircase {
  readonly element: HTMLElement;
  private readonly spectrum = new Chart(280);
  private readonly stairs = new Chart(260);
  private readonly words = h("p", { class: "lc-words", role: "status" });
  private readonly beta: Dial;
  private readonly sigma2: Dial;

  constructor(private readonly data: StaircaseData, private readonly width: () => number) {
    const again = (): void => this.draw();
    this.beta = new Dial({ name: "β, weight of the KL", title: "The loss is −log p(x|z) + β KL.", low: 0.05, high: 50, value: data.beta, isLog: true, marks: BETAS, words: plain }, again);
    this.sigma2 = new Dial({ name: "σ², variance of a pixel", title: "Of the Gaussian p(x|z), fixed.", low: 1e-4, high: 1, value: data.sigma2, isLog: true, marks: VARIANCES, words: plain }, again);
    this.element = h("div", { class: "lc-root" }, h("div", { class: "lc-dials" }, this.beta.element, this.sigma2.element), this.words, this.spectrum.element, this.stairs.element);
  }

  draw(): void {
    const threshold = this.beta.value * this.sigma2.value;
    const { eigenvalues } = this.data;
    const n = survivors(eigenvalues, threshold);
    const first = linearKl(eigenvalues[0], threshold);
    const all = eigenvalues.reduce((sum, value) => sum + linearKl(value, threshold), 0);
    const end = ` The images vary in ${directions(eigenvalues)} directions, where the staircase ends; a model keeps at most as many as it has latent dimensions.`;
    setText(this.words, (n === 0 ? `βσ² = ${plain(threshold)}: above every eigenvalue, so every dimension switches off.` : `βσ² = ${plain(threshold)}: ${n} dimension${n > 1 ? "s" : ""} survive${n > 1 ? "" : "s"}, with ${plain(first)} nats in the first and ${plain(all)} in all.`) + end);
    this.drawSpectrum(threshold, n);
    this.drawStairs(threshold, n);
  }

  private drawSpectrum(threshold: number, n: number): void {
    const chart = this.spectrum;
    const shown = this.data.eigenvalues.slice(0, directions(this.data.eigenvalues));
    const low = Math.min(shown[shown.length - 1], threshold) / 1.5;
    chart.begin(
      this.width(),
      { title: "direction of the data, by variance", kind: "linear", low: 0, high: shown.length, format: (value) => String(Math.round(value)) },
      { title: "eigenvalue λ", kind: "log", low, high: Math.max(shown[0], threshold) * 1.5, ticks: decades(low, Math.max(shown[0], threshold) * 1.5), format: power },
      `Spectrum of ${this.data.dataset}: ${n} eigenvalues above the line at ${plain(threshold)}.`,
    );
    const step = chart.x(1) - chart.x(0);
    shown.forEach((value, i) => {
      const top = chart.y(value);
      chart.add("rect", { x: chart.x(i) + step * 0.12, y: top, width: step * 0.76, height: Math.max(0, chart.bottom - top), class: `lc-bar lc-${value > threshold ? "used" : "collapsed"}` });
    });
    const line = chart.y(threshold);
    chart.add("line", { x1: chart.left, x2: chart.right, y1: line, y2: line, class: "lc-marker" });
    chart.add("text", { x: chart.right - 4, y: line - 6, "text-anchor": "end", class: "lc-note" }, "βσ²");
  }

  private drawStairs(threshold: number, n: number): void {
    const chart = this.stairs;
    const { eigenvalues, runs } = this.data;
    const alive = eigenvalues.slice(0, directions(eigenvalues));
    const [low, high] = [10 ** Math.floor(Math.log10(Math.min(threshold, alive[alive.length - 1]))), Math.max(alive[0] * 3, threshold * 1.5, 1)];
    const at = geometric(low, high, 800);
    const most = Math.max(...runs.map(({ active }) => active), alive.length);
    chart.begin(
      this.width(),
      { title: "βσ²", kind: "log", low, high, ticks: decades(low, high), format: power },
      { title: "dimensions alive", kind: "linear", low: 0, high: most },
      `Staircase: dimensions alive over beta sigma squared, and ${runs.length} trained linear models on it.`,
    );
    chart.add("path", { d: steps(at.map((value) => [chart.x(value), chart.y(survivors(alive, value))])), class: "lc-line" });
    for (const { name, threshold: place, active } of runs) {
      const dot = chart.add("circle", { cx: chart.x(place), cy: chart.y(active), r: 5, class: "lc-run" });
      const title = document.createElementNS("http://www.w3.org/2000/svg", "title");
      title.textContent = `${name}: ${active} active at βσ² = ${plain(place)}`;
      dot.append(title);
    }
    chart.add("line", { x1: chart.x(threshold), x2: chart.x(threshold), y1: chart.top, y2: chart.bottom, class: "lc-marker" });
    chart.add("circle", { cx: chart.x(Math.min(high, Math.max(low, threshold))), cy: chart.y(n), r: 5, class: "lc-dot" });
  }
}

/** 10⁻⁴ */
function power(value: number): string {
  const digits: Readonly<Record<string, string>> = { "-": "\u207b", "0": "\u2070", "1": "\u00b9", "2": "\u00b2", "3": "\u00b3", "4": "\u2074", "5": "\u2075", "6": "\u2076", "7": "\u2077", "8": "\u2078", "9": "\u2079" };
  const exponent = Math.round(Math.log10(value));
  return exponent === 0 ? "1" : exponent === 1 ? "10" : `10${[...String(exponent)].map((letter) => digits[letter]).join("")}`;
}

function decades(low: number, high: number): number[] {
  const first = Math.ceil(Math.log10(low));
  return Array.from({ length: Math.max(1, Math.floor(Math.log10(high)) - first + 1) }, (_, i) => 10 ** (first + i));
}
