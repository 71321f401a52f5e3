/** What do the colours mean, of the ground and of the points? Scales under the map. */

import { extremesOf } from "../../data/quantities";
import type { Frame, Progress } from "../../kernel/extension";
import type { MapState } from "../../kernel/state";
import { Growth } from "../../layers/growth";
import { chip, h } from "../../ui/dom";
import { number, percent } from "../../ui/format";
import { ScaleBar } from "../../ui/scale-bar";
import type { Watcher } from "../context";
import { type Choices, offered, spoken } from "./choices";

/** Short: the index is built while a hand may already be moving. */
const INDEX_SLICE_MS = 4;
const PURITY_SLICE_MS = 8;

export class Scales implements Watcher {
  readonly reads: readonly (keyof MapState)[] = ["data", "layers", "shown", "colourBy"];
  readonly element: HTMLElement;
  private readonly holeButton: HTMLElement;
  private readonly field: ScaleBar;
  private readonly colours = new ScaleBar();
  private readonly growth = new Growth();

  constructor(
    private readonly choices: Choices,
    showHole: () => void,
  ) {
    this.holeButton = chip("Show me a hole (h)", showHole);
    this.field = new ScaleBar(this.holeButton);
    this.element = h("div", { class: "la-bars" }, this.field.element, this.colours.element);
  }

  update(frame: Frame): void {
    this.showField(frame.state);
    this.showColours(frame);
  }

  /** The index of the codes first: purity asks it for every point. */
  work(frame: Frame): Progress {
    const { data, colourBy } = frame.state;
    if (!data.codes.isComplete) {
      data.codes.work(performance.now() + INDEX_SLICE_MS);
      return "working";
    }
    const isCounting = !colourBy.isKnown && data.purity !== null;
    if (isCounting) data.purity?.job.work(performance.now() + PURITY_SLICE_MS);
    const progress = this.growth.step(isCounting);
    if (progress === "show") this.showColours(frame);
    if (isCounting && data.purity?.job.isComplete) this.choices.setColour(colourBy.id);
    return progress;
  }

  /** What the colours of the ground mean, or how far they are computed. */
  showField({ data, layers }: MapState): void {
    this.holeButton.hidden = layers.background !== "holes";
    const layer = offered(data, "background", layers.background);
    const scale = layer?.scale?.(data);
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
