/** How is a film played? A button, a slider over its moments, which epoch it is, and how fast. */

import { button, h, icon, setText } from "../ui/dom";
import { number } from "../ui/format";

const SPEEDS = [0.5, 1, 2] as const;
/** Of the slider, in a moment: it follows the film while it plays. */
const STEP = 0.01;

/** What the bar asks for. */
export interface Player {
  /** A place of the film; a hand wants it to rest there. */
  seek(at: number): void;
  toggle(): void;
  setSpeed(speed: number): void;
}

export interface BarShown {
  /** Place in the film. */
  readonly at: number;
  /** Epochs that are over there, and at the end. */
  readonly epoch: number;
  readonly lastEpoch: number;
  readonly isPlaying: boolean;
  readonly speed: number;
}

export class FilmBar {
  private readonly slider: HTMLInputElement;
  private readonly play: HTMLButtonElement;
  private readonly speeds: readonly HTMLButtonElement[];
  private readonly words = h("span", { class: "la-muted la-number", "data-testid": "epoch" });
  readonly element: HTMLElement;
  private settings = "";

  constructor(nMoments: number, player: Player) {
    this.slider = h("input", {
      type: "range",
      class: "la-slider",
      min: 0,
      max: nMoments - 1,
      step: STEP,
      value: 0,
      "aria-label": "Moment of the training",
    });
    this.slider.addEventListener("input", () => player.seek(Number(this.slider.value)));
    this.slider.addEventListener("keydown", (event) => this.step(event, player));
    this.play = button("la-tool la-play", {}, () => player.toggle());
    this.speeds = SPEEDS.map((speed) =>
      button("la-tool", {}, () => player.setSpeed(speed), h("span", {}, `${speed}×`)),
    );
    this.element = h(
      "div",
      { class: "la-transport lf-bar", role: "group", "aria-label": "Film of the training" },
      this.play,
      this.slider,
      this.words,
      h("div", { class: "la-tools", role: "group", "aria-label": "Speed" }, ...this.speeds),
    );
  }

  show({ at, epoch, lastEpoch, isPlaying, speed }: BarShown): void {
    this.slider.value = String(at);
    const words = `Epoch ${number(epoch, 1)} of ${number(lastEpoch, 0)}`;
    setText(this.words, words);
    this.slider.setAttribute("aria-valuetext", words);
    const settings = `${isPlaying} ${speed}`;
    if (settings === this.settings) return;
    this.settings = settings;
    this.play.replaceChildren(icon(isPlaying ? "pause" : "play"));
    this.play.setAttribute("aria-label", isPlaying ? "Pause" : "Play");
    this.speeds.forEach((one, i) => one.setAttribute("aria-pressed", String(SPEEDS[i] === speed)));
  }

  /** Arrow keys go from moment to moment, not by the hundredth. */
  private step(event: KeyboardEvent, player: Player): void {
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const at = Number(this.slider.value);
    const next = by > 0 ? Math.floor(at) + 1 : Math.ceil(at) - 1;
    const place = Math.min(Math.max(next, 0), Number(this.slider.max));
    this.slider.value = String(place); // the next press may come before the next frame
    player.seek(place);
  }
}
