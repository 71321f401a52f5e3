/**
 * What does the model make of a picture that is drawn, pasted, dropped, opened or taken here? Every stroke is prepared, encoded and decoded.
 *
 * Nothing of it leaves the browser, unless the person hands it over to a host that asks for it.
 */

import type { Posterior } from "../engine/model";
import { PictureError } from "../prepare/ink";
import { Memory } from "../prepare/memory";
import { prepare } from "../prepare/prepare";
import type { Bitmap, Prepared } from "../prepare/records";
import { h } from "../ui/dom";
import type { ImageShape, PictureProtocol } from "../wire/schema";
import { Brought } from "./brought";
import { Camera } from "./camera";
import { pngOf } from "./intake";
import { drawOn } from "./pointing";
import { StepList } from "./step-list";
import { layoutOf, paintStrokes, Sketch, type Tool } from "./strokes";
import { PadView } from "./view";

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
  /** Brings the pad into view. */
  show(): void;
}

export class Pad {
  readonly element: HTMLElement;
  private readonly view: PadView;
  private readonly raster = h("canvas", {});
  private readonly camera = new Camera({
    taken: (bitmap) => this.accept(bitmap, "The camera's picture"),
    refuse: (sentence) => this.view.refuse(sentence),
  });
  private readonly steps: StepList;
  readonly sketch = new Sketch();
  private readonly height: number;
  private readonly width: number;
  private readonly canDraw: boolean;
  private readonly brought: Brought;
  private readonly off = new Set<string>();
  private readonly memory = new Memory();
  private tool: Tool = "pen";
  private frameRequest = 0;
  private restTimer: ReturnType<typeof setTimeout> | undefined;
  private given: { readonly bitmap: Bitmap; readonly name: string } | null = null;
  /** What the encoder gets; read by the browser tests too, as `rasterised` is, so that neither is private. */
  ready: Prepared | null = null;
  private drawing: Drawing | null = null;

  constructor(
    private readonly shape: ImageShape,
    private readonly protocol: PictureProtocol,
    private readonly events: PadEvents,
  ) {
    [, this.height, this.width] = shape;
    this.canDraw = shape[0] === 1;
    this.view = new PadView(shape, this.canDraw);
    const switches = [...(this.canDraw && protocol.box ? [PEN_SWITCH] : []), ...protocol.switches];
    this.steps = new StepList(switches, (name, isOn) => {
      if (isOn) this.off.delete(name);
      else this.off.add(name);
      this.later();
    });
    this.element = h(
      "div",
      { class: "la-sketch", role: "group", "aria-label": this.canDraw ? "Draw" : "Your picture" },
      ...this.view.parts(events.label(), events.handOver !== null, this.camera.element, this.steps.element),
    );
    this.brought = new Brought(this.element, this.view.file, {
      accept: (bitmap, name) => this.accept(bitmap, name),
      refuse: (sentence) => this.refuse(sentence),
      sentenceOf,
    });
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
    this.brought.dispose();
    cancelAnimationFrame(this.frameRequest);
    clearTimeout(this.restTimer);
    this.camera.close();
  }

  // ---- hands ----------------------------------------------------------------------------------------------------------------

  private listen(): void {
    const { view, element } = this;
    const { canvas } = view;
    if (this.canDraw) {
      drawOn(canvas, this.sketch, [this.height, this.width], {
        tool: () => this.tool,
        penWidth: () => this.protocol.pen * this.height * Number(view.pen.value),
        begins: () => {
          if (this.given) this.forget();
        },
        changed: () => this.later(),
      });
    }
    canvas.addEventListener("contextmenu", (event) => event.preventDefault()); // a long touch draws
    for (const tool of ["pen", "eraser"] as const) view.tools[tool].addEventListener("click", () => this.choose(tool));
    view.undo.addEventListener("click", () => this.back("undo"));
    view.redo.addEventListener("click", () => this.back("redo"));
    view.wipe.addEventListener("click", () => this.clear());
    view.keep.addEventListener("click", () => this.pin());
    view.hand.addEventListener("click", () => void this.handOver());
    view.fromClipboard.addEventListener("click", () => void this.brought.readClipboard());
    view.open.addEventListener("click", () => view.file.click());
    view.photograph.addEventListener("click", () => void this.camera.open());
    element.addEventListener("keydown", (event) => this.key(event));
  }

