/** Which points make a group, for who draws no loop? Those near the probe, in view, shown, or of a class: by keyboard as by hand. */

import type { Choice } from "../../data/selection";
import type { ClassEntry } from "../../kernel/shown-classes";
import { h, setText } from "../../ui/dom";
import { classWords } from "../../ui/format";

/** Sizes of a neighbourhood of the probe. */
const NEAREST = [10, 50, 200] as const;

export class SelectForm {
  readonly element: HTMLElement;
  private readonly which = h("select", { class: "la-select", "aria-label": "Which points" });
  private readonly answer = h("p", { class: "la-small" });
  private choices: Choice[] = [];

  /** `select` returns the sentence to show. */
  constructor(select: (choice: Choice) => string) {
    const form = h(
      "form",
      { class: "la-find" },
      this.which,
      h("button", { type: "submit", class: "la-button" }, "Select"),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      setText(this.answer, select(this.choices[Number(this.which.value)]));
    });
    this.element = h("div", {}, form, this.answer);
  }

  configure(classes: readonly ClassEntry[]): void {
    const near = NEAREST.map((n): [string, Choice] => [`${n} codes nearest to the probe`, { kind: "near", n }]);
    const regions: [string, Choice][] = [
      ["all points in view", { kind: "view" }],
      ["all shown points", { kind: "shown" }],
    ];
    const own = classes.map(({ slot, name }): [string, Choice] => [
      `all of ${classWords(name)}`,
      { kind: "class", slot },
    ]);
    const all = [...near, ...regions, ...own];
    this.choices = all.map(([, choice]) => choice);
    this.which.replaceChildren(...all.map(([name], i) => h("option", { value: i }, name)));
    setText(this.answer, "");
  }
}
