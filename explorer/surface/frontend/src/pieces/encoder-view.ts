/** How does “Be the encoder” look? Its parts on the page, and the sentences below them. */

import { button, h, keyHint, setText } from "../ui/dom";
import { number } from "../ui/format";
import { newPicture, type Picture } from "../ui/picture";
import type { Subject } from "../wire/piece";
import type { Evidence } from "./maths/evidence";
import type { Look } from "./piece";
import type { Plane } from "./plane";
import { TermsTable } from "./terms-table";
import { imageWords, subjectWords } from "./words";

/** What its buttons do. */
export interface Deeds {
  encoder(): void;
  climb(): void;
  fit(): void;
  whole(): void;
}

const SHADES =
  "Shaded: the true posterior p(z|x), with lines where its density is e^−½ and e^−2 of its peak's, as a Gaussian's is at 1σ and 2σ. " +
  "Orange: your Gaussian at 1σ and 2σ. Drag its middle, pull its two handles, or press a place of the plane.";
/** Of the column of pictures, CSS pixels. */
const PICTURE_PX = 112;
const WIDE_PX = 600;
/** Lines of text above and below the plane that are to be seen with it. */
const LINES_AROUND = 15;

export class EncoderView {
  readonly table = new TermsTable();
  readonly decoded: Picture = newPicture("The decoding of the mean of your Gaussian");
  readonly element: HTMLElement;
  private readonly evidenceWords = h("p", { class: "lw-said", "data-testid": "piece-evidence" });
  private readonly tiltWords = h("p", { class: "lw-said" });
  private readonly words = h("div", { class: "lw-words" }, this.evidenceWords, this.tiltWords);
  private readonly side = h("div", { class: "lw-side" });
  private readonly below = h("div", { class: "lw-words" });
  private readonly climb: HTMLButtonElement;

  constructor(
    subject: Subject,
    private readonly plane: Plane,
    deeds: Deeds,
  ) {
    const original = newPicture(imageWords(subject));
    for (const picture of [original, this.decoded]) {
      picture.setShape(subject.header.image_shape);
      picture.fitInto(PICTURE_PX);
    }
    original.paint(subject.picture);
    const pictured = (canvas: HTMLElement, words: string): HTMLElement =>
      h("figure", { class: "lw-picture" }, canvas, h("figcaption", {}, words));
    this.side.append(
      h(
        "div",
        { class: "lw-pictures" },
        pictured(original.canvas, "the picture x"),
        pictured(this.decoded.canvas, "decoded from your mean"),
      ),
    );
    this.climb = button("lw-button", { "data-testid": "piece-climb" }, () => deeds.climb());
    this.element = h(
      "section",
      { class: "lw-piece", "aria-label": "Be the encoder" },
      h(
        "div",
        { class: "lw-row" },
        button("lw-button", {}, () => deeds.encoder(), "The encoder's"),
        this.climb,
        button("lw-button lw-plain", {}, () => deeds.fit(), "Zoom to fit"),
        button("lw-button lw-plain", {}, () => deeds.whole(), "Whole plane"),
      ),
      h("div", { class: "lw-beside" }, plane.element, this.side),
      this.table.element,
      this.below,
      h("p", { class: "lw-said" }, SHADES, keyHint(" Keys: arrows, X, Y, Shift.")),
      h("p", { class: "lw-said" }, subjectWords(subject)),
    );
    this.showClimbing(false);
  }

  draw(look: Look): void {
    const isWide = look.width > WIDE_PX;
    const most = isWide ? look.height - LINES_AROUND * look.px : look.width;
    this.plane.fit(Math.max(220, Math.min(look.width - PICTURE_PX - 20, most, 440)), look);
    (isWide && look.px < 20 ? this.side : this.below).append(this.words);
  }

  showClimbing(isClimbing: boolean): void {
    setText(this.climb, isClimbing ? "Stop" : "Optimise this picture");
  }

  /** termsError: by how much a coarser rule differs, nats. */
  say({ found, share }: Evidence, termsError: number): void {
    if (!found) {
      setText(this.evidenceWords, `log p(x): integrating over the plane, ${Math.floor(100 * share)} % …`);
      setText(this.tiltWords, "");
      return;
    }
    const off = termsError > 0.005 ? ` Your two terms are known to ± ${number(termsError)} nats.` : "";
    const error = number(Math.max(found.error, 1e-4), 4);
    setText(
      this.evidenceWords,
      `log p(x) = ${number(found.logPx)} nats, by quadrature to ± ${error}. No bound is above it.${off}`,
    );
    const left = Math.abs(found.correlation) > 0.2 ? ": no axis-aligned Gaussian closes the gap." : ".";
    setText(
      this.tiltWords,
      `Your Gaussian cannot tilt, and neither can the encoder's: q is axis-aligned. Under p(z|x) the correlation of z₁ and z₂ is ${number(found.correlation)}${left}`,
    );
  }
}
