/** How much of the KL is information? A bar of its two parts on one scale, and the most information that N images can have. */

import { h, setText } from "../ui/dom";
import { number } from "../ui/format";
import type { Parts } from "./maths/surgery";

const SCALES = [1, 2, 3, 5, 8, 12, 20, 40, 80];

export class PartsBars {
  private readonly information = h("span", { class: "lw-part lw-part-information" });
  private readonly marginal = h("span", { class: "lw-part lw-part-marginal" });
  private readonly most = h("span", { class: "lw-most" });
  private readonly values = ["rate", "information", "marginal", "most"].map((name) =>
    h("td", { "data-testid": `piece-${name}` }),
  );
  readonly element: HTMLElement;

  constructor() {
    const head = (swatch: string, name: string, words: string): HTMLElement =>
      h(
        "th",
        { scope: "col", title: words },
        ...(swatch ? [h("span", { class: `lc-swatch ${swatch}` }), " "] : []),
        name,
      );
    this.element = h(
      "div",
      { class: "lw-parts" },
      h("div", { class: "lw-stack", "aria-hidden": "true" }, this.information, this.marginal, this.most),
      h(
        "table",
        { class: "lw-table" },
        h("caption", { class: "la-hidden" }, "The mean KL and its two parts, nats"),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            head("", "mean KL(q(z|x) ‖ p)", "(1/N) Σ KL(q(z|xₙ) ‖ p(z)), nats"),
            head("lw-part-information", "= I(n; z)", "mutual information of image and code, nats"),
            head(
              "lw-part-marginal",
              "+ KL(q(z) ‖ p)",
              "how far the codes of all images together are from the prior, nats",
            ),
            head("lw-part-most", "log N", "the most information that N images can have, nats"),
          ),
        ),
        h("tbody", {}, h("tr", {}, ...this.values)),
      ),
    );
  }

  show({ rate, information, marginal }: Parts, n: number): void {
    const most = Math.log(n);
    const scale = SCALES.find((one) => one >= Math.max(rate, most)) ?? rate;
    const share = (value: number): string => `${(100 * Math.max(0, value)) / scale}%`;
    this.information.style.width = share(information);
    this.marginal.style.width = share(marginal);
    this.most.style.left = share(most);
    [rate, information, marginal, most].forEach((value, i) => setText(this.values[i], number(value)));
  }
}
