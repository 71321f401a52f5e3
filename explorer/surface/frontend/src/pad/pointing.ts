/** How does a hand draw on the pad? One pointer at a time; a pen's other end rubs out. */

import { Bounds } from "../ui/bounds";
import type { Dot, Sketch, Tool } from "./strokes";

/** An eraser is so much wider than a pen. */
const ERASER = 2.5;

export interface Pointing {
  /** The tool that is chosen, and the width of its line in pixels of the model's frame. */
  tool(): Tool;
  penWidth(): number;
  /** Before a stroke begins. */
  begins(): void;
  /** Whenever the sketch has changed. */
  changed(): void;
}

/** Lets the canvas be drawn on; height and width are those of the model's frame, in which places are counted. */
export function drawOn(
  canvas: HTMLCanvasElement,
  sketch: Sketch,
  [height, width]: readonly [number, number],
  pointing: Pointing,
): void {
  let pointer = -1;
  const bounds = new Bounds(canvas);
  const dot = (event: PointerEvent): Dot => {
    const box = bounds.now;
    return [((event.clientX - box.left) / box.width) * width, ((event.clientY - box.top) / box.height) * height];
  };
  canvas.addEventListener("pointerdown", (event) => {
    const isEraser = event.button === 5; // the other end of a pen
    if ((event.button !== 0 && !isEraser) || pointer >= 0) return;
    event.preventDefault();
    canvas.focus({ preventScroll: true });
    try {
      canvas.setPointerCapture(event.pointerId);
    } catch {
      // a pointer that is gone already, or one made by a script
    }
    pointer = event.pointerId;
    bounds.begin();
    pointing.begins();
    const tool = isEraser ? "eraser" : pointing.tool();
    sketch.begin(tool, pointing.penWidth() * (tool === "eraser" ? ERASER : 1), dot(event));
    pointing.changed();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    const all = event.getCoalescedEvents?.() ?? [];
    sketch.extend((all.length > 0 ? all : [event]).map(dot));
    pointing.changed();
  });
  for (const kind of ["pointerup", "pointercancel", "lostpointercapture"] as const) {
    canvas.addEventListener(kind, (event) => {
      if (event.pointerId !== pointer) return;
      pointer = -1;
      bounds.end();
    });
  }
}
