/** What does the model make of a drawing? A pad whose every stroke is encoded and decoded. */

import type { PadProtocol } from "./book";
import { classWords } from "./card";
import { h, setText, svg } from "./dom";
import { zText } from "./format";
import type { Posterior } from "./model";
import { Picture, type ImageShape } from "./picture";
import { inked, type Dot } from "./strokes";

const PAD_PX = 224;
/** Canvas pixels for each of CSS: sharp on most screens. */
const SHARP = 2;

export interface Drawing {
  readonly mu: readonly number[];
  readonly std: readonly number[];
  /** What was encoded, (C·H·W,) in [0, 1]. */
  readonly x: Float32Array;
}

export interface PadEvents {
  encode(x: Float32Array): Posterior;
  decode(z: ArrayLike<number>): Float32Array;
  /** The class that encoder and decoder are told, if any. */
  label(): string | null;
  /** Once a stroke's frame; null: the pad was wiped. */
  drawn(drawing: Drawing | null): void;
  pin(z: readonly number[]): void;
}

export class Pad {
  readonly element: HTMLElement;
  private readonly canvas: HTMLCanvasElement;
  private readonly seen = new Picture(h("canvas", { class: "lp-pixels", role: "img", "aria-label": "Your drawing as the model is fed it", "data-testid": "seen" }));
  private readonly made = new Picture(h("canvas", { class: "lp-pixels", role: "img", "aria-label": "Decoded from the drawing’s code", "data-testid": "made" }));
  private readonly words = h("p", { class: "lp-number lp-code", role: "status", "data-testid": "drawing" });
  private readonly sharpness = h("p", { class: "lp-small lp-number" });
  private readonly wipe = h("button", { type: "button", class: "lp-button" }, "Wipe");
  private readonly undo = h("button", { type: "button", class: "lp-button" }, "Undo stroke");
  private readonly keep = h("button", { type: "button", class: "lp-button" }, "Pin this code");
  private readonly decodedAs = h("figcaption", {});
  private readonly height: number;
  private readonly width: number;
  private strokes: Dot[][] = [];
  private pointer = -1;
  private frameRequest = 0;
  private drawing: Drawing | null = null;

  constructor(shape: ImageShape, private readonly protocol: PadProtocol, private readonly events: PadEvents) {
    [, this.height, this.width] = shape;
    const size = { width: PAD_PX * SHARP, height: Math.round((PAD_PX * SHARP * this.height) / this.width) };
    this.canvas = h("canvas", { class: "lp-pad", ...size, tabindex: "0", role: "img", "aria-label": "Drawing pad: draw with mouse, pen or finger", "data-testid": "pad" });
    for (const picture of [this.seen, this.made]) {
      picture.setShape(shape);
      picture.fitInto(PAD_PX / 2);
      picture.paint(new Float32Array(this.height * this.width));
    }
    this.listen();
    const figure = (canvas: HTMLCanvasElement, words: HTMLElement): HTMLElement => h("figure", { class: "lp-figure" }, canvas, words);
    const told = events.label() === null ? "" : " Encoder and decoder are told the class chosen above.";
    this.element = h(
      "section", { class: "lp-section", "aria-label": "Draw" },
      h("div", { class: "lp-section-head" }, h("h2", { class: "lp-h2" }, "Draw")),
      h("p", { class: "lp-muted" }, `Every stroke is encoded and decoded as you draw; a marker shows the code’s place on the map.${told}`),
      h(
        "div", { class: "lp-draw" },
        this.canvas,
        h(
          "div", { class: "lp-draw-side" },
          h("div", { class: "lp-figures" }, figure(this.seen.canvas, h("figcaption", {}, "model’s input")), h("span", { class: "lp-arrow", "aria-hidden": "true" }, svg("0 0 20 20", [{ d: "M3 10h13M11.5 5.5 16 10l-4.5 4.5" }], { class: "la-icon" })), figure(this.made.canvas, this.decodedAs)),
          h("div", {}, this.words, this.sharpness),
        ),
      ),
      h("div", { class: "lp-row" }, this.wipe, this.undo, this.keep),
    );
    this.show();
  }

