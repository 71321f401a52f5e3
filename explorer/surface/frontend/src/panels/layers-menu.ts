/** Which layers, which colours, which image? The drawer behind "Layers": what is changed once stays out of the way. */

import type { Choice } from "../data/selection";
import type { Tiles } from "../layers/background/manifold";
import { button, chip, h, icon, setText } from "../ui/dom";
import { type ClassEntry, SelectForm } from "./select-form";

/** What lies under the points. */
export type Background = "none" | "manifold" | "density" | "holes" | "magnification";

/** What can be laid over the points, each by itself. */
export type Overlay = "points" | "rings" | "shapes" | "contours" | "ellipses" | "truth" | "neighbours" | "thumbnails";

/** What the drawer shows as chosen. */
export interface LayersMenuState {
  readonly background: Background;
  readonly tiles: Tiles;
  readonly overlays: Readonly<Record<Overlay, boolean>>;
  readonly colour: string;
}

/** What this map has at all. */
export interface LayersMenuOffer {
  readonly backgrounds: readonly Background[];
  /** Of the decoded manifold. */
  readonly tiles: readonly Tiles[];
  readonly overlays: readonly Overlay[];
  readonly colours: readonly { readonly id: string; readonly name: string; readonly definition: string }[];
  readonly classes: readonly ClassEntry[];
}

export interface LayersMenuActions {
  background(name: Background): void;
  tiles(name: Tiles): void;
  overlay(name: Overlay): void;
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

const BACKGROUND_WORDS: Readonly<Record<Background, readonly [name: string, what: string]>> = {
  none: ["Plain", "only the grid"],
  manifold: [
    "Decoded manifold",
    "decoded pictures on a grid; zooming in brings smaller tiles, dashes mark low density of encoded images (m)",
  ],
  density: [
    "Density of the codes",
    "aggregated posterior q̄(z): the mean of q(z|x) over test images; of the points where the map is no plane or q has no spread",
  ],
  holes: ["Posterior − prior", "q̄(z) − p(z): under- and over-represented regions"],
  magnification: ["Magnification", "how fast pictures change along the map, √det(JᵀJ)"],
};

const TILES_WORDS: Readonly<Record<Tiles, readonly [name: string, what: string]>> = {
  steps: ["Equal steps", "tiles of one size, evenly over the map"],
  shares: [
    "Equal shares of the prior",
    "at Φ⁻¹((i − ½)/n) along each axis, each as large as its cell (Kingma & Welling 2014, fig. 4)",
  ],
};

const OVERLAY_WORDS: Readonly<Record<Overlay, readonly [name: string, what: string]>> = {
  points: ["Points", "a dot for every test image"],
  rings: ["Prior rings", "1, 2, 3 standard deviations of the prior (r)"],
  contours: ["Class contours", "the regions that hold 50 % and 90 % of every class’s density"],
  ellipses: [
    "Posterior ellipses",
    "1σ and 2σ of q(z|x) to scale for the nearest point; 1σ of all when few are in view",
  ],
  truth: [
    "True posterior",
    "p(z|x) of the nearest image by quadrature beside q(z|x), 1σ and 2σ of each, and the KL between them",
  ],
  neighbours: ["Nearest in latent space", "lines to the eight codes nearest to the probe, all dimensions counted (n)"],
  thumbnails: ["Pictures when close", "images instead of dots when few are in view"],
  shapes: ["Marker shapes", "a marker for each class, beside its colour (s)"],
};

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
      ...offer.backgrounds.map((name) =>
        this.option("radio", name, BACKGROUND_WORDS[name], () => this.actions.background(name)),
      ),
    );
    this.backgrounds.querySelector("[data-name=manifold]")?.closest("label")?.after(this.tiles);
    this.tiles.replaceChildren(
      ...offer.tiles.map((name) =>
        this.option("radio", name, TILES_WORDS[name], () => this.actions.tiles(name), `${this.group}-tiles`),
      ),
    );
    this.overlays.replaceChildren(
      ...offer.overlays.map((name) =>
        this.option("checkbox", name, OVERLAY_WORDS[name], () => this.actions.overlay(name)),
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
        input.type === "radio" ? name === state.background || name === state.tiles : state.overlays[name as Overlay];
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
