/** What is under the cursor? The decoded picture with its z and how far to trust it, and the details: all numbers, the nearest test image. */

import type { Decimals } from "../../data/run-on-map";
import { isLow, SUPPORT_DEFINITION, supportLevel, supportWords } from "../../geometry/support";
import type { Trust } from "../../kernel/derive";
import { h, setHidden, setText, svg } from "../../ui/dom";
import { classWords, distance as distanceText, number, pair, percent, zJson, zText } from "../../ui/format";
import { classColour, classShape, shapePath } from "../../ui/palette";
import { channelWords, Picture } from "../../ui/picture";
import type { ImageShape, Point, ProjectionRecord } from "../../wire/schema";

/** One test image, as the card tells of it. */
export interface NearestInfo {
  readonly label: number;
  readonly className: string | null;
  readonly caption: string;
}

export class PictureCard {
  readonly places = {
    "decoded-class": (child: HTMLElement): void => this.z.before(child),
  };
  readonly element = h("aside", { class: "la-card", "aria-label": "Under the cursor" });
  readonly decoded = new Picture(
    h("canvas", {
      class: "la-pixels la-decoded",
      "data-testid": "decoded",
      role: "img",
      "aria-label": "Decoded picture",
    }),
  );
  readonly nearest = new Picture(h("canvas", { class: "la-pixels la-nearest-picture", "aria-hidden": "true" }));
  private readonly frame = h("div", { class: "la-frame" }, this.decoded.canvas);
  private readonly heading = h("h2", { class: "la-h" }, "Under the cursor");
  private readonly decodedAs = h("p", { class: "la-small", "data-testid": "decoded-as" });
  private readonly z = h("p", { class: "la-z la-number", "data-testid": "place" });
  private readonly zMore = h("p", { class: "la-small la-number" });
  private readonly zAll = h("div", { class: "la-details" });
  private readonly zList = h("ol", { class: "la-z-list la-number", tabindex: "0", "aria-label": "All latent numbers" });
  private readonly dots = h("span", { class: "la-dots", "aria-hidden": "true" });
  private readonly words = h("span", {});
  private readonly trust = h("p", { class: "la-small la-number", "data-testid": "trust" });
  private readonly nearestSwatch = h("span", { class: "la-swatch" });
  private readonly nearestClass = h("span", { class: "la-nearest-class" });
  private readonly nearestCaption = h("span", { class: "la-small" });
  private readonly nearestBox = h("div", { class: "la-nearest", "data-testid": "nearest" });
  private readonly note = h("p", { class: "la-small la-note" });
  private readonly channels = h("p", { class: "la-small", "data-testid": "channels" });
  private readonly decoderNote = h("p", { class: "la-small", "data-testid": "decoder-note" });
  readonly details: HTMLElement;
  private latentDim = 2;
  private decimals: Decimals = { z: 2, map: 2 };
  private swatchKey = "";

  constructor() {
    this.zAll.append(h("h2", { class: "la-h" }), this.zList);
    this.dots.append(...Array.from({ length: 3 }, () => h("i")));
    this.nearestBox.append(
      this.nearest.canvas,
      h(
        "div",
        {},
        h("span", { class: "la-small" }, "Nearest test image"),
        h("span", { class: "la-line" }, this.nearestSwatch, this.nearestClass),
        this.nearestCaption,
      ),
    );
    const facts = h(
      "div",
      { class: "la-facts" },
      this.decoderNote,
      this.channels,
      this.decodedAs,
      this.z,
      this.zMore,
      h("p", { class: "la-support", "data-testid": "support", title: SUPPORT_DEFINITION }, this.dots, this.words),
    );
    this.details = h("div", { class: "la-facts" }, this.trust, this.nearestBox, this.note, this.zAll);
    this.element.append(this.heading, h("div", { class: "la-main" }, this.frame, facts));
  }

  /** Names the picture among others on the page. whose: run and map. */
  showName(whose: string): void {
    this.element.setAttribute("aria-label", `Under the cursor: ${whose}`);
  }

  configure(
    shape: ImageShape,
    latentDim: number,
    projection: ProjectionRecord,
    decodedAs: string | null,
    decoderNote: string,
    decimals: Decimals,
  ): void {
    this.decimals = decimals;
    this.latentDim = latentDim;
    this.decoded.setShape(shape);
    this.nearest.setShape(shape);
    const channels = channelWords(shape);
    this.channels.hidden = channels === "";
    setText(this.channels, channels);
    this.decoded.canvas.setAttribute("aria-label", channels ? `Decoded picture, ${channels}` : "Decoded picture");
    this.showDecodedAs(decodedAs);
    this.zAll.hidden = latentDim <= 3;
    this.zMore.hidden = latentDim <= 3;
    setText(this.zAll.firstElementChild as Element, `All ${latentDim} numbers`);
    this.zList.replaceChildren(...Array.from({ length: latentDim > 3 ? latentDim : 0 }, () => h("li")));
    this.note.hidden = projection.kind === "identity" || !projection.note;
    setText(this.note, projection.note ?? "");
    this.decoderNote.hidden = decoderNote === "";
    setText(this.decoderNote, decoderNote);
  }

