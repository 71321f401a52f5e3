/** What is told of the code that is shown, by more than one panel? */

import { percent } from "../ui/format";

/** The most probable class of the picture that is shown. */
export interface Looks {
  readonly label: number;
  readonly probability: number;
}

/** Told at the pace of a reader, or when it is known: the picture itself is in every frame. */
export interface Reading {
  /** How many encoded images are around the code; null before the first words. */
  readonly support: number | null;
  /** Null without a classifier, and before it has answered. */
  readonly looks: Looks | null;
}

export const UNREAD: Reading = { support: null, looks: null };

/** 87 %; no picture is surely or surely not of a class, whatever a number rounds to. */
export function probability(p: number): string {
  return percent(Math.min(1 - 1e-9, Math.max(1e-9, p)));
}
