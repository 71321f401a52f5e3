/** What does someone do first who has never seen the map? A faint line says it once a page, and leaves. */

import { setText } from "../ui/dom";

/** How long it stays after the first movement. */
const STAY_MS = 2500;
const FADE_MS = 300;

let wasSeen = false;

export class Hint {
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly element: HTMLElement) {}

  show(pinnable: boolean): void {
    if (wasSeen) return;
    const isTouch = matchMedia("(pointer: coarse)").matches;
    const look = isTouch ? "Drag to decode" : "Move to decode";
    setText(this.element, pinnable ? `${look}, ${isTouch ? "tap" : "click"} to pin` : look);
    this.element.hidden = false;
  }

  /** A sentence of the moment, for as long as it takes to read. */
  say(sentence: string): void {
    clearTimeout(this.timer);
    setText(this.element, sentence);
    this.element.toggleAttribute("data-leaving", false);
    this.element.toggleAttribute("data-said", true);
    this.element.hidden = false;
    this.timer = setTimeout(() => this.leave(), Math.max(STAY_MS, 60 * sentence.length));
  }

  leaveLater(): void {
    if (wasSeen) return;
    wasSeen = true;
    this.timer = setTimeout(() => this.leave(), STAY_MS);
  }

  leave(): void {
    wasSeen = true;
    clearTimeout(this.timer);
    this.element.toggleAttribute("data-leaving", true);
    this.timer = setTimeout(() => (this.element.hidden = true), FADE_MS);
  }

  dispose(): void {
    clearTimeout(this.timer);
  }
}
