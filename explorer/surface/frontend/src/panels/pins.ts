/** What was kept, and what lies between it? Pictures and names, undo, the path through them. */

import type { RunOnMap } from "../data/run-on-map";
import { isLow } from "../geometry/support";
import type { Frame, Panel } from "../kernel/extension";
import type { PanelEditor } from "../kernel/panel-editor";
import { choiceOf } from "../kernel/path-ends";
import { pinName } from "../kernel/pins";
import type { MapState } from "../kernel/state";
import { Segmented, Select } from "../ui/chooser";
import { button, chip, h, icon, setText } from "../ui/dom";
import { distance, zJson, zText } from "../ui/format";
import { newPicture, Picture } from "../ui/picture";
import type { PathChoice } from "../wire/payload";
import { type ImageShape, LATENT_PATH_KINDS, type LatentPathKind, MAX_NAME, type PinRecord } from "../wire/schema";

const TILE_PX = 84;
const NO_PIN =
  "Nothing pinned yet. Click or tap the map: the code is kept here, with its picture, and in this page's address.";

const KIND_WORDS: Readonly<Record<LatentPathKind, string>> = {
  linear: "(1−t)a + tb: suits two encoded images.",
  "variance-preserving":
    "The line divided by √((1−t)² + t²): suits two samples from the prior, every step is again distributed as one.",
  spherical:
    "Along the great circle around 0, the norm changing evenly from one end's to the other's (slerp, Shoemake 1985).",
  geodesic:
    "Where the picture changes least in all: the shortest path found under the decoder's pull-back metric (Arvanitidis 2018).",
};
const NO_PRIOR = " This model has no prior: such a path may leave the region of the encoded images.";

/** What the shelf shows. */
export interface PinsPanelState {
  readonly pins: readonly PinRecord[];
  readonly path: PathChoice | null;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
}

export interface PinsPanelModel {
  readonly shape: ImageShape;
  readonly latentDim: number;
  readonly hasPrior: boolean;
  /** Of the numbers of a code. */
  readonly decimals: number;
  /** All pictures at once: `take` is given them, and where the i-th one begins. */
  decodeEach: RunOnMap["model"]["decodeEach"];
  /** Few encoded images are around the code. */
  isLow(z: readonly number[]): boolean;
}

export class PinsPanel implements Panel {
  readonly id = "pins";
  readonly slot = "tab-pins";
  readonly reads: readonly (keyof MapState)[] = ["data", "host", "pins", "path"];
  readonly element: HTMLElement;
  private readonly last = h("p", { class: "la-small la-number", "data-testid": "pin" });
  private readonly tiles = h("ul", { class: "la-tiles" });
  private readonly undo = this.editButton("undo", "Undo: the pins as they were before (Ctrl+Z)");
  private readonly redo = this.editButton("redo", "Redo (Ctrl+Shift+Z)");
  private readonly clear = chip("Remove all", () => {
    this.editor.editPins({ kind: "clear" });
    this.element.focus();
  });
  private readonly from = new Select("From", (value) => this.choose({ from: Number(value) }), "la");
  private readonly to = new Select("to", (value) => this.choose({ to: Number(value) }), "la");
  private readonly all = h("input", { type: "checkbox" });
  private readonly allLabel = h("label", { class: "la-check" }, this.all, h("span", {}, "through the pins between"));
  private readonly kinds = new Segmented(
    "Path",
    LATENT_PATH_KINDS.map((kind) => ({ value: kind, text: kind[0].toUpperCase() + kind.slice(1) })),
    (kind) => this.choose({ kind: kind as LatentPathKind }),
    "la",
  );
  private readonly words = h("p", { class: "la-small" });
  private readonly apart = h("p", { class: "la-small la-number", "data-testid": "apart" });
  private readonly difference = newPicture("Absolute difference of the two pictures");
  private readonly play = button("la-button", {}, () => this.editor.choosePath(this.state.path ? null : this.draft));
  private readonly one = h("p", { class: "la-muted" }, "Pin a second code to play the path.");
  private readonly pathBox: HTMLElement;
  private draft: PathChoice = { kind: "linear", from: 0, to: 1, all: true };
  private state: PinsPanelState = { pins: [], path: null, canUndo: false, canRedo: false };
  private model: PinsPanelModel | null = null;
  private data: RunOnMap | null = null;
  private given: readonly unknown[] = [];
  /** The pins were named, dropped or moved by hand: until then the path's end is the newest pin. */
  private endIsChosen = false;

