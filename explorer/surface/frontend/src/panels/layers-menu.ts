/** Which layers does the map have? A menu of them: a small drawing, the name, the key; one background at a time, overlays one by one. */

import type { RunOnMap } from "../data/run-on-map";
import type { Frame, Panel } from "../kernel/extension";
import { type NamedLayer, offerOf } from "../kernel/layer-choice";
import type { PanelEditor } from "../kernel/panel-editor";
import type { MapState, Tiles } from "../kernel/state";
import { Segmented } from "../ui/chooser";
import { button, h } from "../ui/dom";
import { drawn } from "../ui/sketch";

const TILES_WORDS: Readonly<Record<Tiles, readonly [name: string, what: string]>> = {
  steps: ["Equal steps", "tiles of one size, evenly over the map"],
  shares: [
    "Equal shares of the prior",
    "at Φ⁻¹((i − ½)/n) along each axis, each as large as its cell (Kingma & Welling 2014, fig. 4)",
  ],
};

let drawers = 0;

export class LayersMenu implements Panel {
  readonly id = "layers";
  readonly slot = "tab-layers";
  readonly reads: readonly (keyof MapState)[] = ["data", "layers"];
  readonly element: HTMLElement;
  private readonly backgrounds = h("div", { class: "la-options", role: "radiogroup", "aria-label": "Background" });
  private readonly overlays = h("div", { class: "la-options", role: "group", "aria-label": "Overlays" });
  private readonly hole = h("div", { class: "la-options" });
  private readonly tiles = new Segmented(
    "Tiles of the decoded manifold",
    Object.entries(TILES_WORDS).map(([value, [text, title]]) => ({ value, text, title })),
    (name) => this.editor.setTiles(name as Tiles),
    "la",
  );
  /** A group of its own: radios of two surfaces on one page must not switch each other. */
  private readonly group = `la-background-${++drawers}`;
  private nTiles = 0;
  private scene: RunOnMap | null = null;

  constructor(
    private readonly editor: Pick<PanelEditor, "layers" | "run" | "setBackground" | "setTiles" | "toggleOverlay">,
  ) {
    this.element = h(
      "div",
      { class: "la-drawer", role: "group", "aria-label": "Layers of the map" },
      h("h2", { class: "la-h" }, "Background"),
      this.backgrounds,
      this.hole,
      this.tiles.element,
      h("h2", { class: "la-h" }, "On the map"),
      this.overlays,
    );
    const find = button("la-entry", {}, () => editor.run("hole"), "Go to a hole", h("kbd", { class: "la-key" }, "h"));
    find.title = "Where the prior has probability and no encoded image is near; once more for the next (h)";
    this.hole.append(find);
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
    const { editor } = this;
    this.nTiles = offer.tiles.length;
    this.hole.hidden = data.space.latentDim < 2 || !data.logvar; // codes that are points have no prior
    this.backgrounds.replaceChildren(
      ...offer.backgrounds.map((layer) => this.option("radio", layer, () => editor.setBackground(layer.id))),
    );
    this.overlays.replaceChildren(
      ...offer.overlays.map((layer) => this.option("checkbox", layer, () => editor.toggleOverlay(layer.id))),
    );
  }

  private show({ layers: { background, tiles, on } }: MapState): void {
    for (const input of this.element.querySelectorAll<HTMLInputElement>("input[data-name]")) {
      const { name = "" } = input.dataset;
      input.checked = input.type === "radio" ? name === background : on[name] === true;
    }
    this.tiles.element.hidden = background !== "manifold" || this.nTiles < 2;
    this.tiles.show(tiles);
  }

  private option(type: "radio" | "checkbox", { id, words }: NamedLayer, choose: () => void): HTMLElement {
    const { name, help, key, sketch } = words;
    const input = h("input", { type, "data-name": id, title: help });
    input.addEventListener("change", choose);
    if (type === "radio") input.name = this.group;
    return h(
      "label",
      { class: "la-option" },
      input,
      drawn(sketch),
      h("span", {}, name),
      ...(key ? [h("kbd", { class: "la-key" }, key[0])] : []),
    );
  }
}
