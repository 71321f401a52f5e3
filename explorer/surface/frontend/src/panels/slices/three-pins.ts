/** Which plane goes through three pins? The choice of the three, and the plane as a map. */

import { throughThree } from "../../geometry/planes";
import type { PanelEditor } from "../../kernel/panel-editor";
import { pinName } from "../../kernel/pins";
import { Select } from "../../ui/chooser";
import { button, h } from "../../ui/dom";
import type { PinRecord } from "../../wire/schema";

export class PlaneThroughPins {
  readonly element: HTMLElement;
  private readonly corners: readonly Select[];
  private readonly row: HTMLElement;
  private readonly few = h("p", { class: "la-muted" }, "Pin three codes: the plane through them becomes a map.");
  private three: [number, number, number] = [0, 1, 2];
  private pins: readonly PinRecord[] = [];

  constructor(private readonly editor: Pick<PanelEditor, "layPlane">) {
    const names = ["first pin", "second pin", "third pin"];
    this.corners = names.map((name, i) => new Select("", (value) => this.corner(i, Number(value)), "la", name));
    this.row = h(
      "div",
      { class: "la-row" },
      ...this.corners.map(({ element }) => element),
      button("la-button", {}, () => this.layPlane(), "Show this plane"),
    );
    this.element = h(
      "div",
      { class: "la-slice", role: "group", "aria-label": "Plane through three pins" },
      h("h2", { class: "la-h" }, "Plane through three pins"),
      this.row,
      this.few,
    );
  }

  show(pins: readonly PinRecord[]): void {
    this.pins = pins;
    this.row.hidden = pins.length < 3;
    this.few.hidden = pins.length > 2;
    this.showCorners();
  }

  private layPlane(): void {
    const [a, b, c] = this.three.map((i) => this.pins[i]);
    if (!a || !b || !c) return;
    this.editor.layPlane(
      throughThree(a.z, b.z, c.z, [a.label, b.label, c.label]),
      `Pins ${a.label}, ${b.label} and ${c.label} lie on one line, so they define no single plane. Choose another pin.`,
    );
  }

  private corner(i: number, pin: number): void {
    const three: [number, number, number] = [...this.three];
    const other = three.indexOf(pin);
    if (other >= 0) three[other] = three[i]; // three different pins: the two change places
    three[i] = pin;
    this.three = three;
    this.showCorners();
  }

  private showCorners(): void {
    const { pins } = this;
    if (this.three.some((i) => i >= pins.length)) this.three = [0, 1, 2];
    const names = pins.map((pin, i) => ({ value: String(i), text: pinName(pin) }));
    this.corners.forEach((select, i) => select.show(names, String(this.three[i])));
  }
}
