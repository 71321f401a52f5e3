/**
 * How many encoded images are there around a code? `trainer.maps.support` in the browser, from the same sorted distances.
 *
 * A code's support is the share of encoded images that are at least as far out as it is, by the distance to the 5th nearest code in all latent
 * dimensions: about .5 in the thick of the codes, 0 where none is near. It belongs to the code, not to its place on a map. A code whose norm
 * 99 % of samples from the prior fall short of or exceed is counted as farther out still, unless codes are near.
 */

import { SUPPORT_LEVELS, SUPPORT_LOW, SUPPORT_MEDIUM, SUPPORT_NEIGHBOUR, SUPPORT_TAIL } from "../wire/schema";
import { priorShareWithin } from "./gamma";
import type { Near } from "./nearest-codes";

/** As dots to light, of three: one for low density, two for medium, three for high. */
export type SupportLevel = 1 | 2 | 3;

export class Support {
  /** How many of the nearest codes are asked for. */
  readonly k: number;

  /** distances: sorted, of encoded images to their own 5th nearest · near: the k codes nearest to a code, nearest first. */
  constructor(
    private readonly distances: Float32Array,
    n: number,
    private readonly hasPrior: boolean,
    private readonly near: (z: ArrayLike<number>, k: number) => readonly Near[],
  ) {
    this.k = Math.max(1, Math.min(SUPPORT_NEIGHBOUR, n - 1));
  }

  /** In [0, 1]. `near`: the k nearest codes, where they are known. */
  of(z: ArrayLike<number>, near: readonly Near[] = this.near(z, this.k)): number {
    const last = near[near.length - 1];
    if (!last || this.distances.length === 0) return 0;
    const share = 1 - below(this.distances, Math.fround(last.distance)) / this.distances.length;
    if (!this.hasPrior || share >= SUPPORT_MEDIUM) return share;
    const isNear = share / SUPPORT_MEDIUM;
    return share * (isNear + (1 - isNear) * priorFactor(z));
  }
}

/** 1 for a norm that the prior has, falling to 0 beyond its outermost per cents: the smaller tail over SUPPORT_TAIL. */
export function priorFactor(z: ArrayLike<number>): number {
  const within = priorShareWithin(norm(z), z.length);
  return Math.min(1, Math.min(within, 1 - within) / SUPPORT_TAIL);
}

export function norm(z: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < z.length; k++) sum += z[k] * z[k];
  return Math.sqrt(sum);
}

/** How many of the ascending values are smaller. */
function below(sorted: Float32Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function isLow(support: number): boolean {
  return support < SUPPORT_LOW;
}

export function supportLevel(support: number): SupportLevel {
  return isLow(support) ? 1 : support < SUPPORT_MEDIUM ? 2 : 3;
}

/** Low, medium or high. */
export function levelWord(support: number): string {
  return SUPPORT_LEVELS[supportLevel(support) - 1];
}

export function supportWords(support: number): string {
  return `${levelWord(support)} density of encoded images`;
}

export const SUPPORT_DEFINITION =
  "Share of encoded images whose 5th nearest code is at least as far away as that of this code, in all latent dimensions: about 0.5 where codes are dense, 0 where none is near. " +
  "Below 0.02: low density, below 0.2: medium. Lower where ‖z‖ is smaller or larger than that of 99 % of samples from the prior, unless codes are near.";
