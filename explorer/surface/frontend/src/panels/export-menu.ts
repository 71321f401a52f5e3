/** What can be taken away? The menu behind “Export”: the map as a picture, the pins, the shown picture as a program. */

import type { Frame, Panel } from "../kernel/extension";
import type { PaletteEntry } from "../kernel/palette-entries";
import type { PanelEditor } from "../kernel/panel-editor";
import { SAVE_PAGE } from "../kernel/screen";
import type { MapState } from "../kernel/state";
import { button, h, setText } from "../ui/dom";
import { KeyboardPlace } from "../ui/keyboard-place";

const PROGRAM = "a program that gives the shown picture, with the run's weights.safetensors";

export class ExportMenu implements Panel {
  readonly id = "export";
  readonly slot = "over";
  readonly reads: readonly (keyof MapState)[] = ["open", "host"];
  readonly element: HTMLElement;
  private readonly python = h("pre", { class: "la-code", hidden: true, tabindex: "0", "aria-label": "Python code" });
  private readonly answer = h("p", { class: "la-small", role: "status" });
  private readonly webPage: PaletteEntry = {
    name: "Web page",
    what: "the run in one file: in the menu Share",
    key: "",
    run: () => {
      this.editor.set({ open: null });
      dispatchEvent(new Event(SAVE_PAGE));
    },
  };
  private readonly items: readonly PaletteEntry[] = [
    { name: "PNG of the map", what: "what is seen, with its legend", key: "", run: () => this.editor.savePicture() },
    this.webPage,
    { name: "Pins as JSON", what: "places, names and codes", key: "", run: () => this.editor.savePins() },
    { name: "Copy as PyTorch", what: PROGRAM, key: "", run: () => this.copy(this.editor.python()) },
    { name: "Copy as NumPy", what: PROGRAM, key: "", run: () => this.copy(this.editor.numpy()) },
  ];
  private readonly buttons: readonly HTMLButtonElement[];
  private readonly place = new KeyboardPlace();

  constructor(
    private readonly editor: Pick<PanelEditor, "state" | "set" | "savePicture" | "savePins" | "python" | "numpy">,
  ) {
    this.buttons = this.items.map(({ name, what, run }) =>
      button("la-entry", {}, run, h("span", { class: "la-entry-name" }, name), h("span", { class: "la-small" }, what)),
    );
    this.element = h(
      "div",
      { class: "la-over la-menu", role: "dialog", "aria-label": "Export from the map", hidden: true },
      ...this.buttons,
      this.answer,
      this.python,
    );
  }

  update({ state: { open, host } }: Frame): void {
    this.buttons[this.items.indexOf(this.webPage)].hidden = !host.options.saves_page;
    const isOpen = open === this.id;
    if (this.place.toggle(this.element, isOpen, this.buttons[0]) && !isOpen) this.python.hidden = true;
  }

  paletteEntries(): readonly PaletteEntry[] {
    const { saves_page } = this.editor.state().host.options;
    const offered = this.items.filter((item) => saves_page || item !== this.webPage);
    return offered.map((item) => ({ ...item, name: `Export: ${item.name}` }));
  }

  /** Shown too: a page without the right to the clipboard must not leave anyone without. */
  private copy(text: string): void {
    this.editor.set({ open: this.id });
    this.python.hidden = false;
    setText(this.python, text);
    setText(this.answer, "");
    navigator.clipboard?.writeText(text).then(
      () => setText(this.answer, "Copied."),
      () => undefined,
    );
  }
}
