/** Where on its path is an interpolation right now? The arithmetic of playing, and its controls. */

import { N_FRAMES } from "../../data/interpolation";
import { Select } from "../../ui/chooser";
import { button, h, icon, prefersReducedMotion, setText } from "../../ui/dom";
import { newPicture, type Picture } from "../../ui/picture";
import type { ImageShape, PathRecord, Point } from "../../wire/schema";
import { type Live, PathTraces } from "./traces";

export type PlayMode = "ping-pong" | "loop";

/** A pass from one end to the other at speed 1. */
export const PASS_MS = 4000;
export const FILM_FRAMES = 11;
const SPEEDS = [0.5, 1, 2] as const;

/** position 0 … 1 along the path; direction +1 or −1. */
export interface PlayHead {
  readonly position: number;
  readonly direction: 1 | -1;
}

/** Where the head is `ms` later. Ping-pong turns round at the ends, a loop starts over; no time is lost at either. */
export function advance(head: PlayHead, ms: number, speed: number, mode: PlayMode): PlayHead {
  const travelled = (ms * speed) / PASS_MS;
  if (mode === "loop") return { position: fraction(head.position + travelled), direction: 1 };
  // ping-pong is a loop of length 2: out from 0 to 1, back from 1 to 2
  const phase = head.direction === 1 ? head.position : 2 - head.position;
  const next = 2 * fraction((phase + travelled) / 2);
  return next <= 1 ? { position: next, direction: 1 } : { position: 2 - next, direction: -1 };
}

function fraction(value: number): number {
  return value - Math.floor(value);
}

/** The frame at a position: where the film rests, it is always one of the path's own z. */
export function frameAt(position: number, nFrames: number): number {
  return Math.min(nFrames - 1, Math.max(0, Math.round(position * (nFrames - 1))));
}

/** While the film runs it is shown as often as the screen is, so between two frames too: straight between their codes or places. */
export function between(rows: readonly (readonly number[])[], position: number): number[] {
  const at = position * (rows.length - 1);
  const i = Math.min(rows.length - 1, Math.max(0, Math.floor(at)));
  const next = rows[Math.min(i + 1, rows.length - 1)];
  return rows[i].map((value, k) => value + (at - i) * (next[k] - value));
}

/** Frames of the filmstrip, evenly spread, both ends included. */
export function filmFrames(nFrames: number, n = FILM_FRAMES): number[] {
  const wanted = Math.min(n, nFrames);
  if (wanted <= 1) return nFrames > 0 ? [0] : [];
  return Array.from({ length: wanted }, (_, i) => Math.round((i * (nFrames - 1)) / (wanted - 1)));
}

export interface PathPlayerEvents {
  /** The frame to show changed by hand. */
  seek(frame: number): void;
  playing(isPlaying: boolean): void;
  className(label: number): string;
}

/** How a path's pictures are made. label: the class as which a code is decoded; null: the chosen one. */
export interface Look {
  paint(picture: Picture, z: readonly number[], label: number | null): void;
  /** Few encoded images are around the code: its picture gets a frame. */
  isLow(z: readonly number[]): boolean;
}
const BESIDE_PX = 128;
const NOTHING = "";

export class PathPlayer {
  readonly element = h("section", { class: "la-player", "aria-label": "Interpolation" });
  isPlaying = false;
  private path: PathRecord | null = null;
  private key = "";
  private head: PlayHead = { position: 0, direction: 1 };
  private speed = 1;
  private mode: PlayMode = "ping-pong";
  /** What the person chose; a closed path loops whatever that is. */
  private wantedMode: PlayMode = "ping-pong";
  private isDark = false;
  private cells: HTMLButtonElement[] = [];
  private look: Look = { paint: () => undefined, isLow: () => false };
  private beside = NOTHING;
  private readonly besidePicture = newPicture("The other path at the same frame");
  private readonly besideSelect = new Select("Compare with", (value) => this.setBeside(value), "la");
  private readonly besideBox = h(
    "div",
    { class: "la-beside", hidden: true },
    this.besideSelect.element,
    this.besidePicture.canvas,
  );
  private readonly strips = new PathTraces(
    (share) => this.seek(frameAt(share, this.path?.z.length ?? 1)),
    (label) => this.events.className(label),
  );
  private shownFrame = -1;
  private readonly title = h("h2", { class: "la-h" });
  private readonly playButton = button("la-tool la-play", {}, () => this.setPlaying(!this.isPlaying));
  private readonly slider = h("input", {
    type: "range",
    class: "la-slider",
    min: 0,
    max: 1,
    step: 1,
    value: 0,
    "aria-label": "Position on the path",
  });
  private readonly counter = h("span", { class: "la-muted la-number" });
  private readonly speeds: HTMLButtonElement[];
  private readonly loopButton = button(
    "la-tool",
    {
      title: "Start over at the end instead of turning round",
      "aria-label": "Loop: start over at the end instead of turning round",
    },
    () => {
      this.mode = this.wantedMode = this.mode === "loop" ? "ping-pong" : "loop";
      this.showSettings();
    },
    icon("loop"),
    h("span", {}, "Loop"),
  );
  private readonly film = h("div", { class: "la-film", role: "group", "aria-label": "Filmstrip" });

