/** What do the colours mean? A bar with its ends, a title and a definition, under the map. */

import { h, setText } from "./dom";
import { type RampName, rampCss } from "./ramp";

export interface ScaleWords {
  readonly title: string;
  readonly definition: string;
  readonly ramp: RampName;
  readonly low: string;
  readonly high: string;
}

export class ScaleBar {
  readonly element: HTMLElement;
  private readonly title = h("span", { class: "la-scale-title" });
  private readonly low = h("span", { class: "la-small" });
  private readonly high = h("span", { class: "la-small" });
  private readonly bar = h("span", { class: "la-scale-ramp", "aria-hidden": "true" });

  constructor(...extras: readonly HTMLElement[]) {
    this.element = h(
      "div",
      { class: "la-scale", "data-testid": "scale", hidden: true },
      this.title,
      this.low,
      this.bar,
      this.high,
      ...extras,
    );
  }

  /** Nothing to say hides it. */
  show(words: ScaleWords | null, progress = ""): void {
    this.element.hidden = words === null && progress === "";
    this.bar.hidden = this.low.hidden = this.high.hidden = words === null;
    setText(this.title, words?.title ?? progress);
    this.element.title = words?.definition ?? "";
    if (!words) return;
    setText(this.low, words.low);
    setText(this.high, words.high);
    this.bar.style.background = rampCss(words.ramp);
  }
}