  constructor(private readonly editor: Pick<PanelEditor, "toPin" | "editPins" | "choosePath">) {
    this.all.addEventListener("change", () => this.choose({ all: this.all.checked }));
    this.pathBox = h(
      "div",
      { class: "la-shelf-box", role: "group", "aria-label": "Path between pins" },
      h("div", { class: "la-row" }, this.from.element, this.to.element, this.allLabel, this.kinds.element),
      h("div", { class: "la-apart" }, this.difference.canvas, this.apart),
      this.words,
    );
    this.element = h(
      "div",
      { class: "la-shelf", role: "group", "aria-label": "Pins", tabindex: "-1", hidden: true },
      h(
        "div",
        { class: "la-shelf-head" },
        this.play,
        this.one,
        h("div", { class: "la-tools" }, this.undo, this.redo, this.clear),
      ),
      this.last,
      this.tiles,
      this.pathBox,
    );
  }

  update({ state: { data, host, path }, derived: { pins } }: Frame): void {
    const given = [data, host, path.ends, pins];
    if (given.every((one, i) => one === this.given[i])) return; // a path that is drawn by hand is none of its concern
    this.given = given;
    if (data !== this.data) this.configure(modelOf(data));
    this.data = data;
    const { pinnable, drawable } = host.options;
    this.element.hidden = !pinnable || Boolean(drawable); // there a click adds a stop, and stops are above the map
    const { back, forth } = host.undo;
    this.show({ pins, path: choiceOf(path.ends, pins), canUndo: back, canRedo: forth });
  }

  private configure(model: PinsPanelModel): void {
    this.model = model;
    this.difference.setShape(model.shape);
    this.difference.fitInto(48);
    this.show(this.state);
  }

  private show(state: PinsPanelState): void {
    const { model } = this;
    const grown = state.pins.length > this.state.pins.length;
    this.state = state;
    if (!model) return;
    const { pins, path } = state;
    if (pins.length < 2) this.endIsChosen = false;
    if (path) this.draft = path;
    else this.keepEnds(pins.length, grown);
    this.showLast(pins.at(-1), model);
    this.one.hidden = pins.length !== 1;
    this.tiles.hidden = pins.length === 0;
    this.clear.hidden = pins.length < 2;
    this.undo.disabled = !state.canUndo;
    this.redo.disabled = !state.canRedo;
    this.undo.hidden = this.redo.hidden = !state.canUndo && !state.canRedo;
    this.pathBox.hidden = this.play.hidden = pins.length < 2;
    this.last.hidden = pins.length > 0; // the tiles say it
    this.showTiles(pins, model);
    this.showPath();
  }

  private showLast(pin: PinRecord | undefined, { decimals }: PinsPanelModel): void {
    setText(
      this.last,
      pin ? `${pin.label}: ${pin.z.length > 3 ? "largest " : "z = "}${zText(pin.z, decimals)}` : NO_PIN,
    );
    const { dataset } = this.last;
    for (const name of ["label", "map", "z"]) delete dataset[name];
    if (pin) Object.assign(dataset, { label: pin.label, map: zJson(pin.map), z: zJson(pin.z) });
  }

  private keepEnds(n: number, grown: boolean): void {
    const last = Math.max(0, n - 1);
    const { kind, from, to, all } = this.draft;
    this.draft = { kind, all, from: Math.min(from, last), to: grown && !this.endIsChosen ? last : Math.min(to, last) };
    if (this.draft.from === this.draft.to && last > 0) this.draft = { kind, all, from: 0, to: last };
  }

  private showPath(): void {
    const {
      model,
      state: { pins },
    } = this;
    const names = pins.map((pin, i) => ({ value: String(i), text: pinName(pin) }));
    const { kind, from, to, all } = this.draft;
    this.from.show(names, String(from));
    this.to.show(names, String(to));
    this.kinds.show(kind);
    this.all.checked = all;
    this.allLabel.hidden = Math.abs(from - to) < 2;
    setText(
      this.words,
      KIND_WORDS[kind] + (model?.hasPrior || kind === "linear" || kind === "geodesic" ? "" : NO_PRIOR),
    );
    const isPath = this.state.path !== null;
    this.play.replaceChildren(
      icon(isPath ? "close" : "play"),
      h("span", {}, isPath ? "Remove the path" : "Play the path"),
    );
    if (pins.length >= 2) this.showApart(pins[from], pins[to]);
  }

  /** The two ends beside each other: how far, in which dimensions, in which pixels. */
  private showApart(a: PinRecord, b: PinRecord): void {
    const { model } = this;
    if (!model || a.z.length !== model.latentDim || b.z.length !== model.latentDim) return;
    const step = b.z.map((value, k) => value - a.z[k]);
    setText(
      this.apart,
      `${a.label} to ${b.label}: distance ${distance(Math.hypot(...step))}; ${step.length > 3 ? "largest differences " : "Δz = "}${zText(step, model.decimals)}`,
    );
    model.decodeEach([a.z, b.z], (both, second, i) => {
      if (i === 0) return;
      this.difference.paint(Float32Array.from({ length: second }, (_, at) => Math.abs(both[second + at] - both[at])));
    });
  }

