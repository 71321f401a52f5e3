/** What do the blocks of a step hear of what is beside them, and what do they give back? */

import type { LessonAnswer, Point } from "../../wire/schema";
import type { Maths } from "./prose";

export interface Teller {
  readonly maths: Maths;
  /** How far the visitor is. */
  isDone(key: string): boolean;
  answer(key: string): LessonAnswer | null;
  keep(key: string, answer: LessonAnswer): void;
  /** The code that was pinned last on the map beside; null before. */
  lastPin(): readonly number[] | null;
  /** Where a code is on the map that the step asks for; null while no map is there. */
  place(z: readonly number[]): Point | null;
}

export interface ShownBlock {
  readonly element: HTMLElement;
  /** A pin came, a task is done. */
  update?(): void;
}
