/** What does someone hear who cannot see the map? One polite sentence once the movement has stopped. */

import { h } from "../ui/dom";

const QUIET_MS = 400;

export class ScreenReader {
  readonly element = h("div", {
    class: "la-hidden",
    "data-testid": "surface-state",
    "aria-live": "polite",
    role: "status",
  });
  private timer: ReturnType<typeof setTimeout> | undefined;

  private due = 0;
  private sentence: (() => string) | null = null;

  /** `sentence` is asked only when it is time: building it every frame would be wasted, and so would be a new timer. */
  later(sentence: () => string): void {
    this.sentence = sentence;
    this.due = performance.now() + QUIET_MS;
    this.timer ??= setTimeout(() => this.look(), QUIET_MS);
  }

  now(sentence: string): void {
    this.dispose();
    this.element.textContent = sentence;
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private look(): void {
    this.timer = undefined;
    const left = this.due - performance.now();
    if (left > 0) this.timer = setTimeout(() => this.look(), left);
    else if (this.sentence) this.now(this.sentence());
  }
}
