/** How does one look back? A slider over the moments that were kept; its right end is the present. */

import { h, setText } from "../ui/dom";
import { count } from "../ui/format";
import type { Ask } from "./controls";
import { MOST_EXACT } from "./film";
import { lookedAt, type TrainState } from "./state";

const TITLE = `Look back at any moment that was kept; training goes on from there: from the newest (${MOST_EXACT} at most) exactly, from older ones with weights rounded to 16 bits`;

export class FilmSlider {
  private readonly input = h("input", {
    type: "range",
    min: 0,
    max: 0,
    step: 1,
    class: "lc-range",
    "aria-label": "Moment",
  });
  /** Steps of the moments, from the left. */
  private steps: readonly number[] = [];
  private readonly words = h("span", { class: "lc-value" });
  readonly element = h(
    "label",
    { class: "lc-dial", title: TITLE },
    h("span", { class: "lc-name" }, "Moment"),
    this.words,
    this.input,
  );

  constructor(ask: Ask) {
    this.input.addEventListener("input", () => {
      ask({ kind: "look", at: this.steps[Number(this.input.value)] ?? null });
    });
  }

  show(state: TrainState): void {
    // the last one that was kept is the present, once nothing was learned since
    this.steps = state.film.moments.map(({ step }) => step).filter((step) => step < state.step);
    const n = this.steps.length;
    const moment = lookedAt(state);
    this.input.max = String(n);
    this.input.disabled = n === 0;
    this.input.value = String(moment ? this.steps.indexOf(moment.step) : n);
    const now = `step ${count(state.step)}`;
    const words = moment ? `step ${count(moment.step)} of ${count(state.step)}` : now;
    setText(this.words, words);
    this.input.setAttribute("aria-valuetext", words);
  }
}
