/** Which images are extreme? The twenty highest and lowest of the chosen quantity, as pictures that lead to their points. */

import { extremes, type Quantity } from "../data/quantities";
import type { Frame, Panel } from "../kernel/extension";
import type { PanelEditor } from "../kernel/panel-editor";
import type { MapState } from "../kernel/state";
import { button, chip, h, setText } from "../ui/dom";
import { number } from "../ui/format";

export const STRIP_LENGTH = 20;

export class Extremes implements Panel {
  readonly id = "extremes";
  readonly slot = "below";
  readonly reads: readonly (keyof MapState)[] = ["data", "shown", "colourBy"];
  readonly element: HTMLElement;
  private readonly heading = h("span", { class: "la-small" });
  private readonly list = h("div", { class: "la-strip-list" });
  private readonly order = chip("", () => {
    this.isLargest = !this.isLargest;
    this.build();
  });
  private quantity: Quantity | null = null;
  private isLargest = true;
  private accepts: (i: number) => boolean = () => true;

  constructor(private readonly editor: Pick<PanelEditor, "state" | "picturesOf" | "flyTo">) {
    this.element = h(
      "div",
      { class: "la-strip", hidden: true },
      h("div", { class: "la-strip-head" }, this.heading, this.order),
      this.list,
    );
  }

  update({ state: { data, shown }, derived: { quantity } }: Frame): void {
    this.quantity = quantity;
    this.accepts = (i) => shown[data.slots[i]] === 1;
    this.element.hidden = quantity === null;
    this.build();
  }

  private build(): void {
    const { quantity } = this;
    if (!quantity) return this.list.replaceChildren();
    const found = extremes(quantity.values, STRIP_LENGTH, this.isLargest, this.accepts);
    setText(
      this.heading,
      `${found.length} images with the ${this.isLargest ? "highest" : "lowest"} ${inSentence(quantity.name)}`,
    );
    setText(this.order, this.isLargest ? "Show the lowest" : "Show the highest");
    const pictures = this.editor.picturesOf(found);
    this.list.replaceChildren(...found.map((i, at) => this.entry(i, quantity, pictures[at])));
  }

  private entry(i: number, { name, values }: Quantity, source: HTMLCanvasElement): HTMLElement {
    const picture = copyOf(source);
    const label = `Go to test image ${this.editor.state().data.numberOf(i)}, ${inSentence(name)} ${number(values[i])}`;
    const content = [picture, h("span", {}, number(values[i]))];
    return button("la-pin", { title: label, "aria-label": label }, () => this.editor.flyTo(i), ...content);
  }
}

/** A canvas can stand in one place only. */
function copyOf(source: HTMLCanvasElement): HTMLCanvasElement {
  const copy = h("canvas", { class: "la-pixels la-strip-picture", "aria-hidden": "true" });
  copy.width = source.width;
  copy.height = source.height;
  copy.getContext("2d")?.drawImage(source, 0, 0);
  return copy;
}

/** Abbreviations keep their capitals. */
export function inSentence(name: string): string {
  return /^[A-Z][a-z]/.test(name) ? name[0].toLowerCase() + name.slice(1) : name;
}
