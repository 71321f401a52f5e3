/** What does a person touch to hear a map? A switch, and once it is on: the roll with the line of what sounds, play, stop, volume. */

import { button, chip, Disposer, h, keyHint, setHidden, setText } from "../ui/dom";
import { unpackText } from "../wire/unpack";
import { Conductor, type Piece } from "./conductor";
import type { Decoded, SoundControls } from "./program";
import { type Cells, cellsOf, isSame, notesOf } from "./roll";
import { RollPicture } from "./roll-picture";
import sheet from "./sound.css";
import { CUT, Synth } from "./synth";

/** Steps for which a place is heard before the next one, while the hand moves on. */
const LEAST_STEPS = 2;
const MAP = "[role=application]";
const FIRST_VOLUME = 60;
/** Milliseconds after which what was cut is no more heard: what is suspended before would be heard when the sound goes on. */
const FADED_MS = 1500 * CUT;
const TITLE =
  "Hear the decoded picture as the piano roll that it is: time goes to the right, pitch upwards, and a pitch sounds where the picture is 0.5 or more, for Bernoulli pixels their probability. Nothing sounds until this is switched on.";
const SAYS: Readonly<Record<Piece, string>> = {
  beat: "The first beat sounds.",
  bar: "The bar sounds.",
  path: "What is decoded along the way sounds.",
};
const SILENT_BEAT = "Its first beat is silent; Enter on the map plays the bar.";

/** What makes sound, once it was asked for. */
interface Playing {
  readonly context: AudioContext;
  readonly synth: Synth;
  readonly conductor: Conductor;
}

export class SoundBar implements SoundControls {
  private readonly toggle = chip("Sound", () => void this.switchTo(!this.isOn), {
    "aria-pressed": "false",
    title: TITLE,
    class: "la-chip la-all la-sound-switch",
  });
  private readonly roll = new RollPicture();
  private readonly playButton = button(
    "la-chip la-all",
    { title: "Play the decoded bar" },
    () => this.play(),
    "Play bar",
  );
  private readonly stopButton = button("la-chip la-all", { title: "Stop the sound (Esc)" }, () => this.halt(), "Stop");
  private readonly volume = h("input", {
    type: "range",
    min: 0,
    max: 100,
    value: FIRST_VOLUME,
    class: "la-slider",
    "aria-label": "Volume",
  });
  private readonly words = h("p", { class: "la-small", "data-testid": "sound-words" });
  private readonly controls = h("div", { class: "la-sound-controls", hidden: true });
  private readonly disposer = new Disposer();
  private playing: Playing | null = null;
  private isOn = false;
  private decoded: Decoded | null = null;
  private cells: Cells | null = null;
  /** The hand moved on while a place was still heard. */
  private isDue = false;
  private frame = 0;
  private fading = 0;

  constructor(
    private readonly element: HTMLElement,
    private readonly haltProbe: () => void,
  ) {
    const buttons = h("div", { class: "la-sound-buttons" }, this.playButton, this.stopButton);
    const volume = h("label", { class: "la-sound-volume la-small" }, "Volume", this.volume);
    this.controls.append(this.roll.element, h("div", { class: "la-sound-side" }, buttons, volume, this.words));
    const style = h("style", {}, unpackText(sheet));
    element.append(
      style,
      h("div", { class: "la-sound", role: "group", "aria-label": "Sound" }, this.toggle, this.controls),
    );
    const root = element.closest<HTMLElement>(".la-root") ?? element;
    this.disposer.listen(this.toggle, "click", ({ detail }) => {
      // by hand: the next Enter is meant for the map, and would switch off what was switched on
      if (this.isOn && detail > 0) root.querySelector<HTMLElement>(MAP)?.focus({ preventScroll: true });
    });
    this.disposer.listen(this.volume, "input", () => this.playing?.synth.setVolume(Number(this.volume.value) / 100));
    this.disposer.listen(root, "keydown", (event) => this.enter(event), { capture: true });
    this.disposer.listen(document, "keydown", (event) => event.key === "Escape" && this.halt(), { capture: true });
    this.disposer.listen(document, "visibilitychange", () => document.hidden && this.halt()); // nothing sounds unseen
    this.say();
  }

  tell(decoded: Decoded): void {
    const { picture, height, width } = decoded;
    const cells = cellsOf(picture, height, width);
    const isOther = this.cells !== null && !isSame(cells, this.cells);
    const [wasUnderWay, isUnderWay] = [this.decoded?.isUnderWay === true, decoded.isUnderWay];
    if (isOther || !this.cells) this.cells = cells;
    this.decoded = decoded;
    if (!this.isOn) return;
    if (isUnderWay !== wasUnderWay) this.followWay(isUnderWay);
    else if (isUnderWay) this.playing?.conductor.follow(this.cells as Cells);
    else if (isOther) this.touch();
    this.show();
  }

