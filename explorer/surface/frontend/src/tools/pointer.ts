/**
 * What does the hand mean? Pointer events become intents: look, pan, zoom, pin.
 *
 * One machine for mouse, pen and touch, instead of a zoom library beside a probe: here the plain drag and the single finger look
 * (they decode along the way), and pan and pinch are the exceptions.
 */

import type { Disposer } from "../ui/dom";

/** A click that travels further than this is a drag. A finger trembles more than a mouse. */
const CLICK_PX = 4;
const TAP_PX = 10;

export interface Intents {
  look(left: number, top: number): void;
  pin(left: number, top: number): void;
  pan(dx: number, dy: number): void;
  zoom(factor: number, left: number, top: number): void;
  /** A loop or a box is drawn around points, or a path across them: its first corner, the next ones, the last. */
  loop(left: number, top: number, phase: "start" | "move" | "end"): void;
  /** What the next drag would do changed, or a drag began or ended. */
  mode(mode: Mode): void;
}

export type Mode = "idle" | "look" | "pan" | "loop" | "pinch" | "spent";

/** What the machine needs of a pointer event; left and top are relative to the map. */
export interface PointerInput {
  readonly id: number;
  readonly left: number;
  readonly top: number;
  readonly button: number;
  readonly shift: boolean;
  readonly isTouch: boolean;
}

interface Contact {
  left: number;
  top: number;
}

export class GestureMachine {
  /** The toolbar's switch: a plain drag pans. */
  panByDefault = false;
  /** Another switch: a plain drag draws a loop, a box, or a path. */
  loopByDefault: "lasso" | "box" | "draw" | null = null;
  spaceHeld = false;
  private mode: Mode = "idle";
  private readonly contacts = new Map<number, Contact>();
  private start: Contact = { left: 0, top: 0 };
  private isClick = false;

  constructor(private readonly intents: Intents) {}

  /** Returns whether the pointer should be captured. */
  down(input: PointerInput): boolean {
    if (!input.isTouch && this.contacts.size > 0) return false;
    this.contacts.set(input.id, { left: input.left, top: input.top });
    if (this.contacts.size === 2) this.enter("pinch");
    else if (this.contacts.size > 2) this.enter("spent");
    else this.begin(input);
    return true;
  }

  move(input: PointerInput): void {
    const contact = this.contacts.get(input.id);
    if (!contact) {
      if (!input.isTouch && this.mode === "idle") this.intents.look(input.left, input.top);
      return;
    }
    const before = this.mode === "pinch" ? this.pinch() : null;
    const dx = input.left - contact.left;
    const dy = input.top - contact.top;
    contact.left = input.left;
    contact.top = input.top;
    const reach = input.isTouch ? TAP_PX : CLICK_PX;
    if (Math.hypot(input.left - this.start.left, input.top - this.start.top) > reach) this.isClick = false;
    if (this.mode === "look") this.intents.look(input.left, input.top);
    else if (this.mode === "pan") this.intents.pan(dx, dy);
    else if (this.mode === "loop") this.intents.loop(input.left, input.top, "move");
    else if (before) this.followPinch(before);
  }

  up(input: PointerInput): void {
    if (!this.contacts.delete(input.id)) return;
    if (this.mode === "loop") this.intents.loop(input.left, input.top, "end");
    const isPin =
      this.isClick && this.mode !== "loop" && this.mode !== "pinch" && this.mode !== "spent" && input.button === 0;
    if (isPin) this.intents.pin(this.start.left, this.start.top);
    // fingers that stay after a pinch do nothing, or the map would jump
    this.enter(this.contacts.size > 0 ? "spent" : "idle");
    this.isClick = false;
  }

  cancel(id: number): void {
    if (this.contacts.delete(id)) this.enter(this.contacts.size > 0 ? "spent" : "idle");
    this.isClick = false;
  }

  private begin(input: PointerInput): void {
    this.start = { left: input.left, top: input.top };
    const pans = input.button === 1 || input.button === 2 || input.shift || this.spaceHeld || this.panByDefault;
    this.isClick = input.button === 0 && !input.shift && !this.spaceHeld;
    if (!pans && this.loopByDefault) {
      this.enter("loop");
      return this.intents.loop(input.left, input.top, "start");
    }
    this.enter(pans ? "pan" : "look");
    if (!pans) this.intents.look(input.left, input.top);
  }

  private enter(mode: Mode): void {
    this.mode = mode;
    if (mode === "pinch") this.isClick = false;
    this.intents.mode(mode);
  }

  private pinch(): { left: number; top: number; reach: number } {
    const [a, b] = [...this.contacts.values()];
    return { left: (a.left + b.left) / 2, top: (a.top + b.top) / 2, reach: Math.hypot(a.left - b.left, a.top - b.top) };
  }

  private followPinch(before: { left: number; top: number; reach: number }): void {
    const after = this.pinch();
    this.intents.pan(after.left - before.left, after.top - before.top);
    if (before.reach > 1 && after.reach > 1) this.intents.zoom(after.reach / before.reach, after.left, after.top);
  }
}

/** Factor of one wheel event: a mouse notch (100 px, or 3 lines) is about 1.25; a pinch on a track pad (ctrl) is finer grained. */
export function wheelFactor(deltaY: number, deltaMode: number, ctrl: boolean): number {
  const pixels = deltaY * (deltaMode === 1 ? 33 : deltaMode === 2 ? 400 : 1);
  const step = Math.max(-250, Math.min(250, pixels)) * (ctrl ? 0.01 : 0.0022);
  return Math.exp(-step);
}

/** Wires the machine to an element. */
export function listenToGestures(
  element: HTMLElement,
  machine: GestureMachine,
  intents: Intents,
  disposer: Disposer,
): void {
  const input = (event: PointerEvent): PointerInput => ({
    id: event.pointerId,
    left: event.offsetX,
    top: event.offsetY,
    button: event.button,
    shift: event.shiftKey,
    isTouch: event.pointerType === "touch",
  });
  disposer.listen(element, "pointerdown", (event: PointerEvent) => {
    if (machine.down(input(event))) element.setPointerCapture(event.pointerId);
    if (event.button === 1) event.preventDefault(); // no autoscroll
  });
  disposer.listen(element, "pointermove", (event: PointerEvent) => machine.move(input(event)));
  disposer.listen(element, "pointerup", (event: PointerEvent) => machine.up(input(event)));
  disposer.listen(element, "pointercancel", (event: PointerEvent) => machine.cancel(event.pointerId));
  disposer.listen(element, "contextmenu", (event: MouseEvent) => event.preventDefault());
  disposer.listen(
    element,
    "wheel",
    (event: WheelEvent) => {
      event.preventDefault();
      intents.zoom(wheelFactor(event.deltaY, event.deltaMode, event.ctrlKey), event.offsetX, event.offsetY);
    },
    { passive: false },
  );
}
