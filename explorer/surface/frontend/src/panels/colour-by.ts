/** What colours the points? A choice beside the legend: the class, or a quantity of every test image. */

import type { RunOnMap } from "../data/run-on-map";
import type { Frame, Panel } from "../kernel/extension";
import { type LayerOffer, offerOf } from "../kernel/layer-choice";
import type { PaletteEntry } from "../kernel/palette-entries";
import type { PanelEditor } from "../kernel/panel-editor";
import type { MapState } from "../kernel/state";
import { Select } from "../ui/chooser";

export class ColourBy implements Panel {
  readonly id = "colour-by";
  readonly slot = "legend";
  readonly reads: readonly (keyof MapState)[] = ["data", "colourBy"];
  private readonly select = new Select("Colour", (id) => this.editor.setColour(id), "la", "Colour points by");
  readonly element = this.select.element;
  private colours: LayerOffer["colours"] = [];
  private data: RunOnMap | null = null;

  constructor(private readonly editor: Pick<PanelEditor, "layers" | "setColour">) {}

  update({ state: { data, colourBy } }: Frame): void {
    if (data !== this.data) this.colours = offerOf(this.editor.layers, data).colours;
    this.data = data;
    this.select.show(
      this.colours.map(({ id, name }) => ({ value: id, text: name })),
      colourBy.id,
    );
    this.element.title = this.colours.find(({ id }) => id === colourBy.id)?.definition ?? "";
    this.element.hidden = this.colours.length < 2;
  }

  paletteEntries(): readonly PaletteEntry[] {
    return this.colours.map(({ id, name }) => ({
      name: `Colour by ${name.charAt(0).toLowerCase()}${name.slice(1)}`,
      what: "colour of the points",
      key: "",
      run: () => this.editor.setColour(id),
    }));
  }
}
