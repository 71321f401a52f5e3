/** How does a person draw what is to be learned? One drawing after the other, each with a class; they are gathered until there are enough. */

import { drawOn } from "../../pad/pointing";
import { type Layout, paintStrokes, Sketch } from "../../pad/strokes";
import { button, h, setHidden, setText } from "../../ui/dom";
import { classesOf, divided, LEAST_IMAGES, type OwnImages } from "./records";

/** Of a drawing that is learned from, pixels. */
const PIXELS = 28;
/** Of the pad's own picture, so many times as fine. */
const FINE = 6;
/** Width of the pen, in pixels of the drawing. */
const PEN = 2.2;
const LAYOUT: Layout = {
  height: PIXELS * FINE,
  width: PIXELS * FINE,
  scale: FINE,
  left: 0,
  top: 0,
  pen: FINE,
};

interface Drawing {
  readonly pixels: Uint8Array;
  readonly className: string;
  /** Small, to be looked at; a click takes it away. */
  readonly element: HTMLElement;
}

export class DrawingPad {
  readonly element: HTMLElement;
  private readonly canvas = h("canvas", {
    class: "lt-pad",
    width: PIXELS * FINE,
    height: PIXELS * FINE,
    tabindex: 0,
    role: "img",
    "aria-label": "Drawing pad: draw with the pointer, Enter adds the drawing",
  });
  private readonly sketch = new Sketch();
  private readonly name = h("input", { type: "text", maxlength: 40, class: "lt-number", value: "A" });
  private readonly words = h("p", { class: "la-small", role: "status", "data-testid": "drawings" });
  private readonly row = h("div", { class: "lt-drawings" });
  private readonly addOne = button("lt-button", {}, () => this.add(), "Add");
  private readonly learn = button("la-button", {}, () => this.done(), "Learn from these");
  private drawings: readonly Drawing[] = [];

  /** take: what was drawn, once it is wanted. */
  constructor(private readonly take: (own: OwnImages) => void) {
    const clear = button("lt-button", {}, () => this.clear(), "Clear");
    const label = h("label", { class: "lt-field", title: "Drawings of one name are one class" }, "Class", this.name);
    const side = h(
      "div",
      { class: "lt-draw-side" },
      h("div", { class: "lt-row" }, label, this.addOne, clear, this.learn),
    );
    side.append(this.words, this.row);
    this.element = h("div", { class: "lt-draw lt-told", hidden: true, role: "group", "aria-label": "Your drawings" });
    this.element.append(this.canvas, side);
    drawOn(this.canvas, this.sketch, [PIXELS, PIXELS], {
      tool: () => "pen",
      penWidth: () => PEN,
      begins: () => undefined,
      changed: () => this.show(),
    });
    for (const one of [this.canvas, this.name])
      one.addEventListener("keydown", (event) => {
        event.stopPropagation(); // hosts have keys of their own
        if ((event as KeyboardEvent).key === "Enter") this.add();
      });
    this.show();
  }

  toggle(): void {
    setHidden(this.element, !this.element.hidden);
    this.show();
    this.element.scrollIntoView({ block: "nearest" }); // on a phone it stands below the map
  }

  private add(): void {
    if (this.sketch.isEmpty) return;
    const pixels = this.rastered();
    const className = this.name.value.trim();
    const thumb = h("canvas", { width: PIXELS, height: PIXELS });
    thumb.getContext("2d")?.putImageData(greyImage(pixels), 0, 0);
    const title = `Drawing of ${className || "no class"}: a click takes it away`;
    const element = button("lt-thumb", { title, "aria-label": title }, () => this.remove(drawing), thumb);
    const drawing: Drawing = { pixels, className, element };
    this.drawings = [...this.drawings, drawing];
    this.row.append(element);
    this.clear();
  }

  private remove(drawing: Drawing): void {
    this.drawings = this.drawings.filter((one) => one !== drawing);
    drawing.element.remove();
    this.show();
  }

  private clear(): void {
    this.sketch.clear();
    this.show();
  }

  private done(): void {
    const { drawings } = this;
    const pixels = new Uint8Array(drawings.length * PIXELS * PIXELS);
    drawings.forEach((one, i) => {
      pixels.set(one.pixels, i * PIXELS * PIXELS);
    });
    const classes = classesOf(drawings.map(({ className }) => className));
    this.take(divided({ imageShape: [1, PIXELS, PIXELS], pixels, ...classes, notes: [] }));
  }

  private show(): void {
    const context = this.canvas.getContext("2d");
    if (context) paintStrokes(context, this.sketch.strokes, LAYOUT);
    this.addOne.disabled = this.sketch.isEmpty;
    const n = this.drawings.length;
    this.learn.disabled = n < LEAST_IMAGES;
    setText(this.words, drawingWords(this.drawings.map(({ className }) => className)));
  }

  /** As it is learned from: the mean of the finer pixels under each. */
  private rastered(): Uint8Array {
    const context = this.canvas.getContext("2d");
    const fine = context?.getImageData(0, 0, PIXELS * FINE, PIXELS * FINE).data ?? new Uint8ClampedArray(0);
    return coarse(fine, PIXELS, FINE);
  }
}

/** What there is and what is wanting, in a sentence. */
export function drawingWords(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  const each = [...counts].map(([name, n]) => `${n} of ${name || "no class"}`).join(", ");
  const missing = LEAST_IMAGES - names.length;
  if (names.length === 0) return `Draw, name the class, add: ${LEAST_IMAGES} drawings at least, better thirty.`;
  return missing > 0 ? `${each}; ${missing} more at least.` : `${each}.`;
}

/** Grey levels of size × size pixels from RGBA that is `fine` times as fine: the mean of red. */
export function coarse(rgba: Uint8ClampedArray, size: number, fine: number): Uint8Array {
  const width = size * fine;
  return Uint8Array.from({ length: size * size }, (_, at) => {
    const [top, left] = [Math.floor(at / size) * fine, (at % size) * fine];
    let sum = 0;
    for (let y = top; y < top + fine; y++) for (let x = left; x < left + fine; x++) sum += rgba[4 * (y * width + x)];
    return Math.round(sum / fine ** 2);
  });
}

function greyImage(pixels: Uint8Array): ImageData {
  const image = new ImageData(PIXELS, PIXELS);
  pixels.forEach((grey, i) => {
    image.data.set([grey, grey, grey, 255], 4 * i);
  });
  return image;
}
