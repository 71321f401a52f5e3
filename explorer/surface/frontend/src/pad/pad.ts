/**
 * What does the model make of a picture that is drawn, pasted, dropped, opened or taken here? Every stroke is prepared, encoded and decoded.
 *
 * Nothing of it leaves the browser, unless the person hands it over to a host that asks for it.
 */

import type { Posterior } from "../engine/model";
import { PictureError } from "../prepare/ink";
import { prepare } from "../prepare/prepare";
import type { Bitmap, Prepared } from "../prepare/records";
import { h, type IconName, icon, setText } from "../ui/dom";
import { classWords, number, zText } from "../ui/format";
import { Picture } from "../ui/picture";
import type { ImageShape, PictureProtocol } from "../wire/schema";
import { bitmapOf, cameraWords, pixelsOf, pngOf } from "./intake";
import { StepList } from "./step-list";
import { type Dot, layoutOf, paintStrokes, Sketch, type Tool } from "./strokes";

const PAD_PX = 224;
/** Canvas pixels for each of CSS: sharp on most screens. */
const SHARP = 2;
/** An eraser is so much wider than a pen. */
const ERASER = 2.5;
const REST_MS = 150;
/** The browser's own step before those of Python: drawn lines only. */
const PEN_SWITCH = [
  "pen",
  "Pen of the data set",
  "Lines are drawn again at the size of the data set's ink, with the width that they have there; off: as they are on the pad.",
] as const;

export interface Drawing {
  readonly mu: readonly number[];
  readonly std: readonly number[];
  /** What was encoded, (C·H·W,) in [0, 1]. */
  readonly x: Float32Array;
  readonly label: string;
}

export interface PadEvents {
  encode(x: Float32Array): Posterior;
  decode(z: ArrayLike<number>): Float32Array;
  /** Decimals of the numbers of a code. */
  decimals(): number;
  /** The class that encoder and decoder are told, if any. */
  label(): string | null;
  /** Once a stroke's frame; null: there is nothing any more. */
  drawn(drawing: Drawing | null): void;
  pin(z: readonly number[], label: string): void;
  /** The picture as PNG, for a host that looks at it; null where none does. */
  handOver: ((png: Uint8Array, name: string, off: readonly string[]) => void) | null;
  say(sentence: string): void;
}

export class Pad {
  readonly element: HTMLElement;
  private readonly canvas: HTMLCanvasElement;
  private readonly raster = h("canvas", {});
  private readonly seen = new Picture(
    h("canvas", {
      class: "la-pixels",
      role: "img",
      "aria-label": "Your picture as model input",
      "data-testid": "seen",
    }),
  );
  private readonly made = new Picture(
    h("canvas", {
      class: "la-pixels",
      role: "img",
      "aria-label": "Decoded from your picture’s code",
      "data-testid": "made",
    }),
  );
  private readonly words = h("p", { class: "la-easel-code la-number", "data-testid": "drawing" });
  private readonly sharpness = h("p", { class: "la-small la-number" });
  private readonly decodedAs = h("figcaption", {});
  private readonly refusal = h("p", { class: "la-easel-refusal", role: "alert", hidden: true });
  private readonly pen = h("input", {
    type: "range",
    class: "la-slider",
    min: 0.5,
    max: 3,
    step: 0.1,
    value: 1,
    "aria-label": "Width of the pen",
  });
  private readonly tools: Readonly<Record<Tool, HTMLButtonElement>>;
  private readonly undo = button("Undo", "undo");
  private readonly redo = button("Redo", "redo");
  private readonly wipe = button("Clear", "close");
  private readonly keep = button("Pin this code");
  private readonly hand = button("Examine it");
  private readonly file = h("input", {
    type: "file",
    accept: "image/png,image/jpeg,image/webp,image/gif,image/bmp",
    hidden: true,
    "aria-label": "Open a picture",
  });
  private readonly camera = h("div", { class: "la-easel-camera", hidden: true });
  private readonly video = h("video", { muted: true, playsinline: true, "aria-label": "Camera" });
  private readonly steps: StepList;
  private readonly sketch = new Sketch();
  private readonly height: number;
  private readonly width: number;
  private readonly canDraw: boolean;
  private readonly pasted = (event: ClipboardEvent): void => this.paste(event);
  private readonly off = new Set<string>();
  private tool: Tool = "pen";
  private pointer = -1;
  private frameRequest = 0;
  private restTimer: ReturnType<typeof setTimeout> | undefined;
  private given: { readonly bitmap: Bitmap; readonly name: string } | null = null;
  /** What the encoder gets; read by the browser tests too, as `rasterised` is, so that neither is private. */
  ready: Prepared | null = null;
  private drawing: Drawing | null = null;
  private stream: MediaStream | null = null;
  /** Script milliseconds of the last frames that encoded, for the benchmark. */
  readonly frames: number[] = [];

