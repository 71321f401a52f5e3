/** What does each dimension do? A slider a dimension, most used first, each above the film of its traversal. */

import { type Axis, axesOf } from "../data/axes";
import type { RunOnMap } from "../data/run-on-map";
import { normalQuantile } from "../geometry/normal";
import { Pace } from "../geometry/pace";
import type { Frame, Panel, Progress } from "../kernel/extension";
import type { PanelEditor } from "../kernel/panel-editor";
import type { MapState } from "../kernel/state";
import { button, chip, h, setText } from "../ui/dom";
import { dimension, number, percent } from "../ui/format";
import { newPicture, type Picture } from "../ui/picture";
import type { ImageShape } from "../wire/schema";

/** The five pictures of a film stand at these quantiles of the prior. */
export const FILM_QUANTILES = [0.02, 0.16, 0.5, 0.84, 0.98] as const;
const SHOWN_FIRST = 8;
const FILM_WORDS = "The pictures are decoded at five quantiles of the prior.";
const REACH = 3.5;
const SLICE_MS = 6;

interface Row {
  readonly axis: Axis;
  readonly element: HTMLElement;
  readonly slider: HTMLInputElement;
  readonly value: HTMLElement;
  readonly film: readonly { readonly at: number; readonly picture: Picture; readonly element: HTMLElement }[];
}

export class LatentSliders implements Panel {
  readonly id = "sliders";
  readonly slot = "tab-sliders";
  readonly reads: readonly (keyof MapState)[] = ["data", "probe", "tab"];
  readonly element: HTMLElement;
  private readonly list = h("div", { class: "la-rack-list" });
  private readonly more = chip(
    "",
    () => {
      this.isAll = !this.isAll;
      this.build();
    },
    { hidden: true },
  );
  private readonly words = h("p", { class: "la-small" });
  private rows: Row[] = [];
  private axes: Axis[] = [];
  private scene: RunOnMap | null = null;
  private isAll = false;
  private isOpen = false;
  private z: Float64Array = new Float64Array(0);
  /** Films still to be painted: row · 5 + picture. */
  private due: number[] = [];
  private readonly pace = new Pace();

  constructor(private readonly editor: Pick<PanelEditor, "toCode" | "request">) {
    this.element = h(
      "div",
      { class: "la-rack", role: "group", "aria-label": "Sliders: one for each dimension" },
      this.words,
      this.list,
      this.more,
    );
  }

  update({ state: { data, tab }, derived: { code } }: Frame): void {
    this.open(tab === "sliders");
    if (data.model !== this.scene?.model) this.configure(data); // on another map of the run the dimensions are the same
    this.show(code);
  }

  /** Films that nobody sees are not decoded. */
  private open(isOpen: boolean): void {
    if (isOpen === this.isOpen) return;
    this.isOpen = isOpen;
    if (isOpen && this.scene && this.axes.length === 0) this.measure(this.scene);
    this.filmsAreStale();
  }

  private configure(scene: RunOnMap): void {
    this.scene = scene;
    this.element.hidden = scene.space.latentDim < 2;
    this.rows = [];
    this.axes = [];
    if (this.isOpen) this.measure(scene);
  }

  /** Only for who looks: with a million points it would delay the first picture. */
  private measure(scene: RunOnMap): void {
    this.axes = axesOf(scene);
    const dead = this.axes.filter(({ isDead }) => isDead).length;
    const used = this.axes.length - dead;
    const how = scene.logvar
      ? "KL below 0.01 nats and variance of the means below 0.01"
      : "variance of the codes below 0.01";
    setText(
      this.words,
      dead === 0
        ? `All ${used} dimensions are used; most used first. ${FILM_WORDS}`
        : `${used} of ${this.axes.length} dimensions are used, most used first; the grey ones carry no information (${how}). ${FILM_WORDS}`,
    );
    this.build();
  }

  /** The code that is shown: the sliders stand there. */
  private show(z: ArrayLike<number>): void {
    if (!this.isOpen) {
      if (this.z.length !== z.length) this.z = new Float64Array(z.length);
      this.z.set(z);
      return;
    }
    const moved = this.z.length !== z.length || this.z.some((value, k) => value !== z[k]);
    this.z = Float64Array.from(z);
    for (const row of this.rows) {
      const value = z[row.axis.k];
      if (document.activeElement !== row.slider || Number(row.slider.value) !== value) row.slider.value = String(value);
      setText(row.value, number(value, this.scene?.decimals.z));
    }
    if (moved) this.filmsAreStale();
  }

