/** One of a few: how are the choices beside the map drawn? Real radio buttons and selects, so that the keyboard is the browser's own. */

import { h } from "./dom";

export interface Choice {
  readonly value: string;
  readonly text: string;
}

let groupCount = 0;

/** A row of choices that are all seen at once. */
export class Segmented {
  readonly element = h("fieldset", { class: "lp-segmented" });
  private readonly inputs: HTMLInputElement[];

  constructor(legend: string, choices: readonly Choice[], change: (value: string) => void) {
    const name = `lp-${++groupCount}`;
    this.inputs = choices.map(({ value }) => h("input", { type: "radio", name, value, class: "lp-radio" }));
    this.element.append(
      h("legend", { class: "lp-hidden" }, legend),
      ...choices.map(({ text }, i) => h("label", { class: "lp-segment" }, this.inputs[i], h("span", {}, text))),
    );
    this.element.addEventListener("change", () => change(this.inputs.find((input) => input.checked)?.value ?? ""));
  }

  show(value: string): void {
    for (const input of this.inputs) input.checked = input.value === value;
  }
}

/** A label and a list that opens. */
export class Select {
  readonly element: HTMLLabelElement;
  private readonly select = h("select", { class: "lp-select" });

  constructor(label: string, change: (value: string) => void) {
    this.element = h("label", { class: "lp-field" }, h("span", {}, label), this.select);
    this.select.addEventListener("change", () => change(this.select.value));
  }

  show(choices: readonly Choice[], value: string): void {
    const key = JSON.stringify(choices);
    if (this.select.dataset.key !== key) {
      this.select.replaceChildren(...choices.map((choice) => h("option", { value: choice.value }, choice.text)));
      this.select.dataset.key = key;
    }
    this.select.value = value;
  }
}
