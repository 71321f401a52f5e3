/**
 * What is a layer that can be run?
 *
 * A layer is planned once (shapes checked, weights laid out for the inner loop, output buffer made) and then run as often as the pointer
 * moves. Letters of this folder: C, H, W channels, height, width; I, O input and output channels. Tensors are C·H·W, row by row.
 */

import { PayloadError } from "../wire/errors";
import type { Sides } from "../wire/schema";

export interface Weights {
  floats(name: string): Float32Array;
  shape(name: string): readonly number[];
  /** Only where pictures stand in for weights. */
  bytes?(name: string): Uint8Array;
}

/** A layer that knows its shapes and owns its output buffer. */
export interface Plan {
  readonly shape: readonly number[];
  run(x: Float32Array): Float32Array;
  /** Only where the layer is told a class: which one from now on. */
  tell?(label: number): void;
}

/** Whether height and width are treated alike. */
export function isSquare([height, width]: Sides): boolean {
  return height === width;
}

/** Refuses a layer that cannot take what the one before gives. */
export function expectFit(holds: boolean, op: string, shape: readonly number[]): void {
  if (!holds)
    throw new PayloadError(
      `The network's layers do not fit together: ${op} cannot take a tensor of shape ${shape.join("×")}.`,
    );
}
