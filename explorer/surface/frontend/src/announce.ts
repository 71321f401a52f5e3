/** What does someone hear who cannot see the map? One polite sentence once the movement has stopped. */

import { h } from "./dom";

const QUIET_MS = 400;

export class Announcer {
  readonly element = h("div", { class: "la-hidden", "data-testid": "surface-state", "aria-live": "polite", role: "status" });
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** `sentence` is asked only when it is time: building it every frame would be wasted. */
  later(sentence: () => string): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.now(sentence()), QUIET_MS);
  }

  now(sentence: string): void {
    clearTimeout(this.timer);
    this.element.textContent = sentence;
  }

  dispose(): void {
    clearTimeout(this.timer);
  }
}
