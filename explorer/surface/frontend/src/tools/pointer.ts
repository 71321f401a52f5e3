/**
 * What does the hand mean? Pointer events become a drag with a tool, a click, a hover or a pinch.
 *
 * One machine for mouse, pen and touch, instead of a zoom library beside a probe: here the plain drag and the single finger are the chosen
 * tool's, and pan and pinch are the exceptions.
 */

import type { MapTool, ToolEditor } from "../kernel/map-tool";
import type { Disposer } from "../ui/dom";

/** A click that travels further than this is a drag. A finger trembles more than a mouse. */
const CLICK_PX = 4;
const TAP_PX = 10;
/** Turns of the wheel that follow each other closer than this are one movement. */
const SCROLL_MS = 350;
/** While the page moves under a pointer at rest, browsers tell of moves too. */
const JITTER_MS = 120;

export type Mode = "idle" | "drag" | "pinch" | "spent";

export interface PointerEvents {
  /** The tool of a drag with Shift, Space or another button. */
  readonly pan: MapTool;
  /** The tool of the next plain drag. */
  tool(): MapTool;
  /** The pointer passes without a button. */
  hover(left: number, top: number): void;
  /** A drag began or ended, or Space was pressed or let go: what the pointer should look like, a value of `data-drag`. */
  cursor(name: string): void;
}

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
  private mode: Mode = "idle";
  private isSpaceHeld = false;
  private readonly contacts = new Map<number, Contact>();
  private start: Contact = { left: 0, top: 0 };
  private isClick = false;
  /** Of the drag that is going on. */
  private tool: MapTool;

  constructor(
    private readonly editor: ToolEditor,
    private readonly events: PointerEvents,
  ) {
    this.tool = events.pan;
  }

  holdSpace(isHeld: boolean): void {
    this.isSpaceHeld = isHeld;
    this.showCursor();
  }

  /** Another tool was chosen, or a drag began or ended. */
  showCursor(): void {
    const isPanning = this.mode === "pinch" || (this.mode === "drag" && this.tool === this.events.pan);
    this.events.cursor(isPanning ? "panning" : this.isSpaceHeld ? this.events.pan.cursor : this.events.tool().cursor);
  }

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
      if (!input.isTouch && this.mode === "idle") this.events.hover(input.left, input.top);
      return;
    }
    const before = this.mode === "pinch" ? this.pinch() : null;
    const dx = input.left - contact.left;
    const dy = input.top - contact.top;
    contact.left = input.left;
    contact.top = input.top;
    const reach = input.isTouch ? TAP_PX : CLICK_PX;
    if (Math.hypot(input.left - this.start.left, input.top - this.start.top) > reach) this.isClick = false;
    if (this.mode === "drag") this.tool.move(this.editor, input.left, input.top, dx, dy);
    else if (before) this.followPinch(before);
  }

  up(input: PointerInput): void {
    if (!this.contacts.delete(input.id)) return;
    const { tool, editor, start } = this;
    if (this.mode === "drag") {
      tool.end?.(editor, input.left, input.top);
      if (this.isClick && input.button === 0) tool.click?.(editor, start.left, start.top);
    }
    this.rest();
  }

  cancel(id: number): void {
    if (!this.contacts.delete(id)) return;
    if (this.mode === "drag") this.tool.cancel?.(this.editor);
    this.rest();
  }

  private begin(input: PointerInput): void {
    this.start = { left: input.left, top: input.top };
    const pans = input.button === 1 || input.button === 2 || input.shift || this.isSpaceHeld;
    this.isClick = input.button === 0 && !input.shift && !this.isSpaceHeld;
    this.tool = pans ? this.events.pan : this.events.tool();
    this.enter("drag");
    this.tool.begin?.(this.editor, input.left, input.top);
  }

  /** Fingers that stay after a pinch do nothing, or the map would jump. */
  private rest(): void {
    this.enter(this.contacts.size > 0 ? "spent" : "idle");
    this.isClick = false;
  }

  private enter(mode: Mode): void {
    if (mode === "pinch" && this.mode === "drag") this.tool.cancel?.(this.editor);
    if (mode === "pinch") this.isClick = false;
    this.mode = mode;
    this.showCursor();
  }

  private pinch(): { left: number; top: number; reach: number } {
    const [a, b] = [...this.contacts.values()];
    return { left: (a.left + b.left) / 2, top: (a.top + b.top) / 2, reach: Math.hypot(a.left - b.left, a.top - b.top) };
  }

  private followPinch(before: { left: number; top: number; reach: number }): void {
    const after = this.pinch();
    this.editor.pan(after.left - before.left, after.top - before.top);
    if (before.reach > 1 && after.reach > 1) this.editor.zoom(after.reach / before.reach, after.left, after.top);
  }
}

/** Factor of one wheel event: a mouse notch (100 px, or 3 lines) is about 1.25; a pinch on a track pad (ctrl) is finer grained. */
export function wheelFactor(deltaY: number, deltaMode: number, ctrl: boolean): number {
  const pixels = deltaY * (deltaMode === 1 ? 33 : deltaMode === 2 ? 400 : 1);
  const step = Math.max(-250, Math.min(250, pixels)) * (ctrl ? 0.01 : 0.0022);
  return Math.exp(-step);
}

/** A page that is being scrolled is scrolled on when the map comes under the pointer: the wheel zooms for a pointer that rests there. */
export class Scrolling {
  private last = -Infinity;

  /** Of performance.now(): the page has moved. */
  scrolled(now: number): void {
    this.last = now;
  }

  /** The pointer moved over the map, so the hand has come for it. */
  rested(now: number): void {
    if (now - this.last > JITTER_MS) this.last = -Infinity;
  }

  /** Whether a turn of the wheel belongs to the scrolling before it. */
  goesOn(now: number): boolean {
    return now - this.last < SCROLL_MS;
  }
}

/** Wires the machine to an element. */
export function listenToGestures(
  element: HTMLElement,
  machine: GestureMachine,
  zoom: ToolEditor["zoom"],
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
  const scrolling = new Scrolling();
  disposer.listen(window, "scroll", () => scrolling.scrolled(performance.now()), { capture: true, passive: true });
  disposer.listen(element, "pointermove", () => scrolling.rested(performance.now()), { passive: true });
  disposer.listen(
    element,
    "wheel",
    (event: WheelEvent) => {
      if (!event.ctrlKey && scrolling.goesOn(performance.now())) return;
      event.preventDefault();
      zoom(wheelFactor(event.deltaY, event.deltaMode, event.ctrlKey), event.offsetX, event.offsetY);
    },
    { passive: false },
  );
}
