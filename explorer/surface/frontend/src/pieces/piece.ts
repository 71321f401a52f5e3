/** What is an interactive piece beside a lesson's text? It draws itself for a look, tells what a task can be about, and works in slices. */

import type { Watched } from "../data/watched";
import type { Theme } from "../ui/theme";
import type { Subject } from "../wire/piece";
import type { PieceTold } from "../wire/schema";

/** How it is to be drawn now. */
export interface Look {
  readonly theme: Theme;
  /** CSS pixels that it has across. */
  readonly width: number;
  /** And that the window has below the piece's upper edge, about. */
  readonly height: number;
  /** Of the letters of charts. */
  readonly px: number;
}

export interface Piece {
  readonly element: HTMLElement;
  /** What a task can be about: names of `explorer/lessons/pieces.py`. */
  watched(): Omit<Watched, "run">;
  /** Theme or room may have changed. */
  draw(look: Look): void;
  destroy(): void;
}

/** subject: null of a piece that is about no image. */
export type MakePiece = (told: PieceTold, subject: Subject) => Piece;
