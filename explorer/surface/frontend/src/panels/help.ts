/** How is the map used? The panel behind "?". */

import { h, icon } from "../ui/dom";

export class HelpPanel {
  readonly element: HTMLElement;
  private readonly closeButton = h(
    "button",
    { type: "button", class: "la-tool", "aria-label": "Close" },
    icon("close"),
  );

  /** lines: keys or gestures, and what they do. */
  constructor(lines: readonly (readonly [keys: string, what: string])[], close: () => void) {
    const rows = lines.flatMap(([keys, what]) => [h("dt", {}, keys), h("dd", {}, what)]);
    this.element = h(
      "div",
      { class: "la-help", role: "dialog", "aria-label": "Keys and gestures", hidden: true },
      h("div", { class: "la-help-head" }, h("h2", { class: "la-h" }, "Keys and gestures"), this.closeButton),
      h("dl", {}, ...rows),
    );
    this.closeButton.addEventListener("click", close);
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
