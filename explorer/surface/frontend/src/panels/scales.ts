/** What do the colours mean, of the ground and of the points? Scales under the map. */

import { extremesOf } from "../data/quantities";
import type { Frame, Panel, Progress } from "../kernel/extension";
import { Growth } from "../kernel/growth";
import { offered, spoken } from "../kernel/layer-choice";
import type { PanelEditor } from "../kernel/panel-editor";
import type { MapState } from "../kernel/state";
import { button, h, keyHint } from "../ui/dom";
import { number, percent } from "../ui/format";
import { ScaleBar } from "../ui/scale-bar";

/** Short: the index is built while a hand may already be moving. */
const INDEX_SLICE_MS = 4;
const PURITY_SLICE_MS = 8;

export class Scales implements Panel {
  readonly id = "scales";
  readonly slot = "below";
  readonly reads: readonly (keyof MapState)[] = ["data", "layers", "shown", "colourBy"];
  readonly element: HTMLElement;
  private readonly holeButton = button(
    "la-chip la-all",
    {},
    () => this.editor.run("hole"),
    "Show me a hole",
    keyHint(" (h)"),
  );
  private readonly field = new ScaleBar(this.holeButton);
  private readonly colours = new ScaleBar();
  private readonly growth = new Growth();
  /** What the field's scale was last made from. */
  private shown: readonly unknown[] = [];

  constructor(private readonly editor: Pick<PanelEditor, "layers" | "setColour" | "run">) {
    this.element = h("div", { class: "la-bars" }, this.field.element, this.colours.element);
  }

  update(frame: Frame): void {
    this.showField(frame.state);
    this.showColours(frame);
  }

  /** The index of the codes first: purity asks it for every point. */
  work(frame: Frame): Progress {
    const { data, colourBy } = frame.state;
    this.showField(frame.state); // it grows with its layer, which draws and works without a change of the state
    if (!data.codes.isComplete) {
      data.codes.work(performance.now() + INDEX_SLICE_MS);
      return "working";
    }
    const isCounting = !colourBy.isKnown && data.purity !== null;
    if (isCounting) data.purity?.job.work(performance.now() + PURITY_SLICE_MS);
    const progress = this.growth.step(isCounting);
    if (progress === "show") this.showColours(frame);
    if (isCounting && data.purity?.job.isComplete) this.editor.setColour(colourBy.id);
    return progress;
  }

  /** What the colours of the ground mean, or how far they are computed. */
  private showField({ data, layers }: MapState): void {
    const layer = offered(this.editor.layers, data, "background", layers.background);
    const scale = layer?.scale?.(data);
    const shown = [layer, scale?.words, scale?.share];
    if (shown.every((one, i) => one === this.shown[i])) return;
    this.shown = shown;
    this.holeButton.hidden = layers.background !== "holes";
    this.field.show(scale?.words ?? null, layer && scale ? `Computing ${spoken(layer)}: ${percent(scale.share)}` : "");
  }

  private showColours({ state: { data, colourBy }, derived: { quantity, colouring } }: Frame): void {
    const { purity } = data;
    const counting =
      purity && !colourBy.isKnown ? `Computing ${purity.name.toLowerCase()}: ${percent(purity.job.share)}` : "";
    if (!quantity || !colouring) return this.colours.show(null, counting);
    const [least, most] = extremesOf(quantity.values);
    const [low, high] = colouring.range;
    this.colours.show({
      title: quantity.name,
      definition: quantity.definition,
      ramp: "amount",
      low: `${least < low ? "≤ " : ""}${number(low)}`,
      high: `${most > high ? "≥ " : ""}${number(high)}`,
    });
  }
}
