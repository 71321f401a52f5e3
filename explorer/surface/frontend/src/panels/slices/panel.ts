/** Which slice of latent space is the map? A plane along two axes through a code that is shown or pinned, or one through three pins. */

import { axesOf } from "../../data/axes";
import type { Model } from "../../engine/model";
import { slice } from "../../geometry/planes";
import type { Frame, Panel } from "../../kernel/extension";
import type { PanelEditor } from "../../kernel/panel-editor";
import { pinName } from "../../kernel/pins";
import type { MapState } from "../../kernel/state";
import { Select } from "../../ui/chooser";
import { button, h } from "../../ui/dom";
import { dimension } from "../../ui/format";
import type { PinRecord } from "../../wire/schema";
import { PlaneThroughPins } from "./three-pins";

const HERE = "here";
const MIDDLE = "middle";

export class PlanePanel implements Panel {
  readonly id = "plane";
  readonly slot = "tab-slices";
  readonly reads: readonly (keyof MapState)[] = ["data", "pins"];
  readonly element: HTMLElement;
  private readonly across = new Select("Across", (value) => this.choose(0, Number(value)), "la");
  private readonly up = new Select("up", (value) => this.choose(1, Number(value)), "la");
  private readonly others = new Select("others as in", (value) => (this.at = value), "la");
  private readonly three: PlaneThroughPins;
  private order: readonly number[] = [];
  private axes: [number, number] = [0, 1];
  private at = HERE;
  private pins: readonly PinRecord[] = [];
  private model: Model | null = null;

  constructor(private readonly editor: Pick<PanelEditor, "derived" | "layPlane">) {
    const show = button("la-button", {}, () => this.show(), "Show this slice");
    this.three = new PlaneThroughPins(editor);
    this.element = h(
      "div",
      { class: "la-slices", hidden: true },
      h(
        "div",
        { class: "la-slice", role: "group", "aria-label": "Slice of two dimensions" },
        h("h2", { class: "la-h" }, "Slice of two dimensions"),
        h("div", { class: "la-row" }, this.across.element, this.up.element, this.others.element),
        show,
      ),
      this.three.element,
    );
  }

  update({ state: { data }, derived: { pins } }: Frame): void {
    if (data.model !== this.model) this.configure(axesOf(data).map(({ k }) => k)); // a slice of the run shows the same run
    this.model = data.model;
    this.showPins(pins);
  }

  /** order: the dimensions (from 0), most used first. */
  private configure(order: readonly number[]): void {
    this.order = order;
    this.element.hidden = order.length < 3;
    if (order.length < 3) return;
    this.axes = [order[0], order[1]];
    this.showAxes();
  }

  private showPins(pins: readonly PinRecord[]): void {
    this.pins = pins;
    this.three.show(pins);
    const choices = [
      { value: HERE, text: "the code under the cursor" },
      ...pins.map((pin) => ({ value: pin.label, text: `pin ${pinName(pin)}` })),
      { value: MIDDLE, text: "0, the mean of the prior" },
    ];
    if (!choices.some(({ value }) => value === this.at)) this.at = HERE;
    this.others.show(choices, this.at);
  }

  private choose(which: 0 | 1, dimension: number): void {
    const other = 1 - which;
    if (this.axes[other] === dimension) this.axes[other] = this.axes[which]; // two different ones: they change places
    this.axes[which] = dimension;
    this.showAxes();
  }

  private showAxes(): void {
    const choices = this.order.map((k) => ({ value: String(k), text: dimension(k) }));
    this.across.show(choices, String(this.axes[0]));
    this.up.show(choices, String(this.axes[1]));
  }

  private show(): void {
    const pin = this.pins.find(({ label }) => label === this.at);
    const here = Array.from(this.editor.derived.code);
    const at = pin?.z ?? (this.at === MIDDLE ? here.map(() => 0) : here);
    const name = pin ? `pin ${pin.label}` : this.at === MIDDLE ? "0" : "the code that was under the cursor";
    this.editor.layPlane(slice(this.axes[0], this.axes[1], at, name));
  }
}