  private choose(tool: Tool): void {
    this.tool = tool;
    this.view.choose(tool);
  }

  private key(event: KeyboardEvent): void {
    if (event.target instanceof HTMLInputElement && event.target.type !== "range") return;
    const letter = event.key.toLowerCase(),
      isCommand = event.ctrlKey || event.metaKey;
    if (isCommand && letter === "z") this.back(event.shiftKey ? "redo" : "undo");
    else if (isCommand && letter === "y") this.back("redo");
    else if (isCommand || event.target !== this.view.canvas) return;
    else if (event.key === "Delete" || event.key === "Backspace") {
      if (event.shiftKey) this.clear();
      else this.back("undo");
    } else if (event.key === "Enter" && this.drawing) this.pin();
    else if (letter === "e" || letter === "p") this.choose(letter === "e" ? "eraser" : "pen");
    else if (event.key === "[" || event.key === "]")
      this.view.pen.value = String(Number(this.view.pen.value) + (event.key === "[" ? -0.2 : 0.2));
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
    this.events.say(way === "undo" ? "Undone" : "Redone");
    this.later();
  }

  private clear(): void {
    const was = this.given !== null || this.sketch.strokes.length > 0;
    this.forget();
    this.sketch.clear();
    if (was) this.events.say("Pad cleared");
    this.later();
  }

  private forget(): void {
    this.given = null;
    this.view.refuse(null);
  }

  // ---- pictures from elsewhere ------------------------------------------------------------------------------------------------

  /** A picture that was dropped or pasted anywhere on the page is answered where the pad is, so that is shown. */
  private refuse(sentence: string | null): void {
    if (sentence !== null) this.events.show();
    this.view.refuse(sentence);
  }

  private accept(bitmap: Bitmap, name: string): void {
    this.events.show();
    this.view.refuse(null);
    this.given = { bitmap, name };
    this.sketch.clear();
    this.later();
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
  later(): void {
    this.frameRequest ||= requestAnimationFrame(() => {
      this.frameRequest = 0;
      this.work();
    });
  }

  /** Reads what is drawn. */
  work(): void {
    this.view.paint(this.sketch.strokes, this.width, this.given?.bitmap ?? null);
    this.ready = this.prepared();
    const blank = new Float32Array(this.shape[0] * this.height * this.width);
    this.view.seen.paint(this.ready?.x ?? blank);
    if (this.ready) {
      const { x } = this.ready,
        { mu, logvar } = this.events.encode(x);
      this.drawing = {
        mu: Array.from(mu),
        std: Array.from(logvar, (value) => Math.exp(value / 2)),
        x,
        label: this.given ? "your picture" : "your drawing",
      };
      this.view.made.paint(this.events.decode(mu));
    } else {
      this.drawing = null;
      this.view.made.paint(blank);
    }
    this.show();
    this.events.drawn(this.drawing);
    clearTimeout(this.restTimer);
    this.restTimer = setTimeout(() => this.rest(), REST_MS);
  }

  /** The hand rests: what need not follow every frame. */
  private rest(): void {
    this.steps.show(this.ready?.steps ?? []);
    this.view.tell({ code: this.drawing, decimals: this.events.decimals() });
  }

  private prepared(): Prepared | null {
    if (!this.given && this.sketch.isEmpty) return null;
    try {
      const found = prepare(this.given?.bitmap ?? this.rasterised(), this.shape, this.protocol, this.off, this.memory);
      this.view.refuse(null);
      return found;
    } catch (error) {
      this.view.refuse(sentenceOf(error));
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
    const { drawing, sketch, given, events } = this;
    this.view.show({
      code: drawing,
      canUndo: sketch.canUndo || given !== null,
      canRedo: sketch.canRedo,
      isEmpty: given === null && sketch.strokes.length === 0,
      decimals: events.decimals(),
      label: events.label(),
    });
  }
}

function sentenceOf(error: unknown): string {
  if (error instanceof PictureError) return error.message;
  console.error(error);
  return "The picture could not be read; save it as PNG and try again.";
}