  constructor(private readonly events: PathPlayerEvents) {
    this.speeds = SPEEDS.map((speed) => this.speedButton(speed));
    this.element.append(
      this.title,
      h("div", { class: "la-transport" }, this.playButton, this.slider, this.counter),
      this.film,
      this.strips.element,
      h(
        "div",
        { class: "la-transport" },
        h("div", { class: "la-tools", role: "group", "aria-label": "Speed" }, ...this.speeds),
        this.loopButton,
      ),
      this.besideBox,
    );
    this.element.hidden = true;
    this.slider.addEventListener("input", () => this.seek(Number(this.slider.value)));
    this.showSettings();
  }

  get current(): PathRecord | null {
    return this.path;
  }

  /** How many plain paths this one is as long as. */
  private get legs(): number {
    return Math.max(1, ((this.path?.z.length ?? 1) - 1) / (N_FRAMES - 1));
  }

  get frame(): number {
    return frameAt(this.head.position, this.path?.z.length ?? 1);
  }

  /** The code and place that are shown: the frame's own, and in a running film what lies between two. */
  get code(): readonly number[] {
    return this.isPlaying && this.path ? between(this.path.z, this.head.position) : (this.path?.z[this.frame] ?? []);
  }

  /** The class as which it is decoded: that of the nearer frame; null: the chosen one. */
  get label(): number | null {
    return this.path?.labels?.[this.frame] ?? null;
  }

  get place(): Point {
    const [x, y] =
      this.isPlaying && this.path ? between(this.path.map, this.head.position) : (this.path?.map[this.frame] ?? [0, 0]);
    return [x, y];
  }

  /** Returns whether the path is another one than before. A new one plays at once, unless motion is unwelcome. */
  setPath(path: PathRecord | null, shape: ImageShape, look: Look, isDark: boolean): boolean {
    const usable = path && path.z.length > 0 && path.map.length === path.z.length ? path : null;
    const key = usable
      ? JSON.stringify([usable.title, usable.z, usable.map, usable.ends, usable.stops, usable.labels])
      : "";
    const isSame = key === this.key;
    this.key = key;
    this.path = usable;
    if (isSame) {
      if (usable) this.showBeside(usable, shape); // another path beside it may have come
      return false;
    }
    this.head = { position: 0, direction: 1 };
    this.shownFrame = -1;
    this.element.hidden = !usable;
    if (usable) this.mode = usable.is_loop ? "loop" : this.wantedMode;
    if (usable) this.showPath(usable, shape, look, isDark);
    this.setPlaying(usable !== null && usable.z.length > 1 && !prefersReducedMotion());
    return true;
  }

  /** The same path, decoded by another network: the filmstrip anew, the head where it is. */
  repaint(shape: ImageShape, look: Look, isDark: boolean): void {
    if (!this.path) return;
    this.shownFrame = -1;
    this.showPath(this.path, shape, look, isDark);
  }

  /** The strips before an element of the host's, or under the film. */
  placeStrips(before: HTMLElement | null): void {
    const { element } = this.strips;
    if (before ? before.previousSibling === element : this.film.nextSibling === element) return;
    if (before) before.before(element);
    else this.film.after(element);
  }

  /** What the card says of the path's picture. */
  say(live: Live): void {
    this.strips.say(live);
  }

  /** Light or dark: the strips have the classes' colours. */
  retheme(isDark: boolean): void {
    if (!this.path || isDark === this.isDark) return;
    this.isDark = isDark;
    this.strips.show(this.path.strips ?? [], isDark);
    this.strips.at(this.frame);
  }

