/** Which colour step does every point get when a quantity decides? Steps of a ramp, one for unknown, one for hidden. */

import { type Quantity, robustRange } from "./quantities";

export const LEVELS = 32;

export interface Colouring {
  readonly key: string;
  readonly levels: number;
  /** Step 0 … levels − 1; `levels` where the value is not known, `levels` + 1 where the class is hidden. */
  readonly slots: Uint16Array;
  readonly range: readonly [number, number];
}

/** Values outside the range take its ends' colours. */
export function colouringOf({ id, values }: Quantity, classSlots: ArrayLike<number>, shown: Uint8Array): Colouring {
  const range = robustRange(values);
  const [low, high] = range;
  const slots = new Uint16Array(values.length);
  for (let i = 0; i < slots.length; i++) {
    const share = (values[i] - low) / (high - low);
    const level = Math.min(LEVELS - 1, Math.max(0, Math.round(share * (LEVELS - 1))));
    slots[i] = !shown[classSlots[i]] ? LEVELS + 1 : Number.isNaN(share) ? LEVELS : level;
  }
  return { key: `${id} ${low} ${high}`, levels: LEVELS, slots, range };
}
