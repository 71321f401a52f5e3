/** Is this code an ordinary one? μ ± σ of one picture in every dimension, beside what the codes of all test images are there. */

import { css } from "../../ui/colour";
import { h } from "../../ui/dom";
import { dimension, number } from "../../ui/format";
import type { Theme } from "../../ui/theme";

/** Of the codes: the bands end here. */
const SHARES = [0.05, 0.25, 0.5, 0.75, 0.95] as const;
/** So many codes tell the quantiles well enough. */
const MOST = 5000;
const HEIGHT = 132;
const FOOT = 18;
const COLUMN = 44;
const NARROW = 13;

export class Population {
  readonly element: HTMLElement;
  private readonly canvas = h("canvas", { class: "la-own-population", role: "img" });
  private bands: readonly (readonly number[])[] = [];
  private mu: Float32Array | null = null;

  constructor() {
    const caption = h(
      "figcaption",
      { class: "la-small" },
      "μ ± σ in every dimension; bands: the middle 50 % and 90 % of all test codes",
    );
    this.element = h("figure", { class: "la-own-figure" }, this.canvas, caption);
  }

  configure(mu: Float32Array, latentDim: number): void {
    if (mu === this.mu) return;
    this.mu = mu;
    this.bands = quantilesOf(mu, latentDim);
  }

  show(mu: readonly number[], std: readonly number[], theme: Theme): void {
    const K = mu.length;
    if (this.bands.length !== K) return;
    const outside = mu.flatMap((value, k) =>
      value < this.bands[k][0] || value > this.bands[k][4] ? [dimension(k)] : [],
    );
    const where =
      outside.length === 0
        ? "All lie within the middle 90 %."
        : `Outside the middle 90 %: ${outside.slice(0, 8).join(", ")}${outside.length > 8 ? " …" : ""}.`;
    this.canvas.setAttribute(
      "aria-label",
      `Mean and spread of your picture's code beside all test codes, ${K} dimensions. ${where}`,
    );
    this.paint(mu, std, theme);
  }

  /** Only to another size: a canvas that is given its own size again is laid out again. */
  private resize(width: number, ratio: number): void {
    const { canvas } = this;
    const [across, down] = [Math.round(width * ratio), Math.round(HEIGHT * ratio)];
    if (canvas.width === across && canvas.height === down) return;
    canvas.width = across;
    canvas.height = down;
    canvas.style.width = `${width}px`;
  }

  private paint(mu: readonly number[], std: readonly number[], theme: Theme): void {
    const K = mu.length,
      step = K > 12 ? NARROW : COLUMN,
      ratio = Math.min(2, devicePixelRatio || 1);
    const width = K * step + 30;
    this.resize(width, ratio);
    const context = this.canvas.getContext("2d");
    if (!context) return;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, HEIGHT);
    const reach = Math.max(1, ...this.bands.flatMap((band, k) => [-band[0], band[4], Math.abs(mu[k]) + std[k]])) * 1.05;
    const y = (value: number): number => ((reach - value) / (2 * reach)) * (HEIGHT - FOOT);
    context.font = `${theme.labelPx}px ${theme.font}`;
    context.fillStyle = css(theme.muted);
    context.textAlign = "right";
    const tick = Math.max(1, Math.floor(reach * 0.8));
    for (const value of [-tick, 0, tick]) {
      context.fillText(number(value, 0), 22, y(value) + 4);
      context.fillRect(26, Math.round(y(value)), width - 26, value === 0 ? 1 : 0.5);
    }
    context.textAlign = "center";
    for (let k = 0; k < K; k++) {
      const [low, q1, middle, q3, high] = this.bands[k],
        x = 30 + (k + 0.5) * step,
        half = 0.32 * step;
      context.fillStyle = css(theme.muted, 0.22);
      context.fillRect(x - half, y(high), 2 * half, y(low) - y(high));
      context.fillRect(x - half, y(q3), 2 * half, y(q1) - y(q3));
      context.fillStyle = css(theme.muted);
      context.fillRect(x - half, y(middle) - 0.5, 2 * half, 1);
      if (step > NARROW || k % 5 === 4 || k === 0)
        context.fillText(step > NARROW ? dimension(k) : String(k + 1), x, HEIGHT - 4);
      context.fillStyle = css(theme.accent);
      context.fillRect(x - 1, y(mu[k] + std[k]), 2, Math.max(1, y(mu[k] - std[k]) - y(mu[k] + std[k])));
      context.beginPath();
      context.arc(x, y(mu[k]), step > NARROW ? 4 : 3, 0, 2 * Math.PI);
      context.fill();
    }
  }
}

/** (K, 5): the five shares of every column of mu (N, K). */
export function quantilesOf(mu: Float32Array, K: number): number[][] {
  const n = Math.floor(mu.length / K),
    stride = Math.max(1, Math.ceil(n / MOST));
  return Array.from({ length: K }, (_, k) => {
    const column = Float32Array.from({ length: Math.ceil(n / stride) }, (_unused, i) => mu[i * stride * K + k]).sort();
    return SHARES.map((share) => column[Math.round(share * (column.length - 1))] ?? 0);
  });
}
