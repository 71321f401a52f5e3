/** How far is the visitor in this lesson? In memory, and where the browser keeps anything, there too. */

import { joined, keepPlace, keptPlaces } from "../../lessons/progress";
import type { LessonAnswer, LessonPlace } from "../../wire/schema";
import { browserKeeper } from "../keeper";

export class Progress {
  private place: LessonPlace;

  constructor(private readonly lesson: string) {
    this.place = keptPlaces(browserKeeper())[lesson] ?? { step: 1, done: [], answers: {} };
  }

  /** The one that was opened last, from 1. */
  get step(): number {
    return this.place.step;
  }

  isDone(key: string): boolean {
    return this.place.done.includes(key);
  }

  answer(key: string): LessonAnswer | null {
    return this.place.answers[key] ?? null;
  }

  open(step: number): void {
    this.change({ step });
  }

  finish(keys: readonly string[]): void {
    this.change({ done: [...new Set([...this.place.done, ...keys])] });
  }

  keep(key: string, answer: LessonAnswer): void {
    this.change({ answers: { ...this.place.answers, [key]: answer } });
  }

  /** What another window of this browser kept is not lost. */
  private change(change: Partial<LessonPlace>): void {
    const keeper = browserKeeper();
    this.place = joined({ ...this.place, ...change }, keptPlaces(keeper)[this.lesson]);
    keepPlace(keeper, this.lesson, this.place);
  }
}
