/** What does the drawing pad look like, and what does it say of the picture on it? It holds no picture: it is shown one. */

import type { Bitmap } from "../prepare/records";
import { h, type IconName, icon, keyHint, setHidden, setText } from "../ui/dom";
import { classWords, number, zText } from "../ui/format";
import { Picture } from "../ui/picture";
import type { ImageShape } from "../wire/schema";
import { newEnd, paintStrokes, type Stroke, type Tool } from "./strokes";

const PAD_PX = 224;
/** What the model is given and what it makes of it, beside the pad. */
const FIGURE_PX = 56;
/** Canvas pixels for each of CSS, at most: as many as the screen has, every further one is copied in every frame and not seen. */
const SHARPEST = 2;
/** Numbers follow a moving hand so often: nobody reads them faster, and each change lays out the page. */
const NUMBERS_MS = 100;

/** What is on the pad. */
export interface OnPad {
  readonly code: { readonly mu: readonly number[]; readonly std: readonly number[] } | null;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  readonly isEmpty: boolean;
  /** Decimals of the numbers of a code. */
  readonly decimals: number;
  /** The class that encoder and decoder are told, if any. */
  readonly label: string | null;
}

export class PadView {
  readonly canvas: HTMLCanvasElement;
  private readonly raster = h("canvas", {});
  readonly seen = new Picture(
    h("canvas", {
      class: "la-pixels",
      role: "img",
      "aria-label": "Your picture as model input",
      "data-testid": "seen",
    }),
  );
  readonly made = new Picture(
    h("canvas", {
      class: "la-pixels",
      role: "img",
      "aria-label": "Decoded from your picture's code",
      "data-testid": "made",
    }),
  );
  readonly words = h("p", { class: "la-sketch-code la-number", "data-testid": "drawing" });
  readonly sharpness = h("p", { class: "la-small la-number" });
  readonly decodedAs = h("figcaption", {});
  readonly refusal = h("p", { class: "la-sketch-refusal", role: "alert", hidden: true });
  readonly pen = h("input", {
    type: "range",
    class: "la-slider",
    min: 0.5,
    max: 3,
    step: 0.1,
    value: 1,
    "aria-label": "Width of the pen",
  });
  readonly tools: Readonly<Record<Tool, HTMLButtonElement>>;
  readonly undo = button("Undo", "undo");
  readonly redo = button("Redo", "redo");
  readonly wipe = button("Clear", "close");
  readonly keep = button("Pin this code");
  readonly hand = button("Analyse");
  readonly fromClipboard = button("Paste");
  readonly open = button("Open a picture");
  readonly photograph = button("Camera");
  readonly file = h("input", {
    type: "file",
    accept: "image/png,image/jpeg,image/webp,image/gif,image/bmp",
    hidden: true,
    "aria-label": "Open a picture",
  });

  private toldAt = -Infinity;
  /** The strokes that the pad shows. */
  private painted: readonly Stroke[] = [];

  /** canDraw: whether its pictures are grey. */
  constructor(
    shape: ImageShape,
    readonly canDraw: boolean,
  ) {
    const [, height, width] = shape;
    const across = PAD_PX * Math.min(SHARPEST, Math.ceil(globalThis.devicePixelRatio ?? 1));
    this.canvas = h("canvas", {
      class: "la-pad",
      width: across,
      height: Math.round((across * height) / width),
      tabindex: "0",
      role: "img",
      "aria-label": canDraw
        ? "Drawing pad: draw with mouse, pen or finger; Delete takes a stroke back"
        : "Your picture",
      "data-testid": "pad",
    });
    for (const picture of [this.seen, this.made]) {
      picture.setShape(shape);
      picture.fitInto(FIGURE_PX);
      picture.paint(new Float32Array(shape[0] * height * width));
    }
    this.tools = { pen: button("Pen"), eraser: button("Eraser") };
  }

