/**
 * What does a host without a server need around the surface? Choosers of map and class, memory for the pins, a drawing pad.
 *
 * The standalone file and the notebook are both this page; they differ in where its state is kept.
 */

import { SurfaceView } from "../editor/editor";
import type { Pin } from "../editor/host-events";
import { makeToMap, type ToMap } from "../geometry/projection";
import { type KeptPin, type PinsAndPath, reduceKept } from "../kernel/pins";
import { Segmented, Select } from "../ui/chooser";
import { h } from "../ui/dom";
import { pinLabel } from "../ui/format";
import type { HostRecord, PathChoice } from "../wire/payload";
import type { RunBundle } from "../wire/run-bundle";
import { type BundleEntry, DEFAULT_OPTIONS, MAX_PINS, MAX_TAKEN, type Point } from "../wire/schema";
import { type BringFilm, FilmSwitch } from "./page-film";
import { type PageState, rounded } from "./page-url";

export interface PageOptions {
  /** Of the surface, CSS pixels; 0: as much as the window has below its upper edge. */
  readonly height: number;
  /** The film of the run's training; null where it is not here. */
  readonly film: BringFilm | null;
  /** The state after something that the person did. */
  changed(state: PageState): void;
}

export function firstState(bundle: RunBundle): PageState {
  const [{ map, label }] = bundle.contents.leaves;
  return { map, label, pins: [], path: null };
}

export class Page {
  readonly element = h("div", { class: "lp-body" });
  private readonly stage = h("div", {});
  private readonly surface: SurfaceView;
  private readonly maps: Segmented;
  private readonly classes: Select;
  private readonly film: FilmSwitch;
  private past: readonly PinsAndPath[] = [];
  private future: readonly PinsAndPath[] = [];
  private state: PageState;
  private entry: BundleEntry;
  private toMap: ToMap;
  private taken: string[] = [];

  constructor(
    private readonly bundle: RunBundle,
    given: PageState,
    private readonly options: PageOptions,
  ) {
    this.state = this.sound(given);
    this.entry = bundle.entry(this.state.map, this.state.label);
    this.toMap = makeToMap(bundle.payload(this.entry));
    const maps = bundle.maps(),
      labels = bundle.labels();
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
    this.film = new FilmSwitch(options.film, {
      stage: this.stage,
      height: options.height,
      map: () => this.state.map,
      mapIsBack: () => this.refresh(),
    });
    const chosen = h("div", { class: "lp-row lp-controls" }, this.maps.element, this.classes.element, this.film.button);
    chosen.hidden = maps.length < 2 && labels.length < 2 && !this.film.isOffered;
    this.element.append(chosen, this.stage, this.film.element);
    this.surface = new SurfaceView(this.stage, this.bytes(), {
      onPin: (pin) => this.take(pin),
      onEdit: (edit) => this.keep(edit),
      onWalk: (path) => this.change({ path }),
      onClass: (label) => this.change({ label }),
      onFilm: () => this.film.toggle(),
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
    this.film.refresh(false);
  }

  destroy(): void {
    this.film.destroy();
    this.surface.destroy();
    this.element.remove();
  }

  private change(change: Partial<PageState>): void {
    this.apply({ ...this.state, ...change });
    this.options.changed(this.state);
  }

  private apply(state: PageState): void {
    this.state = state;
    const entry = this.bundle.entry(state.map, state.label);
    const isNew = entry !== this.entry;
    const isOtherMap = entry.map !== this.entry.map;
    if (isNew) {
      this.entry = entry;
      this.toMap = makeToMap(this.bundle.payload(entry));
    }
    this.surface.update(this.bytes());
    this.showPanels();
    this.film.refresh(isOtherMap);
  }

  private showPanels(): void {
    this.maps.show(this.state.map);
    if (this.state.label !== null)
      this.classes.show(
        this.bundle.labels().map((label) => ({ value: label, text: label })),
        this.state.label,
      );
  }

  /** Only what this bundle has, and no path without its ends. */
  private sound(state: PageState): PageState {
    const { map, label } = this.bundle.entry(state.map, state.label);
    const { latent_dim: K } = this.bundle.contents.leaves[0].header.run;
    const pins = state.pins.filter(({ z }) => z.length === K && z.every(Number.isFinite)).slice(-MAX_PINS);
    const isWhole = pins.length === state.pins.length;
    return { map, label, pins, path: isWhole ? state.path : null };
  }

  private bytes(): Uint8Array {
    const { pins } = this.state;
    const places = pins.map((pin) => this.place(pin));
    const dynamic: Partial<HostRecord> = {
      pins: pins.map(({ z, name }, i) => ({ label: pinLabel(i), map: places[i], z, name })),
      walk: this.state.path,
      undo: { back: this.past.length > 0, forth: this.future.length > 0 },
      taken: this.taken,
      height: this.options.height,
      options: {
        ...DEFAULT_OPTIONS,
        film: this.film?.isOffered ?? false,
        pad: this.entry.header.encoder.length > 0 ? this.bundle.contents.pad : null,
      },
    };
    return this.bundle.bytes(this.entry, dynamic);
  }

  private place({ z, on, place }: KeptPin): Point {
    return place && on === this.state.map ? place : this.toMap(z);
  }

  // ---- what the person does -------------------------------------------------------------------------------------------

  private take({ nonce, map, z, isOwnCode }: Pin): void {
    this.taken = [...this.taken, nonce].slice(-MAX_TAKEN);
    const isBlend = this.entry.header.projection.kind === "lattice" && !isOwnCode; // no exact way from code to place
    this.keep({
      kind: "add",
      pin: {
        z: z.map(rounded),
        on: isBlend ? this.state.map : "",
        place: isBlend ? [rounded(map[0]), rounded(map[1])] : null,
        name: "",
      },
    });
  }

  private keep(edit: Parameters<typeof reduceKept>[1]): void {
    const { past, future, ...next } = reduceKept({ ...this.state, past: this.past, future: this.future }, edit);
    if (past === this.past && future === this.future) return;
    [this.past, this.future] = [past, future];
    this.change({ pins: next.pins, path: next.path });
  }
}
