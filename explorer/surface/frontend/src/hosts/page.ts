/**
 * What does a host without a server need around the surface? Choosers of map and class, memory for the pins, a drawing pad.
 *
 * The standalone file and the notebook are both this page; they differ in where its state is kept.
 */

import type { PathChoice } from "../data/interpolation";
import { type Pin, SurfaceView } from "../editor/editor";
import { makeToMap, type ToMap } from "../geometry/projection";
import { MAX_NAME, MAX_PINS, type PinEdit } from "../kernel/pins";
import { Segmented, Select } from "../ui/chooser";
import { h } from "../ui/dom";
import { pinLabel } from "../ui/format";
import { DEFAULT_OPTIONS, type Dynamic, type Point } from "../wire/payload";
import type { Book, Leaf } from "../wire/run-bundle";
import { type PagePin, type PageState, rounded } from "./page-url";

/** Names of events that are remembered: more than can be under way at once. */
const MAX_TAKEN = 60;
/** Steps that can be taken back. */
const MAX_PAST = 60;

type Pins = Pick<PageState, "pins" | "path">;

export interface PageOptions {
  /** Of the map, in CSS pixels, where the window has room. */
  readonly height: number;
  /** The state after something that the person did. */
  changed(state: PageState): void;
}

export function firstState(book: Book): PageState {
  const [{ map, label }] = book.contents.leaves;
  return { map, label, pins: [], path: null };
}

export class Page {
  readonly element = h("div", { class: "lp-body" });
  private readonly stage = h("div", {});
  private readonly surface: SurfaceView;
  private readonly maps: Segmented;
  private readonly classes: Select;
  private past: Pins[] = [];
  private future: Pins[] = [];
  private state: PageState;
  private leaf: Leaf;
  private toMap: ToMap;
  private taken: string[] = [];

  constructor(
    private readonly book: Book,
    given: PageState,
    private readonly options: PageOptions,
  ) {
    this.state = this.sound(given);
    this.leaf = book.leaf(this.state.map, this.state.label);
    this.toMap = makeToMap(book.payload(this.leaf));
    const maps = book.maps(),
      labels = book.labels();
    this.maps = new Segmented(
      "Map",
      maps.map(({ name, title }) => ({ value: name, text: title })),
      (map) => this.change({ map }),
    );
    this.classes = new Select("Decode as class", (label) => this.change({ label }));
    this.classes.show(
      labels.map((label) => ({ value: label, text: label })),
      this.state.label ?? "",
    );
    this.maps.element.hidden = maps.length < 2;
    this.classes.element.hidden = labels.length < 2;
    const controls = h("div", { class: "lp-row lp-controls" }, this.maps.element, this.classes.element);
    controls.hidden = maps.length < 2 && labels.length < 2;
    this.element.append(controls, this.stage);
    this.surface = new SurfaceView(this.stage, this.bytes(), {
      onPin: (pin) => this.take(pin),
      onEdit: (edit) => this.edit(edit),
      onWalk: (path) => this.change({ path }),
      onClass: (label) => this.change({ label }),
    });
    this.showPanels();
  }

  get path(): PathChoice | null {
    return this.state.path;
  }

  /** Another state from outside: a link, or Python. */
  set(state: PageState): void {
    this.apply(this.sound(state));
  }

  /** Colours around may have changed. */
  refresh(): void {
    this.surface.update(this.bytes());
  }

  destroy(): void {
    this.surface.destroy();
    this.element.remove();
  }

  private change(change: Partial<PageState>): void {
    this.apply({ ...this.state, ...change });
    this.options.changed(this.state);
  }

  private apply(state: PageState): void {
    this.state = state;
    const leaf = this.book.leaf(state.map, state.label);
    const isNew = leaf !== this.leaf;
    if (isNew) {
      this.leaf = leaf;
      this.toMap = makeToMap(this.book.payload(leaf));
    }
    this.surface.update(this.bytes());
    this.showPanels();
  }