  /** label: the class that is chosen; hasHost: whether a page takes the picture; camera, steps: the parts that others make. */
  parts(label: string | null, hasHost: boolean, camera: HTMLElement, steps: HTMLElement): HTMLElement[] {
    const figure = (canvas: HTMLCanvasElement, words: HTMLElement): HTMLElement =>
      h("figure", { class: "la-own-figure" }, canvas, words);
    const told = label === null ? "" : " Encoder and decoder are given the class chosen above.";
    const lead = this.canDraw
      ? "Every stroke is encoded and decoded as you draw"
      : "A picture is encoded and decoded here";
    const bring = h("div", { class: "la-row" }, this.fromClipboard, this.open, this.photograph, this.file);
    const drawing = h(
      "div",
      { class: "la-row", role: "group", "aria-label": "Tools" },
      this.tools.pen,
      this.tools.eraser,
      h("label", { class: "la-field la-sketch-width" }, "Width", this.pen),
    );
    drawing.hidden = !this.canDraw;
    this.hand.classList.add("la-primary");
    this.hand.title = "Hands the picture to the page: its steps, error and neighbours are shown below";
    this.hand.hidden = !hasHost;
    const kept = h("div", { class: "la-row" }, this.undo, this.redo, this.wipe, this.keep, this.hand);
    return [
      h(
        "div",
        { class: "la-sketch-body" },
        this.canvas,
        h(
          "div",
          { class: "la-sketch-figures" },
          figure(this.seen.canvas, h("figcaption", {}, "model input")),
          figure(this.made.canvas, this.decodedAs),
        ),
      ),
      this.refusal,
      drawing,
      kept,
      h("div", {}, this.words, this.sharpness),
      bring,
      camera,
      h(
        "p",
        { class: "la-muted" },
        `${lead}; a marker shows the code on the map.`,
        keyHint(" Ctrl+V pastes, a file can be dropped here."),
        told,
      ),
      steps,
    ];
  }

  choose(tool: Tool): void {
    for (const name of ["pen", "eraser"] as const) this.tools[name].setAttribute("aria-pressed", String(name === tool));
    this.canvas.toggleAttribute("data-eraser", tool === "eraser");
  }

  /** A sentence about a picture that could not be taken; null: none. */
  refuse(sentence: string | null): void {
    setHidden(this.refusal, sentence === null);
    setText(this.refusal, sentence ?? "");
  }

  /** Says what is on the pad, and offers what can be done with it. Numbers may wait: `tell` says them when the hand rests. */
  show(onPad: OnPad): void {
    const { code, canUndo, canRedo, isEmpty, label } = onPad;
    this.undo.disabled = !canUndo;
    this.redo.disabled = !canRedo;
    this.wipe.disabled = isEmpty;
    this.keep.disabled = this.hand.disabled = code === null;
    setText(this.decodedAs, label === null ? "reconstruction" : `decoded as ${classWords(label)}`);
    if (code) this.words.dataset.z = JSON.stringify(code.mu);
    else delete this.words.dataset.z;
    if (!code || performance.now() - this.toldAt > NUMBERS_MS) this.tell(onPad);
  }

  /** The numbers. */
  tell({ code, decimals }: Pick<OnPad, "code" | "decimals">): void {
    this.toldAt = code ? performance.now() : -Infinity;
    const lead = code && code.mu.length > 3 ? "largest of z:" : "z =";
    setText(this.words, code ? `${lead} ${zText(code.mu, decimals)}` : "Nothing drawn yet");
    setText(this.sharpness, code ? stdWords(code.std, decimals) : "");
  }

  /** The strokes, whose places count pixels of a picture `across` wide, or a picture in their place. Of a stroke that grows only the new end. */
  paint(strokes: readonly Stroke[], across: number, bitmap: Bitmap | null): void {
    const context = this.canvas.getContext("2d");
    if (!context) return;
    const { width, height } = this.canvas;
    const scale = width / across;
    const end = bitmap ? null : newEnd(this.painted, strokes);
    this.painted = bitmap ? [] : strokes;
    paintStrokes(context, end ?? strokes, { height, width, scale, left: 0, top: 0, pen: scale }, end !== null);
    if (!bitmap) return;
    const shrink = Math.min(width / bitmap.width, height / bitmap.height);
    Object.assign(this.raster, { width: bitmap.width, height: bitmap.height });
    this.raster
      .getContext("2d")
      ?.putImageData(new ImageData(new Uint8ClampedArray(bitmap.data), bitmap.width, bitmap.height), 0, 0);
    context.imageSmoothingEnabled = shrink < 1;
    context.drawImage(
      this.raster,
      (width - shrink * bitmap.width) / 2,
      (height - shrink * bitmap.height) / 2,
      shrink * bitmap.width,
      shrink * bitmap.height,
    );
  }
}

export function button(text: string, name?: IconName): HTMLButtonElement {
  return h("button", { type: "button", class: "la-button" }, ...(name ? [icon(name)] : []), text);
}

/** Nothing for a code that is a point. */
function stdWords(std: readonly number[], decimals: number): string {
  if (std.every((value) => value === 0)) return "";
  return std.length > 3
    ? `posterior std. dev., mean over dimensions: ${number(mean(std), decimals)}`
    : `posterior std. dev. σ = ${zText(std, decimals)}`;
}

function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}
