/** Which dimensions does a model use, and which carry no information? */

import { ACTIVE_VARIANCE } from "../wire/schema";
import { klPerDim, variancePerDim } from "./quantities";
import type { RunOnMap } from "./run-on-map";

/** Nats: below this, and below `ACTIVE_VARIANCE`, a dimension carries no information. */
const DEAD_KL = 0.01;

export interface Axis {
  readonly k: number;
  /** Mean KL over the test images, nats; NaN for a model whose codes are points. */
  readonly kl: number;
  readonly isDead: boolean;
}

/** All dimensions, most used first: by KL, or by the variance of the codes where there is no KL. */
export function axesOf(scene: RunOnMap): Axis[] {
  const K = scene.space.latentDim;
  const variance = variancePerDim(scene.mu, K);
  const kl = scene.logvar ? klPerDim(scene.mu, scene.logvar, K) : null;
  const axes = Array.from(
    { length: K },
    (_, k): Axis => ({
      k,
      kl: kl ? kl[k] : Number.NaN,
      isDead: variance[k] < ACTIVE_VARIANCE && (kl === null || kl[k] < DEAD_KL),
    }),
  );
  const use = ({ k }: Axis): number => (kl ? kl[k] : variance[k]);
  return axes.sort((a, b) => use(b) - use(a) || a.k - b.k);
}
