/** Which test images have the nearest codes? Eight pictures that lead to their points: of the code that is shown when the hand rests, or of a pin. */

import type { RunOnMap } from "../data/run-on-map";
import type { Near } from "../geometry/nearest-codes";
import { nearestShown } from "../kernel/derive";
import type { Frame, Panel } from "../kernel/extension";
import type { PanelEditor } from "../kernel/panel-editor";
import { pinName } from "../kernel/pins";
import type { MapState } from "../kernel/state";
import { Select } from "../ui/chooser";
import { button, h, setHidden, setText } from "../ui/dom";
import { classWords, distance, nearestWords } from "../ui/format";
import { newPicture, type Picture } from "../ui/picture";
import type { PinRecord } from "../wire/schema";

const N_SHOWN = 8;
const PICTURE_PX = 56;
const REST_MS = 90;
/** In place of a pin's number: the code that is shown. */
const SHOWN_CODE = "";
const DISTANCE =
  "Euclidean distance in all latent dimensions to the posterior mean μ of the image; of a deterministic model to its code.";

interface Entry {
  readonly element: HTMLElement;
  readonly button: HTMLButtonElement;
  readonly picture: Picture;
  readonly name: HTMLElement;
  readonly facts: HTMLElement;
  point: number;
}

export class Neighbours implements Panel {
  readonly id = "neighbours";
  readonly slot = "tab-neighbours";
  readonly reads: readonly (keyof MapState)[] = ["data", "probe", "shown", "pins", "tab"];
  readonly element: HTMLElement;
  private readonly of = new Select("Nearest to", (value) => this.choose(value), "la");
  private readonly note = h("p", { class: "la-small" });
  private readonly list = h("ul", { class: "la-neighbours", "aria-label": "Nearest test images" });
  private readonly entries: readonly Entry[];
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** The pin's place in the list of pins, or `SHOWN_CODE`. */
  private chosen = SHOWN_CODE;
  private nPins = 0;
  private data: RunOnMap | null = null;

  constructor(private readonly editor: Pick<PanelEditor, "state" | "derived" | "flyTo">) {
    this.entries = Array.from({ length: N_SHOWN }, () => this.entry());
    this.list.append(...this.entries.map(({ element }) => element));
    this.element = h(
      "div",
      { class: "la-facts", role: "group", "aria-label": "Neighbours" },
      this.of.element,
      this.list,
      this.note,
    );
    this.list.title = DISTANCE;
  }

  update({ state: { data, tab }, derived: { pins } }: Frame): void {
    if (data !== this.data) this.configure(data);
    this.followPins(data, pins);
    if (tab !== "neighbours") return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.show(), REST_MS);
  }

  dispose(): void {
    clearTimeout(this.timer);
  }

  private configure(data: RunOnMap): void {
    this.data = data;
    for (const { picture } of this.entries) {
      picture.setShape(data.header.run.image_shape);
      picture.fitInto(PICTURE_PX);
    }
  }

  /** A pin that was just made is what is asked about, until another one is chosen. */
  private followPins({ space }: RunOnMap, pins: readonly PinRecord[]): void {
    if (pins.length > this.nPins) this.chosen = String(pins.length - 1);
    else if (Number(this.chosen) >= pins.length) this.chosen = SHOWN_CODE;
    this.nPins = pins.length;
    const those = pins.flatMap((pin, i) =>
      pin.z.length === space.latentDim ? [{ value: String(i), text: `pin ${pinName(pin)}` }] : [],
    );
    this.of.show([{ value: SHOWN_CODE, text: "the shown picture" }, ...those], this.chosen);
    setHidden(this.of.element, those.length === 0);
  }

  private choose(value: string): void {
    this.chosen = value;
    this.show();
  }

  private show(): void {
    const { data, shown } = this.editor.state();
    const { code, pins } = this.editor.derived;
    const z = this.chosen === SHOWN_CODE ? code : pins[Number(this.chosen)]?.z;
    const found = z?.length === data.space.latentDim ? nearestShown(data, z, N_SHOWN, shown) : [];
    this.entries.forEach((entry, i) => this.fill(entry, data, found[i]));
    this.paint(data, found);
    const said = data.originals ? "" : "The original images are not here, so these are the model's reconstructions.";
    setText(this.note, found.length > 0 ? said : "No test image is shown: all classes are hidden.");
    this.note.hidden = this.note.textContent === "";
  }

  private fill(entry: Entry, data: RunOnMap, near: Near | undefined): void {
    setHidden(entry.element, near === undefined);
    if (!near) return;
    entry.point = near.index;
    const number = data.numberOf(near.index);
    const of = data.className(data.labels[near.index]);
    const facts = `${of === null ? "" : `${classWords(of)} · `}${distance(near.distance)}`;
    setText(entry.name, `image ${number}`);
    setText(entry.facts, facts);
    const words = nearestWords(number, data.originals !== null, data.decodedAs);
    entry.button.setAttribute("aria-label", `Go to ${words}, ${facts.replace(" · ", ", distance ")}`);
    entry.button.title = `Go to ${words}`;
  }

  private paint(data: RunOnMap, found: readonly Near[]): void {
    const { originals } = data;
    if (originals)
      found.forEach(({ index }, i) => {
        this.entries[i].picture.paint(originals, data.originalOffset(index), 1);
      });
    else
      data.model.decodeEach(
        found.map(({ index }) => data.muOf(index)),
        (x_hat, from, i) => this.entries[i].picture.paint(x_hat, from),
      );
  }

  private entry(): Entry {
    const picture = newPicture();
    const name = h("span", {}),
      facts = h("span", { class: "la-small la-number" });
    const go = button(
      "la-neighbour",
      {},
      () => this.editor.flyTo(entry.point),
      picture.canvas,
      h("span", {}, name, facts),
    );
    const entry: Entry = { element: h("li", {}, go), button: go, picture, name, facts, point: -1 };
    return entry;
  }
}
