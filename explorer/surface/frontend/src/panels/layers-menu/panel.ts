/** Which layers, which colours, which image? The drawer behind "Layers": what is changed once stays out of the way. */

import type { Choice } from "../../data/selection";
import type { LayerWords } from "../../kernel/extension";
import type { NamedLayer } from "../../kernel/layer-choice";
import type { ClassEntry } from "../../kernel/shown-classes";
import type { Tiles } from "../../kernel/state";
import { button, chip, h, icon, setText } from "../../ui/dom";
import { SelectForm } from "./select-form";

/** What the drawer shows as chosen. */
export interface LayersMenuState {
  readonly background: string;
  readonly tiles: Tiles;
  readonly overlays: Readonly<Record<string, boolean>>;
  readonly colour: string;
}

/** What this map has at all. */
export interface LayersMenuOffer {
  readonly backgrounds: readonly NamedLayer[];
  /** Of the decoded manifold. */
  readonly tiles: readonly Tiles[];
  readonly overlays: readonly NamedLayer[];
  readonly colours: readonly { readonly id: string; readonly name: string; readonly definition: string }[];
  readonly classes: readonly ClassEntry[];
}

export interface LayersMenuActions {
  background(id: string): void;
  tiles(name: Tiles): void;
  overlay(id: string): void;
  colour(id: string): void;
  /** Returns the sentence to show: what was found, or why nothing was. */
  find(text: string): string;
  /** Returns how many points were selected. */
  select(choice: Choice): number;
  close(): void;
  savePicture(): void;
  savePins(): void;
  /** Python that gives the picture under the cursor. */
  python(): string;
}

const TILES_WORDS: Readonly<Record<Tiles, readonly [name: string, what: string]>> = {
  steps: ["Equal steps", "tiles of one size, evenly over the map"],
  shares: [
    "Equal shares of the prior",
    "at Φ⁻¹((i − ½)/n) along each axis, each as large as its cell (Kingma & Welling 2014, fig. 4)",
  ],
};

/** With the letter of the keyboard that does the same. */
function wordsOf({ name, help, key }: LayerWords): readonly [string, string] {
  return [name, key ? `${help} (${key[0]})` : help];
}

let drawers = 0;

export class LayersMenu {
  readonly element: HTMLElement;
  private readonly closeButton = button(
    "la-tool",
    { "aria-label": "Close" },
    () => this.actions.close(),
    icon("close"),
  );
  private readonly backgrounds = h("div", { class: "la-options", role: "radiogroup", "aria-label": "Background" });
  private readonly tiles = h("div", {
    class: "la-options la-suboptions",
    role: "group",
    "aria-label": "Tiles of the decoded manifold",
    hidden: true,
  });
  private readonly overlays = h("div", { class: "la-options", role: "group", "aria-label": "Overlays" });
  private readonly colour = h("select", { class: "la-select", "aria-label": "Colour points by" });
  private readonly colourWords = h("p", { class: "la-small" });
  private readonly search = h("input", {
    class: "la-input",
    type: "search",
    placeholder: "image number or class",
    "aria-label": "Find an image by number, or a class by name",
    autocomplete: "off",
  });
  private readonly answer = h("p", { class: "la-small", role: "status" });
  private readonly group = `la-background-${++drawers}`;
  private readonly python = h("pre", { class: "la-code", hidden: true, tabindex: "0", "aria-label": "Python code" });
  private readonly findHead = h("h2", { class: "la-h" }, "Find");
  private offer: LayersMenuOffer = { backgrounds: [], tiles: [], overlays: [], colours: [], classes: [] };
  private readonly picker: SelectForm;

