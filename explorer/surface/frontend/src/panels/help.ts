/** How is the map used? The panel behind "?". */

import type { Frame, Panel } from "../kernel/extension";
import type { PanelEditor } from "../kernel/panel-editor";
import type { MapState } from "../kernel/state";
import { button, h, icon } from "../ui/dom";
import { KeyboardPlace } from "../ui/keyboard-place";

export class HelpPanel implements Panel {
  readonly id = "help";
  readonly slot = "over";
  readonly reads: readonly (keyof MapState)[] = ["open"];
  readonly element: HTMLElement;
  private readonly closeButton = button(
    "la-tool",
    { "aria-label": "Close" },
    () => this.editor.set({ open: null }),
    icon("close"),
  );
  private readonly place = new KeyboardPlace();

  constructor(private readonly editor: Pick<PanelEditor, "help" | "set">) {
    const rows = editor.help.flatMap(([keys, what]) => [h("dt", {}, keys), h("dd", {}, what)]);
    this.element = h(
      "div",
      { class: "la-over la-help", role: "dialog", "aria-label": "Keys and gestures", hidden: true },
      h("div", { class: "la-help-head" }, h("h2", { class: "la-h" }, "Keys and gestures"), this.closeButton),
      h("dl", {}, ...rows),
    );
  }

  update({ state: { open } }: Frame): void {
    this.place.toggle(this.element, open === this.id, this.closeButton);
  }
}
