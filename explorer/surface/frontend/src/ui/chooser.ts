/** One of a few: how are the choices beside the map drawn? Real radio buttons and selects, so that the keyboard is the browser's own. */

import { h } from "./dom";

export interface Choice {
  readonly value: string;
  readonly text: string;
  /** More of it, where the pointer rests. */
  readonly title?: string;
}

/** Whose style sheet: the surface's or the page's around it. */
type Style = "la" | "lp";

let groupCount = 0;

/** A row of choices that are all seen at once. */
export class Segmented {
  readonly element: HTMLFieldSetElement;
  private readonly inputs: HTMLInputElement[];

  constructor(legend: string, choices: readonly Choice[], change: (value: string) => void, style: Style = "lp") {
    const name = `${style}-${++groupCount}`;
    this.inputs = choices.map(({ value }) => h("input", { type: "radio", name, value, class: `${style}-radio` }));
    this.element = h(
      "fieldset",
      { class: `${style}-segmented` },
      h("legend", { class: `${style}-hidden` }, legend),
      ...choices.map(({ text, title = "" }, i) =>
        h("label", { class: `${style}-segment`, title }, this.inputs[i], h("span", {}, text)),
      ),
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
  private readonly select: HTMLSelectElement;

  /** `name`: for those who do not see where the list stands. */
  constructor(label: string, change: (value: string) => void, style: Style = "lp", name = "") {
    this.select = h("select", { class: `${style}-select`, "aria-label": name || label });
    this.element = h("label", { class: `${style}-field` }, h("span", {}, label), this.select);
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
