/** What does another path show at the same share of its way? One picture, of the path that is chosen. */

import { between, frameAt } from "../../kernel/path-playback";
import { Select } from "../../ui/chooser";
import { h } from "../../ui/dom";
import { newPicture } from "../../ui/picture";
import type { ImageShape, PathRecord } from "../../wire/schema";
import type { Look } from "./look";

const PICTURE_PX = 56;
const NOTHING = "";

export class Beside {
  private readonly picture = newPicture("The other path at the same frame");
  private readonly select = new Select("Compare with", (title) => this.choose(title), "la");
  readonly element = h("div", { class: "la-beside", hidden: true }, this.select.element, this.picture.canvas);
  private title = NOTHING;
  private others: NonNullable<PathRecord["others"]> = [];
  private look: Look | null = null;
  private position = 0;
  private isPlaying = false;

  show({ others = [] }: PathRecord, shape: ImageShape, look: Look): void {
    const titles = others.map(({ title }) => title);
    this.others = others;
    this.look = look;
    if (!titles.includes(this.title)) this.title = NOTHING;
    this.element.hidden = titles.length === 0;
    this.select.show(
      [{ value: NOTHING, text: "none" }, ...titles.map((title) => ({ value: title, text: title }))],
      this.title,
    );
    this.picture.setShape(shape);
    this.picture.fitInto(PICTURE_PX);
  }

  /** position: the share of the way, 0 … 1. */
  at(position: number, isPlaying: boolean): void {
    this.position = position;
    this.isPlaying = isPlaying;
    this.paint();
  }

  private choose(title: string): void {
    this.title = title;
    this.paint();
  }

  private paint(): void {
    const { look, position } = this;
    const other = this.others.find(({ title }) => title === this.title);
    this.picture.canvas.hidden = !other;
    if (!other || !look) return;
    const z = between(other.z, position);
    look.paint(this.picture, z, other.labels?.[frameAt(position, other.z.length)] ?? null);
    if (!this.isPlaying) this.picture.canvas.toggleAttribute("data-low", look.isLow(z)); // a search among all codes: not in every frame
  }
}
