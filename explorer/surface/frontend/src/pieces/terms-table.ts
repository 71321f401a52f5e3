/** What do the terms of the bound say? A table with a line for each Gaussian, and two bars on one scale: what the code costs, and the gap. */

import { h, setText } from "../ui/dom";
import { number } from "../ui/format";
import type { Terms } from "./maths/gaussian";

export interface Line {
  readonly name: string;
  readonly terms: Terms;
  /** KL(q ‖ p(z|x)), nats; null while log p(x) is not known. */
  readonly gap: number | null;
}

const HEADS = [
  ["Distortion", "−E_q log p(x|z), nats"],
  ["Rate", "KL(q(z) ‖ p(z)), nats"],
  ["Bound", "−distortion − rate, nats: the ELBO of this image"],
  ["Gap", "KL(q(z) ‖ p(z|x)) = log p(x) − bound, nats"],
] as const;
const SCALES = [1, 2, 5];

export class TermsTable {
  private readonly body = h("tbody", {});
  private readonly bars = ["Rate", "Gap"].map((name) => new Bar(name));
  readonly element = h(
    "div",
    { class: "lw-terms" },
    h(
      "table",
      { class: "lw-table", "data-testid": "piece-terms" },
      h("caption", { class: "la-hidden" }, "Terms of the bound of each Gaussian, nats"),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("th", { scope: "col" }, "nats"),
          ...HEADS.map(([name, title]) => h("th", { scope: "col", title }, name)),
        ),
      ),
      this.body,
    ),
    h("div", { class: "lw-bars" }, ...this.bars.map(({ element }) => element)),
  );

  /** The first line is the own one, which the bars show. */
  show(lines: readonly Line[]): void {
    this.body.replaceChildren(
      ...lines.map(({ name, terms, gap }) =>
        h(
          "tr",
          { "data-of": name },
          h("th", { scope: "row" }, name),
          ...[-terms.reconstruction, terms.rate, terms.bound, gap].map((value) =>
            h("td", {}, value === null ? "…" : number(value)),
          ),
        ),
      ),
    );
    const [{ terms, gap }] = lines;
    const scale = niceAbove(Math.max(terms.rate, gap ?? 0));
    this.bars[0].show(terms.rate, scale);
    this.bars[1].show(gap, scale);
  }
}

class Bar {
  private readonly fill = h("span", { class: "lw-bar-fill" });
  private readonly value = h("span", { class: "lw-bar-value" });
  readonly element: HTMLElement;

  constructor(name: string) {
    this.element = h(
      "div",
      { class: `lw-bar lw-bar-${name.toLowerCase()}` },
      h("span", { class: "lw-bar-name" }, name),
      h("span", { class: "lw-bar-track" }, this.fill),
      this.value,
    );
  }

  show(value: number | null, scale: number): void {
    this.fill.style.width = `${(100 * Math.max(0, value ?? 0)) / scale}%`;
    setText(this.value, value === null ? "…" : `${number(value)} of ${number(scale, 0)} nats`);
  }
}

/** 1, 2, 5, 10, 20 …: the scale of bars changes seldom. */
function niceAbove(value: number): number {
  const power = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(value, 1))));
  return (SCALES.find((step) => step * power >= value) ?? 10) * power;
}
