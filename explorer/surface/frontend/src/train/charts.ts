/** When are the charts drawn? A few times a second while it runs, since they are read and not watched for every step; at once where it stands. */

import { BoundChart } from "./bound-chart";
import { KlChart } from "./kl-chart";
import type { TrainState } from "./state";

const BETWEEN_MS = 100;

export class Charts {
  private readonly bound = new BoundChart();
  private readonly kl = new KlChart();
  readonly elements = [this.bound.element, this.kl.element];
  /** performance.now() */
  private drawnAt = -BETWEEN_MS;

  /** Another training. */
  reset(): void {
    this.kl.reset();
  }

  /** width: CSS pixels. */
  draw(state: TrainState, width: number): void {
    const now = performance.now();
    if (width === 0 || (state.phase === "running" && now - this.drawnAt < BETWEEN_MS)) return;
    this.drawnAt = now;
    this.bound.draw(state, width);
    this.kl.draw(state, width);
  }
}