  /** A path that is shown follows its settings at once. */
  private choose(change: Partial<PathChoice>): void {
    if ("from" in change || "to" in change) this.endIsChosen = true;
    let next = { ...this.draft, ...change };
    // the same pin twice is no path: the ends change places
    if (next.from === next.to) next = { ...next, from: this.draft.to, to: this.draft.from };
    this.draft = next;
    if (this.state.path) this.editor.choosePath(next);
    else this.showPath();
  }

  /** Tiles that are there stay, so that a name being typed is not lost. */
  private showTiles(pins: readonly PinRecord[], model: PinsPanelModel): void {
    while (this.tiles.children.length > pins.length) this.tiles.lastChild?.remove();
    pins.forEach((pin, i) => {
      const there = this.tiles.children[i] as HTMLElement | undefined;
      const isSame = there && there.dataset.z === JSON.stringify(pin.z) && there.dataset.label === pin.label;
      if (!there) this.tiles.append(this.tile(pin, i, model));
      else if (!isSame) there.replaceWith(this.tile(pin, i, model));
      else this.rename(there, pin);
    });
    paint([...this.tiles.querySelectorAll("canvas")], pins, model);
  }

  private rename(tile: HTMLElement, pin: PinRecord): void {
    const name = tile.querySelector("input");
    if (name && name !== tile.ownerDocument.activeElement && !name.matches(":focus")) name.value = pin.name ?? "";
  }

  private tile(pin: PinRecord, i: number, model: PinsPanelModel): HTMLElement {
    const { label, z } = pin;
    const canvas = h("canvas", { class: "la-pixels", role: "img", "aria-label": `Decoded picture of pin ${label}` });
    const named = (what: string) => ({ "aria-label": `${what} pin ${label}`, title: `${what} pin ${label}` });
    const go = button("la-tile-go", named("Go to"), () => this.editor.toPin(this.state.pins[i] ?? pin), canvas);
    const remove = (): void => {
      this.editor.editPins({ kind: "drop", index: i });
      this.focusTile(i);
    };
    const drop = button("la-tool la-drop", named("Remove"), remove, icon("close"));
    const name = h("input", {
      class: "la-name",
      type: "text",
      maxlength: MAX_NAME,
      placeholder: "name",
      "aria-label": `Name of pin ${label}`,
      autocomplete: "off",
      spellcheck: "false",
    });
    name.value = pin.name ?? "";
    name.addEventListener("change", () => this.editor.editPins({ kind: "rename", index: i, name: name.value.trim() }));
    name.addEventListener("keydown", (event) => {
      if (event.key === "Enter") name.blur();
      event.stopPropagation(); // hosts have one-letter shortcuts of their own
    });
    const tile = h(
      "li",
      { class: "la-tile", "data-testid": "tile", "data-z": JSON.stringify(z), "data-label": label },
      go,
      h("div", { class: "la-tile-head" }, h("strong", {}, label), name, drop),
      h(
        "span",
        { class: "la-small la-number" },
        z.length > 3 ? `largest ${zText(z, model.decimals)}` : zText(z, model.decimals),
      ),
    );
    return tile;
  }

  private editButton(kind: "undo" | "redo", title: string): HTMLButtonElement {
    const attributes = { title, "aria-label": title.replace(/ \(.*\)$/, "") };
    return button("la-tool", attributes, () => this.editor.editPins({ kind }), icon(kind));
  }

  /** The keyboard stays where it was working: at the next pin's button, or the last one's. */
  private focusTile(i: number): void {
    setTimeout(() => {
      const buttons = this.tiles.querySelectorAll<HTMLButtonElement>(".la-drop");
      (buttons[Math.min(i, buttons.length - 1)] ?? this.element).focus();
    });
  }
}

/** A canvas a pin; a pin of a code of another length keeps an empty one. */
function paint(canvases: readonly HTMLCanvasElement[], pins: readonly PinRecord[], model: PinsPanelModel): void {
  const shown = pins.flatMap(({ z }, i) => (z.length === model.latentDim ? [{ z, canvas: canvases[i] }] : []));
  const paintOne = (x_hat: Float32Array, from: number, i: number): void => {
    const { z, canvas } = shown[i];
    const picture = new Picture(canvas);
    picture.setShape(model.shape);
    picture.paint(x_hat, from);
    canvas.toggleAttribute("data-low", model.isLow(z));
    picture.fitInto(TILE_PX);
  };
  model.decodeEach(
    shown.map(({ z }) => z),
    paintOne,
  );
}

function modelOf({ header: { run }, logvar, decimals, model, support }: RunOnMap): PinsPanelModel {
  return {
    shape: run.image_shape,
    latentDim: run.latent_dim,
    hasPrior: logvar !== null,
    decimals: decimals.z,
    decodeEach: (codes, take) => model.decodeEach(codes, take),
    isLow: (z) => isLow(support.of(z)),
  };
}