  leave(): void {
    cancelAnimationFrame(this.frame);
    window.clearTimeout(this.fading);
    this.disposer.dispose();
    this.playing?.conductor.stop();
    void this.playing?.context.close();
    this.playing = null;
    this.isOn = false;
    this.element.replaceChildren();
  }

  private async switchTo(isOn: boolean): Promise<void> {
    if (isOn && !this.makePlaying()) return;
    this.isOn = isOn;
    this.toggle.setAttribute("aria-pressed", String(isOn));
    setHidden(this.controls, !isOn);
    const { context, conductor } = this.playing as Playing;
    if (!isOn) conductor.stop();
    this.show();
    window.clearTimeout(this.fading);
    if (!isOn) {
      this.fading = window.setTimeout(() => void context.suspend(), FADED_MS);
      return;
    }
    await context.resume();
    if (this.isOn && this.decoded?.isUnderWay) this.followWay(true);
  }

  /** Within the click: a browser lets no page sound before one. */
  private makePlaying(): boolean {
    if (this.playing) return true;
    try {
      const context = new AudioContext({ latencyHint: "interactive" });
      const synth = new Synth(context);
      synth.setVolume(Number(this.volume.value) / 100);
      this.playing = { context, synth, conductor: new Conductor(synth) };
      return true;
    } catch {
      this.toggle.disabled = true;
      this.toggle.after(h("p", { class: "la-small", role: "alert" }, "This browser plays no sound."));
      return false;
    }
  }

  /** With Shift, Enter pins the code as ever. */
  private enter(event: KeyboardEvent): void {
    const isMap = (event.target as Element).matches(MAP);
    if (
      !this.isOn ||
      !isMap ||
      event.key !== "Enter" ||
      event.shiftKey ||
      event.ctrlKey ||
      event.metaKey ||
      event.altKey
    )
      return;
    event.preventDefault();
    event.stopPropagation();
    if (!event.repeat) this.play();
  }

  private play(): void {
    if (this.decoded?.isUnderWay) this.haltProbe();
    this.begin("bar");
  }

  private halt(): void {
    const { playing } = this;
    if (!playing?.conductor.playing) return;
    this.isDue = false;
    if (playing.conductor.playing === "path") this.haltProbe();
    playing.conductor.stop();
    this.show();
  }

  /** The probe goes by itself, or has stopped. */
  private followWay(isUnderWay: boolean): void {
    if (isUnderWay) this.begin("path");
    else if (this.playing?.conductor.playing === "path") this.playing.conductor.stop();
  }

  /** The hand is somewhere else. */
  private touch(): void {
    const conductor = this.playing?.conductor;
    if (!conductor || conductor.playing === "bar") return;
    this.isDue = true;
    if (conductor.playing === null) this.preview();
  }

  private preview(): void {
    this.isDue = false;
    this.begin("beat");
  }

  private begin(piece: Piece): void {
    if (!this.playing || !this.cells || !this.decoded) return;
    this.playing.conductor.begin(piece, this.cells, this.decoded.roll);
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.tick());
    this.show();
  }

  private tick(): void {
    const conductor = this.playing?.conductor;
    if (!conductor) return;
    if (this.element.getClientRects().length === 0) {
      this.halt(); // the map was left for a film or for another run, and its Stop with it
      return;
    }
    const step = conductor.tick();
    if (this.isDue && (step === null || step >= LEAST_STEPS)) this.preview();
    else if (step !== null) this.frame = requestAnimationFrame(() => this.tick());
    this.roll.showLine(step, this.decoded?.isCalm === true);
    if (step === null) this.show();
  }

  /** What sounds is seen, and where nothing does, what would. */
  private show(): void {
    const conductor = this.playing?.conductor;
    const playing = conductor?.playing ?? null;
    const cells = (playing && conductor?.heard) || this.cells;
    if (!this.isOn || !cells || !this.decoded) return;
    this.roll.show(cells, this.decoded.roll);
    if (playing === null) this.roll.showLine(null, true);
    this.stopButton.disabled = playing === null;
    this.playButton.disabled = notesOf(cells).length === 0;
    this.say(playing, cells);
  }

  private hasFirstBeat(cells: Cells): boolean {
    const { steps_per_beat } = (this.decoded as Decoded).roll;
    return notesOf(cells).some(({ step }) => step < steps_per_beat);
  }

  private say(playing: Piece | null = null, cells: Cells | null = null): void {
    if (cells && notesOf(cells).length === 0) setText(this.words, "Here no pixel is 0.5 or more: silence.");
    else if (playing === "beat" && cells && !this.hasFirstBeat(cells)) setText(this.words, SILENT_BEAT);
    else if (playing) setText(this.words, SAYS[playing]);
    else
      this.words.replaceChildren(
        "Another place of the map: its first beat.",
        keyHint(" Enter on the map: its bar; Shift+Enter pins."),
      );
  }
}