  /** Moves on by `ms`; returns whether there is another picture to be shown. */
  tick(ms: number): boolean {
    if (!this.isPlaying || !this.path) return false;
    this.head = advance(this.head, ms, this.speed / this.legs, this.mode);
    this.showFrame();
    this.paintBeside();
    return true;
  }

  setPlaying(isPlaying: boolean): void {
    this.isPlaying = isPlaying;
    const last = (this.path?.z.length ?? 1) - 1;
    if (!isPlaying && last > 0) this.head = { ...this.head, position: this.frame / last }; // the film rests on a frame of its own
    if (!isPlaying) {
      this.strips.rest(this.frame);
      this.paintBeside();
    }
    this.showSettings();
    this.events.playing(isPlaying);
  }

  private seek(frame: number): void {
    const last = Math.max(1, (this.path?.z.length ?? 1) - 1);
    this.head = { position: frame / last, direction: 1 };
    if (this.isPlaying) this.setPlaying(false);
    this.showFrame();
    this.paintBeside();
    this.events.seek(this.frame);
  }

  private showFrame(): boolean {
    const frame = this.frame;
    if (frame === this.shownFrame || !this.path) return false;
    this.shownFrame = frame;
    this.slider.value = String(frame);
    setText(this.counter, `${frame + 1}\u00a0/\u00a0${this.path.z.length}`);
    const n = this.cells.length;
    const active = n > 1 ? Math.round((frame / (this.path.z.length - 1)) * (n - 1)) : 0;
    this.cells.forEach((cell, i) => cell.toggleAttribute("data-current", i === active));
    this.strips.at(frame);
    return true;
  }

  private showPath(path: PathRecord, shape: ImageShape, look: Look, isDark: boolean): void {
    const [first, last] = path.ends;
    setText(
      this.title,
      first && last ? `${capital(path.title)} path, ${first} to ${last}` : `${capital(path.title)} path`,
    );
    this.look = look;
    this.isDark = isDark;
    this.strips.show(path.strips ?? [], isDark);
    this.showBeside(path, shape);
    this.slider.max = String(path.z.length - 1);
    this.cells = filmFrames(path.z.length).map((frame) => {
      const picture = newPicture();
      picture.setShape(shape);
      look.paint(picture, path.z[frame], path.labels?.[frame] ?? null);
      const isLow = look.isLow(path.z[frame]);
      picture.canvas.toggleAttribute("data-low", isLow);
      const label = `Frame ${frame + 1} of ${path.z.length}${isLow ? ", low density of encoded images" : ""}`;
      return button("la-film-cell", { "aria-label": label }, () => this.seek(frame), picture.canvas);
    });
    this.film.replaceChildren(...this.cells);
    this.showFrame();
  }

  private showBeside({ others = [] }: PathRecord, shape: ImageShape): void {
    const titles = others.map(({ title }) => title);
    if (!titles.includes(this.beside)) this.beside = NOTHING;
    this.besideBox.hidden = titles.length === 0;
    this.besideSelect.show(
      [{ value: NOTHING, text: "none" }, ...titles.map((title) => ({ value: title, text: title }))],
      this.beside,
    );
    this.besidePicture.setShape(shape);
    this.besidePicture.fitInto(BESIDE_PX);
    this.paintBeside();
  }

  private setBeside(title: string): void {
    this.beside = title;
    this.paintBeside();
  }

  /** The other path at the same share of its way. */
  private paintBeside(): void {
    const other = this.path?.others?.find(({ title }) => title === this.beside);
    this.besidePicture.canvas.hidden = !other;
    if (!other) return;
    const z = between(other.z, this.head.position);
    this.look.paint(this.besidePicture, z, other.labels?.[frameAt(this.head.position, other.z.length)] ?? null);
    if (!this.isPlaying) this.besidePicture.canvas.toggleAttribute("data-low", this.look.isLow(z)); // a search among all codes: not in every frame
  }

  private speedButton(speed: number): HTMLButtonElement {
    const choose = (): void => {
      this.speed = speed;
      this.showSettings();
    };
    return button("la-tool", {}, choose, h("span", {}, `${speed}×`));
  }

  private showSettings(): void {
    this.playButton.replaceChildren(icon(this.isPlaying ? "pause" : "play"));
    this.playButton.setAttribute("aria-label", this.isPlaying ? "Pause" : "Play");
    this.speeds.forEach((button, i) => button.setAttribute("aria-pressed", String(SPEEDS[i] === this.speed)));
    this.loopButton.setAttribute("aria-pressed", String(this.mode === "loop"));
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