  /** Another class or map: the same drawing, encoded by the network that is shown now. */
  again(): void {
    if (this.strokes.length > 0) this.encode();
    else this.show();
  }

  private listen(): void {
    const { canvas } = this;
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || this.pointer >= 0) return;
      event.preventDefault();
      canvas.setPointerCapture(event.pointerId);
      this.pointer = event.pointerId;
      this.strokes.push([this.dot(event)]);
      this.later();
    });
    canvas.addEventListener("pointermove", (event) => {
      if (event.pointerId !== this.pointer) return;
      const all = event.getCoalescedEvents?.() ?? [];
      for (const one of all.length > 0 ? all : [event]) this.strokes[this.strokes.length - 1].push(this.dot(one));
      this.later();
    });
    for (const kind of ["pointerup", "pointercancel", "lostpointercapture"] as const) {
      canvas.addEventListener(kind, (event) => {
        if (event.pointerId === this.pointer) this.pointer = -1;
      });
    }
    this.wipe.addEventListener("click", () => this.setStrokes([]));
    this.undo.addEventListener("click", () => this.setStrokes(this.strokes.slice(0, -1)));
    this.keep.addEventListener("click", () => this.drawing && this.events.pin(this.drawing.mu));
    canvas.addEventListener("keydown", (event) => {
      if (event.key === "Delete" || event.key === "Backspace") this.setStrokes(event.shiftKey ? [] : this.strokes.slice(0, -1));
      else if (event.key === "Enter" && this.drawing) this.events.pin(this.drawing.mu);
      else return;
      event.preventDefault();
    });
  }

  /** In pixels of the model's frame. */
  private dot(event: PointerEvent): Dot {
    const box = this.canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * this.width, ((event.clientY - box.top) / box.height) * this.height];
  }

  private setStrokes(strokes: Dot[][]): void {
    this.strokes = strokes;
    this.later();
  }

  /** Events only say that something is to be done; it is done once a frame. */
  private later(): void {
    this.frameRequest ||= requestAnimationFrame(() => {
      this.frameRequest = 0;
      this.encode();
    });
  }

  private encode(): void {
    this.paint();
    const x = inked(this.strokes, this.protocol, this.height, this.width);
    this.seen.paint(x);
    if (this.strokes.length === 0) {
      this.drawing = null;
      this.made.paint(x);
    } else {
      const { mu, logvar } = this.events.encode(x);
      this.drawing = { mu: Array.from(mu), std: Array.from(logvar, (value) => Math.exp(value / 2)), x };
      this.made.paint(this.events.decode(mu));
    }
    this.show();
    this.events.drawn(this.drawing);
  }

  private show(): void {
    const { drawing } = this;
    for (const button of [this.wipe, this.undo, this.keep]) button.disabled = drawing === null;
    setText(this.words, drawing ? (drawing.mu.length > 3 ? `largest of z: ${zText(drawing.mu)}` : `z = ${zText(drawing.mu)}`) : "Nothing drawn yet");
    const label = this.events.label();
    setText(this.decodedAs, label === null ? "decoded again" : `decoded as ${classWords(label)}`);
    const isPoint = !drawing || drawing.std.every((value) => value === 0);
    setText(this.sharpness, isPoint || !drawing ? "" : drawing.std.length > 3 ? `σ of the encoder, mean over dimensions: ${mean(drawing.std).toFixed(2)}` : `how sharp the encoder is, σ = ${zText(drawing.std)}`);
    if (drawing) this.words.dataset.z = JSON.stringify(drawing.mu);
    else delete this.words.dataset.z;
  }

  private paint(): void {
    const context = this.canvas.getContext("2d");
    if (!context) return;
    const scale = this.canvas.width / this.width;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.lineWidth = this.protocol.pen * this.height;
    context.lineCap = context.lineJoin = "round";
    context.strokeStyle = "#fff";
    for (const stroke of this.strokes) {
      context.beginPath();
      context.moveTo(...stroke[0]);
      for (const dot of stroke.length > 1 ? stroke : [stroke[0]]) context.lineTo(...dot);
      context.stroke();
    }
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}