  constructor(
    private readonly shape: ImageShape,
    private readonly protocol: PictureProtocol,
    private readonly events: PadEvents,
  ) {
    [, this.height, this.width] = shape;
    this.canDraw = shape[0] === 1;
    const size = { width: PAD_PX * SHARP, height: Math.round((PAD_PX * SHARP * this.height) / this.width) };
    this.canvas = h("canvas", {
      class: "la-pad",
      ...size,
      tabindex: "0",
      role: "img",
      "aria-label": this.canDraw
        ? "Drawing pad: draw with mouse, pen or finger; Delete takes a stroke back"
        : "Your picture",
      "data-testid": "pad",
    });
    for (const picture of [this.seen, this.made]) {
      picture.setShape(shape);
      picture.fitInto(PAD_PX / 2);
      picture.paint(new Float32Array(shape[0] * this.height * this.width));
    }
    this.tools = { pen: button("Pen"), eraser: button("Eraser") };
    const switches = [...(this.canDraw && protocol.box ? [PEN_SWITCH] : []), ...protocol.switches];
    this.steps = new StepList(switches, (name, isOn) => {
      if (isOn) this.off.delete(name);
      else this.off.add(name);
      this.later();
    });
    this.element = h(
      "section",
      { class: "la-easel", "aria-label": this.canDraw ? "Draw" : "Your picture" },
      ...this.parts(),
    );
    this.listen();
    this.choose("pen");
    this.show();
  }

  get hasPicture(): boolean {
    return this.drawing !== null;
  }

  /** Another class or map: the same picture, encoded by the network that is shown now. */
  again(): void {
    if (this.ready) this.work();
    else this.show();
  }

  dispose(): void {
    document.removeEventListener("paste", this.pasted);
    cancelAnimationFrame(this.frameRequest);
    clearTimeout(this.restTimer);
    this.closeCamera();
  }

  private parts(): HTMLElement[] {
    const figure = (canvas: HTMLCanvasElement, words: HTMLElement): HTMLElement =>
      h("figure", { class: "la-own-figure" }, canvas, words);
    const told = this.events.label() === null ? "" : " Encoder and decoder are given the class chosen above.";
    const lead = this.canDraw
      ? "Every stroke is encoded and decoded as you draw"
      : "A picture is encoded and decoded here";
    const bring = h(
      "div",
      { class: "la-row" },
      this.bringing("Paste", () => void this.readClipboard()),
      this.bringing("Open a picture", () => this.file.click()),
      this.bringing("Camera", () => void this.openCamera()),
      this.file,
    );
    const drawing = h(
      "div",
      { class: "la-row", role: "group", "aria-label": "Tools" },
      this.tools.pen,
      this.tools.eraser,
      h("label", { class: "la-field la-easel-width" }, "Width", this.pen),
    );
    drawing.hidden = !this.canDraw;
    this.hand.classList.add("la-primary");
    this.hand.title = "Hands the picture to the page: its steps, error and neighbours are shown below";
    this.hand.hidden = this.events.handOver === null;
    this.camera.append(
      this.video,
      h(
        "div",
        { class: "la-row" },
        this.bringing("Take the picture", () => this.take()),
        this.bringing("Close the camera", () => this.closeCamera()),
      ),
    );
    const kept = h("div", { class: "la-row" }, this.undo, this.redo, this.wipe, this.keep, this.hand);
    return [
      h(
        "div",
        { class: "la-shelf-head" },
        h(
          "h2",
          { class: "la-shelf-title" },
          this.canDraw ? "Draw, paste or take a picture" : "Paste or take a picture",
        ),
      ),
      h(
        "p",
        { class: "la-muted" },
        `${lead}; a marker shows the code on the map. Ctrl+V pastes, a file can be dropped here.${told}`,
      ),
      h(
        "div",
        { class: "la-easel-body" },
        this.canvas,
        h("div", { class: "la-easel-side" }, drawing, kept, bring, this.refusal, this.camera),
        h(
          "div",
          { class: "la-easel-made" },
          h(
            "div",
            { class: "la-easel-figures" },
            figure(this.seen.canvas, h("figcaption", {}, "model input")),
            figure(this.made.canvas, this.decodedAs),
          ),
          h("div", {}, this.words, this.sharpness),
        ),
      ),
      this.steps.element,
    ];
  }

