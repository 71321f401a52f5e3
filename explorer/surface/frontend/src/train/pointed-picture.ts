/** What does the place under the pointer decode to, with the weights of this moment? A picture, and the code in numbers. */

import type { Frame } from "../kernel/extension";
import type { MapState } from "../kernel/state";
import { h, setText } from "../ui/dom";
import { zJson, zText } from "../ui/format";
import { Picture } from "../ui/picture";

/** Of the picture at most, CSS pixels. */
const ROOM = 112;

export class PointedPicture {
  readonly reads: readonly (keyof MapState)[] = ["data", "probe"];
  private readonly picture = new Picture(
    h("canvas", { class: "la-pixels", "data-testid": "decoded", role: "img", "aria-label": "Decoded picture" }),
  );
  private readonly z = h("p", { class: "la-z la-number", "data-testid": "place" });
  readonly element = h(
    "div",
    { class: "lt-pointed", role: "group", "aria-label": "Under the cursor" },
    this.picture.canvas,
    h("h2", { class: "la-h" }, "Under the cursor"),
    this.z,
  );
  private model: MapState["data"]["model"] | null = null;

  /** words: of which of two maps; "" where there is one. */
  call(words: string): void {
    this.element.setAttribute("aria-label", `Under the cursor${words}`);
  }

  update({ state: { data }, derived }: Frame): void {
    if (data.model !== this.model) {
      this.model = data.model;
      this.picture.setShape(data.model.imageShape);
      this.picture.fitInto(ROOM);
    }
    this.picture.paint(derived.picture);
    this.picture.canvas.dataset.z = zJson(derived.code);
    setText(this.z, zText(derived.code));
  }
}