  private showPanels(): void {
    this.maps.show(this.state.map);
    if (this.state.label !== null)
      this.classes.show(
        this.book.labels().map((label) => ({ value: label, text: label })),
        this.state.label,
      );
  }

  /** Only what this book has, and no path without its ends. */
  private sound(state: PageState): PageState {
    const { map, label } = this.book.leaf(state.map, state.label);
    const { latent_dim: K } = this.book.contents.leaves[0].header.run;
    const pins = state.pins.filter(({ z }) => z.length === K && z.every(Number.isFinite)).slice(-MAX_PINS);
    const isWhole = pins.length === state.pins.length;
    return { map, label, pins, path: isWhole ? state.path : null };
  }

  private bytes(): Uint8Array {
    const { pins } = this.state;
    const places = pins.map((pin) => this.place(pin));
    const dynamic: Partial<Dynamic> = {
      pins: pins.map(({ z, name }, i) => ({ label: pinLabel(i), map: places[i], z, name })),
      walk: this.state.path,
      undo: { back: this.past.length > 0, forth: this.future.length > 0 },
      taken: this.taken,
      height: this.options.height,
      options: { ...DEFAULT_OPTIONS, pad: this.leaf.header.encoder.length > 0 ? this.book.contents.pad : null },
    };
    return this.book.bytes(this.leaf, dynamic);
  }

  private place({ z, on, place }: PagePin): Point {
    return place && on === this.state.map ? place : this.toMap(z);
  }

  // ---- what the person does -------------------------------------------------------------------------------------------

  private take({ nonce, map, z, isOwnCode }: Pin): void {
    this.taken = [...this.taken, nonce].slice(-MAX_TAKEN);
    const isBlend = this.leaf.header.projection.kind === "lattice" && !isOwnCode; // no exact way from code to place
    this.addPin({
      z: z.map(rounded),
      on: isBlend ? this.state.map : "",
      place: isBlend ? [rounded(map[0]), rounded(map[1])] : null,
      name: "",
    });
  }

  private edit(edit: PinEdit): void {
    switch (edit.kind) {
      case "drop":
        return this.dropPin(edit.index);
      case "rename":
        return this.changePins({
          pins: this.state.pins.map((pin, i) =>
            i === edit.index ? { ...pin, name: edit.name.slice(0, MAX_NAME) } : pin,
          ),
          path: this.state.path,
        });
      case "clear":
        return this.changePins({ pins: [], path: null });
      case "undo":
        return this.stepBack(this.past, this.future);
      case "redo":
        return this.stepBack(this.future, this.past);
    }
  }

  /** A step that can be taken back. */
  private changePins(next: Pins): void {
    const { pins, path } = this.state;
    this.past = [...this.past, { pins, path }].slice(-MAX_PAST);
    this.future = [];
    this.change(next);
  }

  private stepBack(from: Pins[], to: Pins[]): void {
    const before = from.pop();
    if (!before) return;
    const { pins, path } = this.state;
    to.push({ pins, path });
    this.change(before);
  }

  /** The oldest goes where there are too many; a path whose end it was goes with it. */
  private addPin(pin: PagePin): void {
    const pins = [...this.state.pins, pin];
    const gone = Math.max(0, pins.length - MAX_PINS);
    this.changePins({ pins: pins.slice(gone), path: movedPath(this.state.path, (i) => i - gone) });
  }

  private dropPin(index: number): void {
    const path = movedPath(this.state.path, (i) => (i === index ? -1 : i > index ? i - 1 : i));
    this.changePins({ pins: this.state.pins.filter((_, i) => i !== index), path });
  }
}

/** The path with its pins' new numbers; null where an end is gone (below 0). */
function movedPath(path: PathChoice | null, moved: (i: number) => number): PathChoice | null {
  if (!path) return null;
  const next = { ...path, from: moved(path.from), to: moved(path.to) };
  return next.from < 0 || next.to < 0 ? null : next;
}
