/** Which two dimensions vary while the others stay? The choice of a plane along two axes, through a code that is shown or pinned. */

import { type Plane, slice } from "../geometry/planes";
import { pinName } from "../kernel/pins";
import { Select } from "../ui/chooser";
import { button, h } from "../ui/dom";
import { dimension } from "../ui/format";
import type { PinRecord } from "../wire/schema";

export interface PlaneEvents {
  /** The code under the cursor. */
  here(): readonly number[];
  show(plane: Plane): void;
}

const HERE = "here";
const MIDDLE = "middle";

export class PlanePanel {
  readonly element: HTMLElement;
  private readonly across = new Select("Across", (value) => this.choose(0, Number(value)), "la");
  private readonly up = new Select("up", (value) => this.choose(1, Number(value)), "la");
  private readonly others = new Select("others as in", (value) => (this.at = value), "la");
  private order: readonly number[] = [];
  private axes: [number, number] = [0, 1];
  private at = HERE;
  private pins: readonly PinRecord[] = [];

  constructor(private readonly events: PlaneEvents) {
    const show = button("la-button", {}, () => this.show(), "Show this slice");
    this.element = h(
      "div",
      { class: "la-slice", hidden: true },
      h("h2", { class: "la-h" }, "Slice of two dimensions"),
      h("div", { class: "la-row" }, this.across.element, this.up.element, this.others.element),
      show,
    );
  }

  /** order: the dimensions (from 0), most used first. */
  configure(order: readonly number[]): void {
    this.order = order;
    this.element.hidden = order.length < 3;
    if (order.length < 3) return;
    this.axes = [order[0], order[1]];
    this.showAxes();
  }

  showPins(pins: readonly PinRecord[]): void {
    this.pins = pins;
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
    const here = this.events.here();
    const at = pin?.z ?? (this.at === MIDDLE ? here.map(() => 0) : here);
    const name = pin ? `pin ${pin.label}` : this.at === MIDDLE ? "0" : "the code that was under the cursor";
    this.events.show(slice(this.axes[0], this.axes[1], at, name));
  }
}
