/** What was kept, and what lies between two of it? The pins below the map with their pictures, and the path between two of them. */

import { Select, Segmented } from "./chooser";
import { h, icon, setText } from "./dom";
import type { PathKind } from "./book";
import { pinLabel, zText } from "./format";
import type { PageState, PathChoice } from "./fragment";
import { Picture, type ImageShape } from "./picture";

const TILE_PX = 84;

const KIND_WORDS: Readonly<Record<PathKind, string>> = {
  linear: "(1−t)a + tb: right between two encoded pictures.",
  "variance-preserving": "The line divided by √((1−t)² + t²): right between two draws from the prior, every step is again such a draw.",
  spherical: "Along the great circle around 0, the length going evenly from one end’s to the other’s (slerp, Shoemake 1985).",
};
const NO_PRIOR = " This model has no prior: such a path may leave the codes that it knows.";

export interface PinPanelEvents {
  drop(index: number): void;
  clear(): void;
  path(choice: PathChoice | null): void;
}

export class PinPanel {
  readonly element: HTMLElement;
  private readonly empty = h("p", { class: "lp-muted" }, "Click the map, or press Enter on it: the place stays here, with its picture, and in this page’s address.");
  private readonly tiles = h("ul", { class: "lp-tiles" });
  private readonly clear = h("button", { type: "button", class: "lp-button lp-quiet" }, "Remove all");
  private readonly pathBox = h("div", { class: "lp-path", role: "group", "aria-label": "Path between two pins" });
  private readonly from: Select;
  private readonly to: Select;
  private readonly kinds: Segmented;
  private readonly words = h("p", { class: "lp-small" });
  private readonly play = h("button", { type: "button", class: "lp-button lp-primary" });
  private readonly one = h("p", { class: "lp-muted" }, "Pin a second place to play what lies between the two.");
  private draft: PathChoice = { kind: "linear", from: 0, to: 1 };
  private nPins = 0;
  private isPath = false;

  constructor(kinds: readonly PathKind[], private readonly hasPrior: boolean, private readonly events: PinPanelEvents) {
    this.from = new Select("From", (value) => this.choose({ from: Number(value) }));
    this.to = new Select("to", (value) => this.choose({ to: Number(value) }));
    this.kinds = new Segmented("Path", kinds.map((kind) => ({ value: kind, text: kind[0].toUpperCase() + kind.slice(1) })), (kind) => this.choose({ kind: kind as PathKind }));
    this.play.addEventListener("click", () => events.path(this.isPath ? null : this.draft));
    this.clear.addEventListener("click", () => {
      events.clear();
      this.element.focus();
    });
    this.pathBox.append(
      h("div", { class: "lp-row" }, this.from.element, this.to.element, this.kinds.element),
      this.words,
      h("div", { class: "lp-row" }, this.play),
    );
    this.element = h(
      "section", { class: "lp-section", "aria-label": "Pins", tabindex: "-1" },
      h("div", { class: "lp-section-head" }, h("h2", { class: "lp-h2" }, "Pins"), this.clear),
      this.empty, this.tiles, this.one, this.pathBox,
    );
  }

  show({ pins, path }: PageState, shape: ImageShape, decode: (z: readonly number[]) => Float32Array): void {
    this.nPins = pins.length;
    this.isPath = path !== null;
    if (path) this.draft = path;
    const last = Math.max(0, pins.length - 1);
    const { kind, from, to } = this.draft;
    this.draft = { kind, from: Math.min(from, last), to: Math.min(to, last) };
    if (this.draft.from === this.draft.to && last > 0) this.draft = { kind, from: last - 1, to: last };
    this.empty.hidden = pins.length > 0;
    this.one.hidden = pins.length !== 1;
    this.tiles.hidden = pins.length === 0;
    this.clear.hidden = pins.length < 2;
    this.pathBox.hidden = pins.length < 2;
    this.tiles.replaceChildren(...pins.map(({ z }, i) => this.tile(i, z, shape, decode)));
    this.showPath();
  }

  private showPath(): void {
    const choices = Array.from({ length: this.nPins }, (_, i) => ({ value: String(i), text: pinLabel(i) }));
    this.from.show(choices, String(this.draft.from));
    this.to.show(choices, String(this.draft.to));
    this.kinds.show(this.draft.kind);
    const doubt = this.hasPrior || this.draft.kind === "linear" ? "" : NO_PRIOR;
    setText(this.words, KIND_WORDS[this.draft.kind] + doubt);
    this.play.replaceChildren(icon(this.isPath ? "close" : "play"), h("span", {}, this.isPath ? "Take the path away" : "Play the path"));
  }

  /** A path that is shown follows its settings at once. */
  private choose(change: Partial<PathChoice>): void {
    let next = { ...this.draft, ...change };
    // the same pin twice is no path: the ends change places
    if (next.from === next.to) next = { kind: next.kind, from: this.draft.to, to: this.draft.from };
    this.draft = next;
    if (this.isPath) this.events.path(next);
    else this.showPath();
  }

  private tile(i: number, z: readonly number[], shape: ImageShape, decode: (z: readonly number[]) => Float32Array): HTMLElement {
    const label = pinLabel(i);
    const picture = new Picture(h("canvas", { class: "lp-pixels", role: "img", "aria-label": `Decoded picture of pin ${label}` }));
    picture.setShape(shape);
    picture.paint(decode(z));
    picture.fitInto(TILE_PX);
    const drop = h("button", { type: "button", class: "lp-drop", "aria-label": `Remove pin ${label}`, title: `Remove pin ${label}` }, icon("close"));
    drop.addEventListener("click", () => {
      this.events.drop(i);
      this.focusTile(i);
    });
    return h(
      "li", { class: "lp-tile", "data-z": JSON.stringify(z) },
      picture.canvas,
      h("div", { class: "lp-tile-head" }, h("strong", {}, label), drop),
      h("span", { class: "lp-small lp-number" }, z.length > 3 ? `largest ${zText(z)}` : zText(z)),
    );
  }

  /** The keyboard stays where it was working: at the next pin's button, or the last one's. */
  private focusTile(i: number): void {
    const buttons = this.tiles.querySelectorAll<HTMLButtonElement>(".lp-drop");
    (buttons[Math.min(i, buttons.length - 1)] ?? this.element).focus();
  }
}
