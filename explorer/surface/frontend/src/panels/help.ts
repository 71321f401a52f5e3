/** How is the map used? The panel behind "?". */

import type { Frame, Panel } from "../kernel/extension";
import type { PanelEditor } from "../kernel/panel-editor";
import type { MapState } from "../kernel/state";
import { button, h, icon } from "../ui/dom";

export class HelpPanel implements Panel {
  readonly id = "help";
  readonly slot = "over";
  readonly reads: readonly (keyof MapState)[] = ["open"];
  readonly element: HTMLElement;
  private readonly closeButton = button("la-tool", { "aria-label": "Close" }, () => this.close(), icon("close"));

  constructor(private readonly editor: Pick<PanelEditor, "help" | "set">) {
    const rows = editor.help.flatMap(([keys, what]) => [h("dt", {}, keys), h("dd", {}, what)]);
    this.element = h(
      "div",
      { class: "la-over la-help", role: "dialog", "aria-label": "Keys and gestures", hidden: true },
      h("div", { class: "la-help-head" }, h("h2", { class: "la-h" }, "Keys and gestures"), this.closeButton),
      h("dl", {}, ...rows),
    );
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
  }

  update({ state: { open } }: Frame): void {
    const isOpen = open === this.id;
    if (this.element.hidden !== isOpen) return;
    this.element.hidden = !isOpen;
    if (isOpen) this.closeButton.focus();
  }

  private close(): void {
    this.editor.set({ open: null });
  }
}
