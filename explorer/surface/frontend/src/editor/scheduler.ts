/** What must be done in this frame? Whatever reads a field that was replaced since it was told last; nothing is computed in an event. */

import type { Frame, Progress } from "../kernel/extension";
import type { MapState } from "../kernel/state";
import { changedKeys } from "../kernel/store";
import type { Watcher } from "./context";

/** One frame at a time, asked for as often as one likes. */
export class FrameLoop {
  private handle = 0;
  private isOver = false;

  constructor(private readonly frame: (now: number) => void) {}

  readonly request = (): void => {
    if (this.handle === 0 && !this.isOver) this.handle = requestAnimationFrame((now) => this.run(now));
  };

  /** Now, without waiting for the screen. */
  run(now: number): void {
    this.cancel();
    if (!this.isOver) this.frame(now);
  }

  /** For good: what still comes, such as an answer of a worker or images that are being unpacked, asks for no frame. */
  end(): void {
    this.cancel();
    this.isOver = true;
  }

  private cancel(): void {
    cancelAnimationFrame(this.handle);
    this.handle = 0;
  }
}

/** Those who are told of the state, in their order: what an earlier one changes, a later one sees in the same frame. */
export class Watchers {
  private readonly told = new Map<Watcher, MapState>();

  constructor(private readonly all: readonly Watcher[]) {}

  update(frameOf: () => Frame): void {
    for (const one of this.all) {
      const frame = frameOf();
      const before = this.told.get(one);
      if (before === frame.state) continue;
      const changed = before ? changedKeys(before, frame.state) : one.reads;
      this.told.set(one, frame.state);
      if (changed.some((key) => one.reads.includes(key))) one.update(frame);
    }
  }

  /** A slice of work each; true while there is something left to do. */
  work(frame: Frame): boolean {
    const progress = this.all.map((one): Progress => one.work?.(frame) ?? "done");
    return progress.some((one) => one !== "done");
  }

  dispose(): void {
    for (const one of this.all) one.dispose?.();
  }
}
