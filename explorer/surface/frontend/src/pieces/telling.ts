/** How does a lesson see what is done in a piece? It is told a few times a second, where something has changed, and whenever it asks. */

import { WATCHED, type Watched, type WatchedSource, WHO_IS_WATCHED } from "../data/watched";
import { Disposer } from "../ui/dom";
import type { Piece } from "./piece";

const TELL_MS = 200;

export class Telling implements WatchedSource {
  private readonly disposer = new Disposer();
  private last = "";

  /** run: how the lesson knows the piece. */
  constructor(
    private readonly run: string,
    private readonly piece: Piece,
  ) {
    const timer = setInterval(() => JSON.stringify(this.piece.watched()) !== this.last && this.tell(), TELL_MS);
    this.disposer.add(() => clearInterval(timer));
    this.disposer.listen(window, WHO_IS_WATCHED, () => this.tell());
  }

  stop(): void {
    this.disposer.dispose();
  }

  watched(): Watched {
    return { run: this.run, ...this.piece.watched() };
  }

  private tell(): void {
    this.last = JSON.stringify(this.piece.watched());
    dispatchEvent(new CustomEvent<WatchedSource>(WATCHED, { detail: this }));
  }
}
