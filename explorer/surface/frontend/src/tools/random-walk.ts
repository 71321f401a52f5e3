/**
 * How does the probe wander by itself? No drag moves it, and the tool in the hand goes on working beside it: so it is no record in the list of
 * tools, but what the command with the key `w` starts and stops, asked once a frame where the probe is now.
 */

import { RandomWalk, type Stationary, stationaryOf } from "../data/random-walk";
import type { RunOnMap } from "../data/run-on-map";
import type { Probe } from "../kernel/state";
import { prefersReducedMotion } from "../ui/dom";

export class WanderingProbe {
  private readonly walk = new RandomWalk(prefersReducedMotion);
  private stationary: Stationary = { mean: [], std: [] };

  /** From a code (K,). The walk keeps to the prior, of a model without one to where its codes are. */
  start({ logvar, mu, space: { latentDim } }: RunOnMap, code: ArrayLike<number>): void {
    this.stationary = logvar
      ? { mean: new Array<number>(latentDim).fill(0), std: new Array<number>(latentDim).fill(1) }
      : stationaryOf(mu, latentDim);
    this.walk.start(code, this.stationary);
  }

  /** `ms` later; null where there is nothing new to show. */
  tick(data: RunOnMap, ms: number): Probe | null {
    const z = this.walk.tick(ms, this.stationary);
    return z && { from: "random-walk", at: data.placeOf(z), z };
  }
}
