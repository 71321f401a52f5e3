/** What is the same z under every class? For a decoder that is told one: a small picture a class, which follows the probe. */

import type { RunOnMap } from "../data/run-on-map";
import { Pace } from "../geometry/pace";
import type { Frame, Panel, Progress } from "../kernel/extension";
import type { PanelEditor } from "../kernel/panel-editor";
import type { MapState } from "../kernel/state";
import { button, h } from "../ui/dom";
import { classWords } from "../ui/format";
import { newPicture, type Picture } from "../ui/picture";

/** What is painted in one frame; the others follow in the next ones, so that the hand does not feel them. */
const SLICE_MS = 4;
const PICTURE_PX = 56;

interface Cell {
  readonly element: HTMLElement;
  readonly picture: Picture;
}

export class PicturesByClass implements Panel {
  readonly id = "pictures-by-class";
  readonly slot = "below";
  readonly reads: readonly (keyof MapState)[] = ["data", "probe"];
  readonly element = h("div", {
    class: "la-classes",
    role: "group",
    hidden: true,
    "aria-label": "The same z as every class",
  });
  private readonly list = h("div", { class: "la-strip-list", "data-testid": "class-strip" });
  private scene: RunOnMap | null = null;
  private cells: Cell[] = [];
  private z: Float64Array = new Float64Array(0);
  /** How many pictures are of an earlier z, from `next` on, round and round: under a moving hand none waits for the others. */
  private due = 0;
  private next = 0;
  private readonly pace = new Pace();

  constructor(private readonly editor: Pick<PanelEditor, "chooseClass">) {
    this.element.title =
      "p(x|z, y): the decoder's picture of the same code z for every class y. The outlined one is the class that is chosen.";
    this.element.append(h("p", { class: "la-small" }, "The same z as every class"), this.list);
  }

  update({ state: { data }, derived: { code } }: Frame): void {
    if (data !== this.scene) this.configure(data);
    this.show(code);
  }

  private configure(scene: RunOnMap): void {
    const { nClasses, label } = scene.model;
    const isSame =
      this.scene !== null &&
      this.cells.length === nClasses &&
      String(this.scene.header.class_names) === String(scene.header.class_names) &&
      String(this.scene.header.run.image_shape) === String(scene.header.run.image_shape);
    this.scene = scene;
    this.element.hidden = nClasses === 0;
    if (!isSame) this.cells = Array.from({ length: nClasses }, (_, k) => this.cell(scene, k)); // else a click keeps its focus
    if (!isSame) this.list.replaceChildren(...this.cells.map(({ element }) => element));
    this.outline(label);
    this.due = this.z.length === scene.space.latentDim ? nClasses : 0;
  }

  /** The code that is shown. */
  private show(z: ArrayLike<number>): void {
    if (this.cells.length === 0) return;
    if (this.z.length === z.length && this.z.every((value, k) => value === z[k])) return;
    if (this.z.length !== z.length) this.z = new Float64Array(z.length);
    this.z.set(z);
    this.due = this.cells.length;
  }

  /** Paints for a slice of time, until every picture is of the code that is shown. */
  work(): Progress {
    const { scene } = this;
    if (!scene) return "done";
    this.pace.work(
      performance.now() + SLICE_MS,
      () => this.due,
      (n) => this.paint(scene, n),
    );
    return this.due > 0 ? "working" : "done";
  }

  /** The next n, as one batch. */
  private paint({ model }: RunOnMap, n: number): void {
    const labels = Array.from({ length: n }, (_, i) => (this.next + i) % this.cells.length);
    model.decodeEach(
      labels.map(() => this.z),
      (x_hat, from, i) => this.cells[labels[i]].picture.paint(x_hat, from),
      labels,
    );
    this.next = (this.next + n) % this.cells.length;
    this.due -= n;
  }

  private outline(label: number): void {
    this.cells.forEach(({ element }, k) => {
      element.toggleAttribute("data-current", k === label);
      if (this.editor.chooseClass) element.setAttribute("aria-pressed", String(k === label));
    });
  }

  private cell(scene: RunOnMap, k: number): Cell {
    const name = scene.className(k) ?? String(k);
    const picture = newPicture();
    picture.setShape(scene.header.run.image_shape);
    picture.fitInto(PICTURE_PX);
    const content = [picture.canvas, h("span", {}, name)];
    const { chooseClass: choose } = this.editor;
    if (!choose) return { picture, element: h("div", { class: "la-pin la-class", title: name }, ...content) };
    const label = `Decode as ${classWords(name)}`;
    const click = (): void => {
      this.outline(k); // the host's answer takes a moment
      choose(k);
    };
    return { picture, element: button("la-pin la-class", { title: label, "aria-label": label }, click, ...content) };
  }
}