  constructor(private readonly actions: LayersMenuActions) {
    const go = h("button", { type: "submit", class: "la-button" }, "Go");
    const take = h(
      "div",
      { class: "la-tools la-take" },
      chip("PNG of the map", () => actions.savePicture()),
      chip("Pins as JSON", () => actions.savePins()),
      chip("Copy as PyTorch", () => this.copyPython()),
    );
    this.picker = new SelectForm((choice) => actions.select(choice));
    const form = h("form", { class: "la-find" }, this.search, go);
    this.element = h(
      "div",
      { class: "la-help la-drawer", role: "dialog", "aria-label": "Layers and colours", hidden: true },
      h("div", { class: "la-help-head" }, h("h2", { class: "la-h" }, "Background"), this.closeButton),
      this.backgrounds,
      h("h2", { class: "la-h" }, "On the map"),
      this.overlays,
      h("h2", { class: "la-h" }, "Colour points by"),
      this.colour,
      this.colourWords,
      this.findHead,
      form,
      this.answer,
      h("h2", { class: "la-h" }, "Select points"),
      this.picker.element,
      h("h2", { class: "la-h" }, "Export"),
      take,
      this.python,
    );
    this.colour.addEventListener("change", () => actions.colour(this.colour.value));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      setText(this.answer, actions.find(this.search.value.trim()));
    });
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "Escape") actions.close();
      event.stopPropagation(); // hosts have one-letter shortcuts of their own
    });
  }

  /** For a map: what it has. */
  configure(offer: LayersMenuOffer): void {
    this.offer = offer;
    this.backgrounds.replaceChildren(
      ...offer.backgrounds.map(({ id, words }) =>
        this.option("radio", id, wordsOf(words), () => this.actions.background(id)),
      ),
    );
    this.backgrounds.querySelector("[data-name=manifold]")?.closest("label")?.after(this.tiles);
    this.tiles.replaceChildren(
      ...offer.tiles.map((name) =>
        this.option("radio", name, TILES_WORDS[name], () => this.actions.tiles(name), `${this.group}-tiles`),
      ),
    );
    this.overlays.replaceChildren(
      ...offer.overlays.map(({ id, words }) =>
        this.option("checkbox", id, wordsOf(words), () => this.actions.overlay(id)),
      ),
    );
    this.colour.replaceChildren(...offer.colours.map(({ id, name }) => h("option", { value: id }, name)));
    this.picker.configure(offer.classes);
    setText(this.answer, "");
  }

  /** A part of its own, after the layers. */
  add(part: HTMLElement): void {
    this.element.insertBefore(part, this.findHead);
  }

  show(state: LayersMenuState): void {
    for (const input of this.element.querySelectorAll<HTMLInputElement>("input[data-name]")) {
      const { name } = input.dataset;
      input.checked =
        input.type === "radio"
          ? name === state.background || name === state.tiles
          : state.overlays[name ?? ""] === true;
    }
    this.tiles.hidden = state.background !== "manifold" || this.offer.tiles.length < 2;
    this.colour.value = state.colour;
    setText(this.colourWords, this.offer.colours.find(({ id }) => id === state.colour)?.definition ?? "");
  }

  open(isOpen: boolean): void {
    if (this.element.hidden !== isOpen) return;
    this.element.hidden = !isOpen;
    if (isOpen) this.closeButton.focus();
  }

  /** Shown too: a page without the right to the clipboard must not leave anyone without. */
  private copyPython(): void {
    const text = this.actions.python();
    this.python.hidden = false;
    setText(this.python, text);
    navigator.clipboard?.writeText(text).then(
      () => setText(this.answer, ""),
      () => undefined,
    );
  }

  private option(
    type: "radio" | "checkbox",
    name: string,
    [title, what]: readonly [string, string],
    choose: () => void,
    group = this.group,
  ): HTMLElement {
    const input = h("input", { type, "data-name": name });
    input.addEventListener("change", choose);
    // a group of its own: radios of two surfaces on one page must not switch each other
    if (type === "radio") input.name = group;
    return h("label", { class: "la-option" }, input, h("span", {}, title, h("span", { class: "la-small" }, what)));
  }
}
