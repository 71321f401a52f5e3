/** Which layers, which colours, which image? The tab behind “Layers”: what is changed once stays out of the way. */

import type { RunOnMap } from "../../data/run-on-map";
import type { Frame, LayerWords, Panel } from "../../kernel/extension";
import { type LayerOffer, offerOf } from "../../kernel/layer-choice";
import type { PanelEditor } from "../../kernel/panel-editor";
import { classEntries } from "../../kernel/shown-classes";
import type { MapState, Tiles } from "../../kernel/state";
import { chip, h, setText } from "../../ui/dom";
import { SelectForm } from "./select-form";

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

export class LayersMenu implements Panel {
  readonly id = "layers";
  readonly slot = "tab-layers";
  readonly reads: readonly (keyof MapState)[] = ["data", "layers", "colourBy"];
  readonly element: HTMLElement;
  /** After the layers. */
  readonly places = { "layers-menu": (child: HTMLElement): void => void this.findHead.before(child) };
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
  private offer: LayerOffer = { backgrounds: [], tiles: [], overlays: [], colours: [] };
  private scene: RunOnMap | null = null;
  private readonly picker: SelectForm;

  constructor(private readonly editor: PanelEditor) {
    const go = h("button", { type: "submit", class: "la-button" }, "Go");
    const take = h(
      "div",
      { class: "la-tools la-take" },
      chip("PNG of the map", () => editor.savePicture()),
      chip("Pins as JSON", () => editor.savePins()),
      chip("Copy as PyTorch", () => this.copyPython()),
    );
    this.picker = new SelectForm((choice) => editor.select(choice));
    const form = h("form", { class: "la-find" }, this.search, go);
    this.element = h(
      "div",
      { class: "la-drawer", role: "group", "aria-label": "Layers and colours" },
      h("h2", { class: "la-h" }, "Background"),
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
    this.colour.addEventListener("change", () => editor.setColour(this.colour.value));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      setText(this.answer, editor.find(this.search.value.trim()));
    });
    this.element.addEventListener("keydown", (event) => event.stopPropagation()); // hosts have one-letter shortcuts of their own
  }

  update({ state }: Frame): void {
    const { data } = state;
    const isSame = this.scene?.plane === data.plane && this.scene?.isSameMap(data);
    if (data !== this.scene && !isSame) this.configure(data);
    this.scene = data;
    this.show(state);
  }

  /** For a map: what it has. */
  private configure(data: RunOnMap): void {
    const offer = offerOf(this.editor.layers, data);
    this.offer = offer;
    this.backgrounds.replaceChildren(
      ...offer.backgrounds.map(({ id, words }) =>
        this.option("radio", id, wordsOf(words), () => this.editor.setBackground(id)),
      ),
    );
    this.backgrounds.querySelector("[data-name=manifold]")?.closest("label")?.after(this.tiles);
    this.tiles.replaceChildren(
      ...offer.tiles.map((name) =>
        this.option("radio", name, TILES_WORDS[name], () => this.editor.setTiles(name), `${this.group}-tiles`),
      ),
    );
    this.overlays.replaceChildren(
      ...offer.overlays.map(({ id, words }) =>
        this.option("checkbox", id, wordsOf(words), () => this.editor.toggleOverlay(id)),
      ),
    );
    this.colour.replaceChildren(...offer.colours.map(({ id, name }) => h("option", { value: id }, name)));
    this.picker.configure(data.hasLabels ? classEntries(data) : []);
    setText(this.answer, "");
  }

  private show({ layers: { background, tiles, on }, colourBy }: MapState): void {
    for (const input of this.element.querySelectorAll<HTMLInputElement>("input[data-name]")) {
      const { name } = input.dataset;
      input.checked = input.type === "radio" ? name === background || name === tiles : on[name ?? ""] === true;
    }
    this.tiles.hidden = background !== "manifold" || this.offer.tiles.length < 2;
    this.colour.value = colourBy.id;
    setText(this.colourWords, this.offer.colours.find(({ id }) => id === colourBy.id)?.definition ?? "");
  }

  /** Shown too: a page without the right to the clipboard must not leave anyone without. */
  private copyPython(): void {
    const text = this.editor.python();
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