  /** The class that the decoder is told for this picture; null for one that is told none. */
  showDecodedAs(name: string | null): void {
    setHidden(this.decodedAs, name === null);
    setText(this.decodedAs, name === null ? "" : `decoded as ${classWords(name)}`);
  }

  /**
   * CSS pixels for the decoded picture and for the nearest one.
   *
   * isUnder: the nearest one stands under the decoded picture; else among the details, which a phone has below the fold.
   */
  fit(room: number, small: number, isUnder: boolean): void {
    this.decoded.fitInto(room);
    this.nearest.fitInto(small);
    if (isUnder === (this.nearestBox.parentElement === this.frame)) return;
    if (isUnder) this.frame.append(this.nearestBox);
    else this.trust.after(this.nearestBox);
  }

  showPicture(x_hat: Float32Array, z: ArrayLike<number>): void {
    this.decoded.paint(x_hat);
    this.decoded.canvas.dataset.z = zJson(z);
  }

  /** Apart from the picture: they need not follow every frame. */
  showWords(z: ArrayLike<number>, map: Point, support: number, areAllSeen: boolean): void {
    if (this.latentDim <= 3) setText(this.z, `z = ${zText(z, this.decimals.z)}`);
    else this.showManyNumbers(z, map, areAllSeen);
    this.dots.dataset.level = String(supportLevel(support));
    this.decoded.canvas.toggleAttribute("data-low", isLow(support)); // a frame around it: the pixels are the decoder's
    setText(this.words, supportWords(support));
  }

  showTrust({ radius, priorShare, distance, isAmongAll }: Trust): void {
    const prior = priorShare === null ? "" : `‖z‖ ${number(radius, this.decimals.z)}, ${priorWords(priorShare)}`;
    const near =
      distance === null ? "" : `distance ${distanceText(distance)} to the nearest ${isAmongAll ? "" : "shown "}code`;
    setText(this.trust, [prior, near].filter(Boolean).join("; "));
    this.trust.title =
      "‖z‖: norm of the code, and the share of samples from the prior N(0, I) whose norm is smaller or larger (χ² distribution with K degrees of freedom). Nearest code: Euclidean distance in all latent dimensions.";
  }

  private showManyNumbers(z: ArrayLike<number>, map: Point, areAllSeen: boolean): void {
    setText(this.z, `map ${pair(map, this.decimals.map)}`);
    setText(this.zMore, `largest: ${zText(z, this.decimals.z)}`);
    if (!areAllSeen) return;
    for (let k = 0; k < z.length; k++) setText(this.zList.children[k], number(z[k], this.decimals.z));
  }

  showHeading(text: string): void {
    setText(this.heading, text);
  }

  /** The picture is painted apart from the words: it may come later. */
  showNearest(info: NearestInfo | null, isDark: boolean, withShapes: boolean): void {
    this.nearestBox.toggleAttribute("data-empty", info === null);
    setText(this.nearestCaption, info?.caption ?? "all classes are hidden");
    setText(this.nearestClass, info ? classWords(info.className) : "none shown");
    const label = info?.label ?? -1;
    const key = `${label} ${isDark} ${withShapes}`;
    if (key === this.swatchKey) return;
    this.swatchKey = key;
    const path = {
      d: shapePath(classShape(label, withShapes)),
      fill: classColour(label, isDark),
      "fill-rule": "evenodd",
    };
    this.nearestSwatch.replaceChildren(svg("-1.3 -1.3 2.6 2.6", [path]));
  }

  showNearestIsStale(isStale: boolean): void {
    this.nearest.canvas.toggleAttribute("data-stale", isStale);
  }
}

/** Where among the norms of samples from the prior a code's is. */
export function priorWords(share: number): string {
  const others = share >= 0.5 ? share : 1 - share;
  const words = others >= 0.999 ? percent(0.999, 1) : percent(Math.min(0.99, others));
  return `${share >= 0.5 ? "larger" : "smaller"} than ${words} of samples from the prior`;
}

/** Of what class the probe is, for those who do not see it. A decoder that is told the class need not draw the neighbour's. */
export function looksWords(nearest: string | null, decodedAs: string | null, classified = ""): string {
  if (classified)
    return `${decodedAs === null ? "" : `decoded as ${classWords(decodedAs)}, `}looks like ${classified}, `;
  if (decodedAs === null) return nearest === null ? "" : `looks like ${classWords(nearest)} (nearest test image), `;
  return `decoded as ${classWords(decodedAs)}, ${nearest === null ? "" : `nearest test image ${classWords(nearest)}, `}`;
}
