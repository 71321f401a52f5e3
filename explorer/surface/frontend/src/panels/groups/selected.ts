/** What is known of the points that are selected? How many, of which classes, their mean image, and the picture of their mean code. */

import type { RunOnMap } from "../../data/run-on-map";
import type { GroupFacts } from "../../data/selection";
import { chip, h, setText } from "../../ui/dom";
import { count, number, percent } from "../../ui/format";
import { classColour } from "../../ui/palette";
import { newPicture } from "../../ui/picture";
import { MAX_NAME } from "../../wire/schema";
import { slotName } from "./names";

const PICTURE_PX = 84;

export interface SelectedEvents {
  /** Keeps them as a group; "" for no name. */
  keep(name: string): void;
  download(): void;
  clear(): void;
}

export class Selected {
  readonly element: HTMLElement;
  private readonly words = h("p", {}, "");
  private readonly bar = h("div", { class: "la-shares", role: "img" });
  private readonly image = newPicture("Mean image of the selection");
  private readonly decoded = newPicture("Decoded mean code of the selection");
  private readonly imageBox = figure(this.image.canvas, "mean image");
  private readonly name = h("input", {
    class: "la-input la-group-name",
    type: "text",
    maxlength: MAX_NAME,
    "aria-label": "Name of the group",
    autocomplete: "off",
    spellcheck: "false",
  });

  constructor({ keep, download, clear }: SelectedEvents) {
    const take = (): void => keep(this.name.value.trim());
    this.name.addEventListener("keydown", (event) => {
      event.stopPropagation(); // hosts have one-letter shortcuts of their own
      if (event.key === "Enter") take();
    });
    const chips = [chip("Save as group", take), chip("Download CSV", download), chip("Clear", clear)];
    this.element = h(
      "div",
      { class: "la-selected", hidden: true },
      h("div", { class: "la-group-pictures" }, this.imageBox, figure(this.decoded.canvas, "mean code, decoded")),
      h("div", { class: "la-group-facts" }, this.words, this.bar, h("div", { class: "la-tools" }, this.name, ...chips)),
    );
  }

  configure(scene: RunOnMap): void {
    for (const picture of [this.image, this.decoded]) {
      picture.setShape(scene.header.run.image_shape);
      picture.fitInto(PICTURE_PX);
    }
  }

  /** The name that it would have if nobody named it. */
  propose(name: string): void {
    this.name.value = name;
  }

  show(scene: RunOnMap, facts: GroupFacts, isDark: boolean): void {
    const shares = facts.shares.map(({ slot, share }) => ({ slot, share, name: slotName(scene, slot) }));
    const top = shares.slice(0, 3).map(({ name, share }) => `${name} ${percent(share)}`);
    const kl = facts.meanKl === null ? "" : ` Mean KL ${number(facts.meanKl)} nats.`;
    setText(this.words, `${count(facts.indices.length)} points selected: ${top.join(", ")}.${kl}`);
    const all = shares.map(({ name, share }) => `${name} ${percent(share)}`);
    this.bar.setAttribute("aria-label", `Class shares: ${all.join(", ")}`);
    this.bar.replaceChildren(
      ...shares.map(({ slot, share, name }) => {
        const part = h("span", { title: `${name}: ${percent(share, 1)}` });
        part.style.flexGrow = String(share);
        part.style.background = classColour(slot === scene.nClasses ? -1 : slot, isDark);
        return part;
      }),
    );
    this.imageBox.hidden = facts.meanImage === null;
    if (facts.meanImage) this.image.paint(facts.meanImage);
    this.decoded.paint(scene.model.decodeShared(facts.meanZ));
  }
}

function figure(picture: HTMLElement, words: string): HTMLElement {
  return h("figure", { class: "la-figure" }, picture, h("figcaption", { class: "la-small" }, words));
}
