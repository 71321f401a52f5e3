/** How is the map used? The panel behind "?". */

import { button, h, icon } from "../ui/dom";

export class HelpPanel {
  readonly element: HTMLElement;
  private readonly closeButton = button("la-tool", { "aria-label": "Close" }, () => this.close(), icon("close"));

  /** lines: keys or gestures, and what they do. */
  constructor(
    lines: readonly (readonly [keys: string, what: string])[],
    private readonly close: () => void,
  ) {
    const rows = lines.flatMap(([keys, what]) => [h("dt", {}, keys), h("dd", {}, what)]);
    this.element = h(
      "div",
      { class: "la-help", role: "dialog", "aria-label": "Keys and gestures", hidden: true },
      h("div", { class: "la-help-head" }, h("h2", { class: "la-h" }, "Keys and gestures"), this.closeButton),
      h("dl", {}, ...rows),
    );
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "Escape") close();
    });
  }

  show(isOpen: boolean): void {
    if (this.element.hidden !== isOpen) return;
    this.element.hidden = !isOpen;
    if (isOpen) this.closeButton.focus();
  }
}
