/** How do the pieces look that integrate over the plane? The plane with its picture at the left, a chart at the right, sentences around. */

import { h, setText } from "../ui/dom";
import { newPicture } from "../ui/picture";
import type { Subject } from "../wire/piece";
import type { Look } from "./piece";
import type { Plane } from "./plane";
import { imageWords, subjectWords } from "./words";

const PICTURE_PX = 84;
const WIDE_PX = 600;
const LEAST_CHART = 210;

export class OfImage {
  readonly element: HTMLElement;
  private readonly words = h("p", { class: "lw-lead", role: "status", "data-testid": "piece-words" });
  private readonly below = h("p", { class: "lw-said" });
  private readonly chart = h("div", { class: "lw-figure" });
  private readonly beside = h("div", { class: "lw-beside lw-half" });
  private readonly pictured: HTMLElement;
  private size = 300;

  constructor(
    name: string,
    subject: Subject,
    private readonly plane: Plane,
    controls: readonly HTMLElement[],
    more: readonly HTMLElement[] = [],
  ) {
    const original = newPicture(imageWords(subject));
    original.setShape(subject.header.image_shape);
    original.paint(subject.picture);
    original.fitInto(PICTURE_PX);
    this.pictured = h("figure", { class: "lw-picture" }, original.canvas, h("figcaption", {}, "the picture x"));
    this.beside.append(plane.element, this.chart);
    this.element = h(
      "section",
      { class: "lw-piece", "aria-label": name },
      h("div", { class: "lw-row" }, ...controls),
      this.words,
      this.beside,
      ...more,
      h(
        "div",
        { class: "lw-foot" },
        this.pictured,
        h("div", { class: "lw-words" }, this.below, h("p", { class: "lw-said" }, subjectWords(subject))),
      ),
    );
  }

  /** The plane takes the half of a wide page, all of a narrow one. */
  draw(look: Look): void {
    const isWide = look.width > WIDE_PX;
    this.beside.classList.toggle("lw-wide", isWide);
    const most = isWide ? 0.46 * look.width : look.width;
    this.size = Math.max(200, Math.min(most, isWide ? look.height - 16 * look.px : 300));
    this.plane.fit(this.size, look);
  }

  /** What a chart has. */
  chartSize(look: Look): { readonly width: number; readonly height: number; readonly px: number } {
    const isWide = look.width > WIDE_PX;
    const width = isWide ? look.width - this.size - 16 : look.width;
    return { width, height: isWide ? Math.max(LEAST_CHART, this.size) : LEAST_CHART, px: look.px };
  }

  say(words: string, below: string): void {
    setText(this.words, words);
    setText(this.below, below);
  }

  show(chart: SVGSVGElement): void {
    this.chart.replaceChildren(chart);
  }
}
