/** When is something that grows in slices shown? Now and then on the way, because drawing costs more than a slice; and once it is whole. */

import type { Progress } from "./extension";

const SHOW_MS = 150;

export class Growth {
  private shownAt = 0;
  private wasWorking = false;

  /** isWorking: a slice was worked, and there may be more to do. */
  step(isWorking: boolean): Progress {
    const now = performance.now();
    const isDue = isWorking ? now - this.shownAt >= SHOW_MS : this.wasWorking;
    this.wasWorking = isWorking;
    if (isDue) this.shownAt = now;
    return isDue ? "show" : isWorking ? "working" : "done";
  }
}
