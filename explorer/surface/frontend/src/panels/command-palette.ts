/** Where is a command, a layer, a tab, an image, a class? One box for all of them, behind Ctrl+K: words are typed, arrows choose, Enter does it. */

import type { Frame, Panel } from "../kernel/extension";
import { type PaletteEntry, ranked } from "../kernel/palette-entries";
import type { PanelEditor } from "../kernel/panel-editor";
import type { MapState } from "../kernel/state";
import { h, setText } from "../ui/dom";
import { KeyboardPlace } from "../ui/keyboard-place";

/** By Page Up and Page Down. */
const PAGE = 6;

let palettes = 0;

export class CommandPalette implements Panel {
  readonly id = "palette";
  readonly slot = "over";
  readonly reads: readonly (keyof MapState)[] = ["open", "data"];
  readonly element: HTMLElement;
  private readonly name = `la-palette-${++palettes}`;
  private readonly input = h("input", {
    class: "la-input",
    type: "text",
    role: "combobox",
    "aria-label": "Find a command, a layer, an image or a class",
    "aria-expanded": "true",
    "aria-controls": this.name,
    "aria-autocomplete": "list",
    placeholder: "Command, layer, image number or class",
    autocomplete: "off",
    spellcheck: "false",
  });
  private readonly list = h("div", {
    class: "la-entries",
    role: "listbox",
    id: this.name,
    "aria-label": "What is found",
  });
  private readonly answer = h("p", { class: "la-small", role: "status" });
  private readonly place = new KeyboardPlace();
  private found: readonly PaletteEntry[] = [];
  private chosen = 0;

  constructor(private readonly editor: Pick<PanelEditor, "set" | "entries" | "findings">) {
    this.element = h(
      "div",
      { class: "la-over la-palette", role: "dialog", "aria-label": "Find", hidden: true },
      this.input,
      this.list,
      this.answer,
    );
    this.input.addEventListener("input", () => this.find());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.element.addEventListener("pointerdown", (event) => {
      if (event.target !== this.input) event.preventDefault(); // the box keeps the keyboard
    });
  }

  update({ state: { open } }: Frame): void {
    const isOpen = open === this.id;
    if (!this.place.toggle(this.element, isOpen, this.input) || !isOpen) return;
    this.input.value = "";
    this.find();
  }

  private close(): void {
    if (!this.element.hidden) this.editor.set({ open: null });
  }

  private find(): void {
    const text = this.input.value.trim();
    this.found = [...this.editor.findings(text), ...ranked(this.editor.entries(), text)];
    this.list.replaceChildren(...this.found.map((entry, i) => this.option(entry, i)));
    setText(this.answer, this.found.length ? "" : `Nothing found for “${text}”.`);
    this.choose(0);
  }

  private option({ name, what, key }: PaletteEntry, i: number): HTMLElement {
    const element = h(
      "div",
      { class: "la-entry", role: "option", id: `${this.name}-${i}` },
      h("span", { class: "la-entry-name" }, name),
      h("span", { class: "la-small" }, what),
      ...(key ? [h("kbd", { class: "la-key" }, key)] : []),
    );
    element.addEventListener("click", () => this.run(i));
    return element;
  }

  private choose(i: number): void {
    const options = Array.from(this.list.children);
    this.chosen = options.length ? (i + options.length) % options.length : 0;
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === this.chosen)));
    this.input.setAttribute("aria-activedescendant", options.length ? `${this.name}-${this.chosen}` : "");
    options[this.chosen]?.scrollIntoView({ block: "nearest" });
  }

  private run(i: number): void {
    const entry = this.found[i];
    if (!entry) return;
    this.close();
    entry.run();
  }

  private key(event: KeyboardEvent): void {
    const last = this.found.length - 1;
    const { chosen } = this;
    const goes = {
      ArrowDown: chosen + 1,
      ArrowUp: chosen - 1,
      PageDown: Math.min(last, chosen + PAGE),
      PageUp: Math.max(0, chosen - PAGE),
    }[event.key];
    const isPalette = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k";
    event.stopPropagation(); // hosts have one-letter shortcuts of their own
    if (goes !== undefined) this.choose(goes);
    else if (event.key === "Enter") this.run(chosen);
    else if (event.key === "Escape" || isPalette) this.close();
    else if (event.key === "Tab") return this.close();
    else return;
    event.preventDefault();
  }
}