  /** Paints some pictures of the films. */
  work(): Progress {
    const { scene } = this;
    if (!scene || !this.isOpen || this.due.length === 0) return "done";
    const left = (): number => this.due.length;
    this.pace.work(performance.now() + SLICE_MS, left, (n) => this.paint(scene, this.due.splice(0, n)));
    return this.due.length > 0 ? "working" : "done";
  }

  private paint({ model }: RunOnMap, due: readonly number[]): void {
    const cells = due.map((at) => {
      const row = this.rows[Math.floor(at / FILM_QUANTILES.length)];
      return { k: row.axis.k, ...row.film[at % FILM_QUANTILES.length] };
    });
    const codes = cells.map(({ k, at }) => this.z.map((value, axis) => (axis === k ? at : value)));
    model.decodeEach(codes, (x_hat, from, i) => cells[i].picture.paint(x_hat, from));
  }

  private filmsAreStale(): void {
    if (!this.isOpen) return;
    for (const row of this.rows) {
      if (document.activeElement !== row.slider) row.slider.value = String(this.z[row.axis.k]);
      setText(row.value, number(this.z[row.axis.k], this.scene?.decimals.z));
    }
    this.due = Array.from({ length: this.rows.length * FILM_QUANTILES.length }, (_, at) => at);
    this.editor.request();
  }

  private build(): void {
    const { scene } = this;
    if (!scene) return;
    if (this.z.length !== scene.space.latentDim) this.z = new Float64Array(scene.space.latentDim);
    const shown = this.isAll ? this.axes : this.axes.slice(0, SHOWN_FIRST);
    this.rows = shown.map((axis) => this.row(axis, scene.header.run.image_shape));
    this.list.replaceChildren(...this.rows.map(({ element }) => element));
    this.more.hidden = this.axes.length <= SHOWN_FIRST;
    setText(this.more, this.isAll ? `Show the first ${SHOWN_FIRST}` : `Show all ${this.axes.length}`);
    this.filmsAreStale();
  }

  private row(axis: Axis, shape: ImageShape): Row {
    const name = dimension(axis.k);
    const kl = Number.isNaN(axis.kl) ? "" : `KL ${number(axis.kl)}`;
    const value = h("span", { class: "la-number la-rack-value" });
    const slider = h("input", {
      type: "range",
      class: "la-slider",
      min: -REACH,
      max: REACH,
      step: 0.01,
      value: 0,
      "aria-label": `Dimension ${axis.k + 1}${kl ? `, ${kl} nats` : ""}`,
    });
    slider.addEventListener("input", () => this.set(axis.k, Number(slider.value)));
    const film = FILM_QUANTILES.map((quantile) => {
      const at = normalQuantile(quantile);
      const picture = newPicture();
      picture.setShape(shape);
      const label = `${name} = ${number(at)}, the ${percent(quantile)} quantile of the prior`;
      const set = (): void => this.set(axis.k, at);
      return {
        at,
        picture,
        element: button("la-film-cell", { title: label, "aria-label": `Set ${label}` }, set, picture.canvas),
      };
    });
    const quantiles = h(
      "div",
      { class: "la-rack-quantiles", "aria-hidden": "true" },
      ...FILM_QUANTILES.map((quantile) => h("span", {}, percent(quantile))),
    );
    const head = h(
      "div",
      { class: "la-rack-head" },
      h("span", { class: "la-rack-name" }, name),
      h("span", { class: "la-small", title: "Mean KL of this dimension over the test images, nats." }, kl),
      value,
    );
    const element = h(
      "div",
      { class: "la-rack-row", "data-testid": "dimension", "data-dead": axis.isDead },
      head,
      slider,
      h("div", { class: "la-rack-film" }, ...film.map(({ element: cell }) => cell)),
      quantiles,
    );
    return { axis, element, slider, value, film };
  }

  private set(k: number, value: number): void {
    const z = Array.from(this.z);
    z[k] = value;
    this.editor.toCode(z);
  }
}