  private bringing(text: string, act: () => void): HTMLButtonElement {
    const element = button(text);
    element.addEventListener("click", act);
    return element;
  }

  // ---- hands ----------------------------------------------------------------------------------------------------------------

  private listen(): void {
    const { canvas, element } = this;
    canvas.addEventListener("pointerdown", (event) => this.begin(event));
    canvas.addEventListener("pointermove", (event) => {
      if (event.pointerId !== this.pointer) return;
      const all = event.getCoalescedEvents?.() ?? [];
      this.sketch.extend((all.length > 0 ? all : [event]).map((one) => this.dot(one)));
      this.later();
    });
    for (const kind of ["pointerup", "pointercancel", "lostpointercapture"] as const) {
      canvas.addEventListener(kind, (event) => {
        if (event.pointerId === this.pointer) this.pointer = -1;
      });
    }
    canvas.addEventListener("contextmenu", (event) => event.preventDefault()); // a long touch draws
    for (const tool of ["pen", "eraser"] as const) this.tools[tool].addEventListener("click", () => this.choose(tool));
    this.undo.addEventListener("click", () => this.back("undo"));
    this.redo.addEventListener("click", () => this.back("redo"));
    this.wipe.addEventListener("click", () => this.clear());
    this.keep.addEventListener("click", () => this.pin());
    this.hand.addEventListener("click", () => void this.handOver());
    this.file.addEventListener("change", () => {
      const [file] = this.file.files ?? [];
      this.file.value = "";
      if (file) void this.bring(file, file.name);
    });
    element.addEventListener("keydown", (event) => this.key(event));
    element.addEventListener("dragover", (event) => event.preventDefault());
    element.addEventListener("drop", (event) => {
      event.preventDefault();
      const [file] = event.dataTransfer?.files ?? [];
      if (file) void this.bring(file, file.name);
      else this.refuse("No picture was dropped; drop a file of a picture.");
    });
    document.addEventListener("paste", this.pasted);
  }

  private begin(event: PointerEvent): void {
    const isEraser = event.button === 5; // the other end of a pen
    if (!this.canDraw || (event.button !== 0 && !isEraser) || this.pointer >= 0) return;
    event.preventDefault();
    this.canvas.focus({ preventScroll: true });
    try {
      this.canvas.setPointerCapture(event.pointerId);
    } catch {
      // a pointer that is gone already, or one made by a script
    }
    this.pointer = event.pointerId;
    if (this.given) this.forget();
    const tool = isEraser ? "eraser" : this.tool;
    const width = this.protocol.pen * this.height * Number(this.pen.value) * (tool === "eraser" ? ERASER : 1);
    this.sketch.begin(tool, width, this.dot(event));
    this.later();
  }

