/** One slider with its name, its value in words, and a log scale where the numbers ask for one. */

import { h, setText } from "../ui/dom";

export interface DialOptions {
  readonly name: string;
  readonly title: string;
  readonly low: number;
  readonly high: number;
  readonly value: number;
  readonly isLog: boolean;
  readonly words: (value: number) => string;
}

const STEPS = 400;

export class Dial {
  readonly element: HTMLLabelElement;
  private readonly input = h("input", { type: "range", min: 0, max: STEPS, step: 1, class: "lc-range" });
  private readonly shown = h("span", { class: "lc-value" });

  constructor(
    private readonly options: DialOptions,
    change: () => void,
  ) {
    this.input.setAttribute("aria-label", options.name);
    this.input.value = String(this.stepOf(options.value));
    this.element = h(
      "label",
      { class: "lc-dial", title: options.title },
      h("span", { class: "lc-name" }, options.name),
      this.shown,
      this.input,
    );
    this.input.addEventListener("input", () => {
      this.show();
      change();
    });
    this.show();
  }

  get value(): number {
    const share = Number(this.input.value) / STEPS;
    const { low, high, isLog } = this.options;
    const step = Number(this.input.value);
    const exact = [this.options.value, ...(isLog && low <= 1 && high >= 1 ? [1] : [])].find(
      (value) => this.stepOf(value) === step,
    );
    return exact ?? (isLog ? low * (high / low) ** share : low + share * (high - low));
  }

  /** Another value, without a word to whoever hears of changes. */
  set(value: number): void {
    this.input.value = String(this.stepOf(value));
    this.show();
  }

  /** The first value and 1 are met exactly, whatever the steps between them are. */
  private stepOf(value: number): number {
    return Math.min(STEPS, Math.max(0, Math.round(this.place(value) * STEPS)));
  }

  private place(value: number): number {
    const { low, high, isLog } = this.options;
    return isLog ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
  }

  private show(): void {
    const words = this.options.words(this.value);
    setText(this.shown, words);
    this.input.setAttribute("aria-valuetext", words);
  }
}
