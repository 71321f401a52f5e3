/** What is told of the code that is shown, by more than one panel? */

import { percent } from "../ui/format";

/** The most probable class of the picture that is shown. */
export interface Looks {
  readonly label: number;
  readonly probability: number;
}

/** 87 %; no picture is surely or surely not of a class, whatever a number rounds to. */
export function probability(p: number): string {
  return percent(Math.min(1 - 1e-9, Math.max(1e-9, p)));
}
