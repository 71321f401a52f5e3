/** One slider with its name, its value in words, and a log scale where the numbers ask for one. */

import { h, setText } from "../dom";
import { DIAL_STEPS, type Scale, stepAt, valueAt } from "./sums";

export interface DialOptions {
  readonly name: string;
  readonly title: string;
  readonly low: number;
  readonly high: number;
  readonly value: number;
  readonly isLog: boolean;
  /** Values that the slider stops at exactly, where a step would only come near: 1, and those that runs were trained with. */
  readonly marks?: readonly number[];
  readonly words: (value: number) => string;
}

export class Dial {
  readonly element: HTMLLabelElement;
  private readonly input = h("input", { type: "range", min: 0, max: DIAL_STEPS, step: 1, class: "lc-range" });
  private readonly shown = h("span", { class: "lc-value" });

  constructor(private readonly options: DialOptions, change: () => void) {
    this.input.setAttribute("aria-label", options.name);
    this.input.value = String(stepAt(options.value, this.scale));
    this.element = h("label", { class: "lc-dial", title: options.title }, h("span", { class: "lc-name" }, options.name), this.shown, this.input);
    this.input.addEventListener("input", () => {
      this.show();
      change();
    });
    this.show();
  }

  get value(): number {
    return valueAt(Number(this.input.value), this.scale);
  }

  /** The value that the dial began with is one of its marks. */
  private get scale(): Scale {
    const { low, high, isLog, value, marks = [] } = this.options;
    return { low, high, isLog, marks: [value, ...marks] };
  }

  private show(): void {
    const words = this.options.words(this.value);
    setText(this.shown, words);
    this.input.setAttribute("aria-valuetext", words);
  }
}