  /** In pixels of the model's frame. */
  private dot(event: PointerEvent): Dot {
    const box = this.canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) / box.width) * this.width,
      ((event.clientY - box.top) / box.height) * this.height,
    ];
  }

  private choose(tool: Tool): void {
    this.tool = tool;
    for (const name of ["pen", "eraser"] as const) this.tools[name].setAttribute("aria-pressed", String(name === tool));
    this.canvas.toggleAttribute("data-eraser", tool === "eraser");
  }

  private key(event: KeyboardEvent): void {
    if (event.target instanceof HTMLInputElement && event.target.type !== "range") return;
    const letter = event.key.toLowerCase(),
      isCommand = event.ctrlKey || event.metaKey;
    if (isCommand && letter === "z") this.back(event.shiftKey ? "redo" : "undo");
    else if (isCommand && letter === "y") this.back("redo");
    else if (isCommand || event.target !== this.canvas) return;
    else if (event.key === "Delete" || event.key === "Backspace") {
      if (event.shiftKey) this.clear();
      else this.back("undo");
    } else if (event.key === "Enter" && this.drawing) this.pin();
    else if (letter === "e" || letter === "p") this.choose(letter === "e" ? "eraser" : "pen");
    else if (event.key === "[" || event.key === "]")
      this.pen.value = String(Number(this.pen.value) + (event.key === "[" ? -0.2 : 0.2));
    else return;
    event.preventDefault();
    event.stopPropagation(); // hosts have shortcuts of their own
  }

  private pin(): void {
    if (this.drawing) this.events.pin(this.drawing.mu, this.drawing.label);
  }

  private back(way: "undo" | "redo"): void {
    if (this.given && way === "undo") return this.clear();
    if (!this.sketch[way]()) return;
    this.events.say(way === "undo" ? "Taken back" : "Done again");
    this.later();
  }

  private clear(): void {
    const was = this.given !== null || this.sketch.strokes.length > 0;
    this.forget();
    this.sketch.clear();
    if (was) this.events.say("Pad wiped");
    this.later();
  }

  private forget(): void {
    this.given = null;
    this.refuse(null);
  }

  // ---- pictures from elsewhere ------------------------------------------------------------------------------------------------

  private paste(event: ClipboardEvent): void {
    const target = event.composedPath()[0];
    if (target instanceof HTMLTextAreaElement || (target instanceof HTMLInputElement && target.type !== "range"))
      return;
    const [file] = event.clipboardData?.files ?? [];
    if (!file) return this.refuse("There is no picture on the clipboard; copy a picture, not its address or text.");
    event.preventDefault();
    void this.bring(file, "The pasted picture");
  }

  private async readClipboard(): Promise<void> {
    try {
      for (const item of await navigator.clipboard.read()) {
        const kind = item.types.find((type) => type.startsWith("image/"));
        if (kind) return await this.bring(await item.getType(kind), "The pasted picture");
      }
      this.refuse("There is no picture on the clipboard; copy a picture, not its address or text.");
    } catch {
      this.refuse("The browser does not hand over the clipboard here; press Ctrl+V instead (⌘V on a Mac).");
    }
  }

  private async bring(file: Blob, name: string): Promise<void> {
    try {
      this.accept(await bitmapOf(file, name), name);
    } catch (error) {
      this.refuse(sentenceOf(error));
    }
  }

  private accept(bitmap: Bitmap, name: string): void {
    this.refuse(null);
    this.given = { bitmap, name };
    this.sketch.clear();
    this.later();
  }

  private async openCamera(): Promise<void> {
    this.refuse(null);
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      this.video.srcObject = this.stream;
      this.camera.hidden = false;
      await this.video.play();
    } catch (error) {
      this.closeCamera();
      this.refuse(cameraWords(error));
    }
  }

  private take(): void {
    const { videoWidth: width, videoHeight: height } = this.video;
    if (width === 0) return this.refuse("The camera gives no picture yet; wait a moment and press again.");
    this.accept(pixelsOf(this.video, width, height), "The camera’s picture");
    this.closeCamera();
  }

  private closeCamera(): void {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    this.video.srcObject = null;
    this.camera.hidden = true;
  }

  private refuse(sentence: string | null): void {
    this.refusal.hidden = sentence === null;
    setText(this.refusal, sentence ?? "");
  }

  private async handOver(): Promise<void> {
    const bitmap = this.given?.bitmap ?? this.rasterised();
    const name = this.given?.name ?? "your drawing";
    const off = [...this.off].filter((step) => step !== PEN_SWITCH[0]);
    this.events.handOver?.(await pngOf(bitmap), name, off);
    this.events.say("Handed over; the page shows it below");
  }

  // ---- from picture to code ---------------------------------------------------------------------------------------------------

  /** Events only say that something is to be done; it is done once a frame. */
  private later(): void {
    this.frameRequest ||= requestAnimationFrame(() => {
      this.frameRequest = 0;
      this.work();
    });
  }

  private work(): void {
    const start = performance.now();
    this.paint();
    this.ready = this.prepared();
    const blank = new Float32Array(this.shape[0] * this.height * this.width);
    this.seen.paint(this.ready?.x ?? blank);
    if (this.ready) {
      const { x } = this.ready,
        { mu, logvar } = this.events.encode(x);
      this.drawing = {
        mu: Array.from(mu),
        std: Array.from(logvar, (value) => Math.exp(value / 2)),
        x,
        label: this.given ? "your picture" : "your drawing",
      };
      this.made.paint(this.events.decode(mu));
    } else {
      this.drawing = null;
      this.made.paint(blank);
    }
    this.show();
    this.events.drawn(this.drawing);
    clearTimeout(this.restTimer);
    this.restTimer = setTimeout(() => this.steps.show(this.ready?.steps ?? []), REST_MS);
    this.frames.push(performance.now() - start);
    if (this.frames.length > 500) this.frames.shift();
  }

  private prepared(): Prepared | null {
    if (!this.given && this.sketch.isEmpty) return null;
    try {
      const found = prepare(this.given?.bitmap ?? this.rasterised(), this.shape, this.protocol, this.off);
      this.refuse(null);
      return found;
    } catch (error) {
      this.refuse(sentenceOf(error));
      return null;
    }
  }

  /** The strokes as a picture of the pad's own size, light on black: what `prepare` is given. */
  rasterised(): Bitmap {
    const layout = layoutOf(this.sketch.strokes, this.protocol, this.height, this.width, !this.off.has(PEN_SWITCH[0]));
    const { width, height } = layout;
    if (this.raster.width !== width || this.raster.height !== height) Object.assign(this.raster, { width, height });
    const context = this.raster.getContext("2d", { willReadFrequently: true });
    if (!context) throw new PictureError("This browser gives no canvas to draw on; use another one.");
    paintStrokes(context, this.sketch.strokes, layout);
    return context.getImageData(0, 0, width, height);
  }

  private show(): void {
    const { drawing } = this;
    this.undo.disabled = !this.sketch.canUndo && !this.given;
    this.redo.disabled = !this.sketch.canRedo;
    this.wipe.disabled = this.given === null && this.sketch.strokes.length === 0;
    this.keep.disabled = this.hand.disabled = drawing === null;
    const digits = this.events.decimals();
    setText(
      this.words,
      drawing ? `${drawing.mu.length > 3 ? "largest of z:" : "z ="} ${zText(drawing.mu, digits)}` : "Nothing drawn yet",
    );
    const label = this.events.label();
    setText(this.decodedAs, label === null ? "reconstruction" : `decoded as ${classWords(label)}`);
    const isPoint = !drawing || drawing.std.every((value) => value === 0);
    setText(
      this.sharpness,
      isPoint || !drawing
        ? ""
        : drawing.std.length > 3
          ? `posterior std. dev., mean over dimensions: ${number(mean(drawing.std), digits)}`
          : `posterior std. dev. σ = ${zText(drawing.std, digits)}`,
    );
    if (drawing) this.words.dataset.z = JSON.stringify(drawing.mu);
    else delete this.words.dataset.z;
  }

  private paint(): void {
    const context = this.canvas.getContext("2d");
    if (!context) return;
    const { width, height } = this.canvas,
      scale = width / this.width;
    paintStrokes(context, this.sketch.strokes, { height, width, scale, left: 0, top: 0, pen: scale });
    if (!this.given) return;
    const { bitmap } = this.given,
      shrink = Math.min(width / bitmap.width, height / bitmap.height);
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

function button(text: string, name?: IconName): HTMLButtonElement {
  return h("button", { type: "button", class: "la-button" }, ...(name ? [icon(name)] : []), text);
}

function sentenceOf(error: unknown): string {
  if (error instanceof PictureError) return error.message;
  console.error(error);
  return "The picture could not be read; save it as PNG and try again.";
}

function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}
