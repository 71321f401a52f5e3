/**
 * What is an operation that can be run?
 *
 * An operation is planned once (shapes checked, weights and tables laid out, room for its output found) and then run as often as the pointer
 * moves, for a batch of up to so many pictures or codes. Letters of this folder: C, H, W channels, height, width; I, O input and output
 * channels. Tensors are C·H·W, row by row, those of a batch one after the other.
 */

import { PayloadError } from "../wire/errors";
import { product } from "../wire/payload";
import type { Op } from "../wire/schema";
import type { Arena } from "./arena";

export interface Weights {
  floats(name: string): Float32Array;
  shape(name: string): readonly number[];
  /** Only where pictures stand in for weights. */
  bytes?(name: string): Uint8Array;
}

export type Shape = readonly number[];

/** The record of one kind of operation. */
export type OpOf<Name extends Op["op"]> = Extract<Op, { readonly op: Name }>;

/** Numbers of a batch in the arena. */
export interface Tensor {
  /** Of one picture or code. */
  readonly shape: Shape;
  /** Numbers of one, and from one of the batch to the next. */
  readonly size: number;
  /** Address of the first. */
  readonly at: number;
}

/** Computes the output of the first `batch` of a batch. */
export type Compute = (batch: number) => void;

/** Where gradients go: the loss's derivatives by tensors and weights, at addresses in the same arena. They are added to what is there. */
export interface Gradients {
  /** By a tensor; 0 where nobody asks for it. */
  of(tensor: Tensor): number;
  /** By an array of weights. */
  ofWeight(name: string): number;
}

export interface Planned {
  readonly y: Tensor;
  /** None for an operation that only says the same numbers in another shape. */
  readonly forward?: Compute;
  /** Of the gradients of its output, those of its inputs and weights are made; none where this operation cannot learn. */
  readonly learn?: (gradients: Gradients) => Compute;
  /** Only where it is given a class: of the i-th of a batch from now on, −1 for none. */
  readonly tell?: (i: number, label: number) => void;
}

/** What a planner is given to work with. */
export interface Maker {
  readonly arena: Arena;
  readonly weights: Weights;
  /** How many of a batch there may be. */
  readonly capacity: number;
  /** Whether the weights change between two runs. */
  readonly learns: boolean;
  /** Room for the output. */
  output(shape: Shape): Tensor;
  /** The input itself where nobody else reads it, so that the output may take its place; else room of its own. */
  inPlace(x: Tensor): Tensor;
  /** The address of an array of weights. */
  weight(name: string): number;
  /** Room that is used only while the operation runs; 0 at first. */
  scratch(n: number): number;
}

/** The gradients of an operation whose planner has none: only what learns carries them. */
export type LearnOf<O extends Op = Op> = (
  op: O,
  inputs: readonly Tensor[],
  y: Tensor,
  make: Maker,
) => Planned["learn"] | undefined;

export type Planner<O extends Op> = (op: O, inputs: readonly Tensor[], make: Maker) => Planned;

/** Refuses an operation that cannot take what it is given. */
export function expectFit(holds: boolean, op: string, ...inputs: readonly Tensor[]): void {
  if (holds) return;
  const shapes = inputs.map(({ shape }) => shape.join("×")).join(" and ");
  throw new PayloadError(`The network's layers do not fit together: ${op} cannot take a tensor of shape ${shapes}.`);
}

/** The same numbers in another shape. */
export function reshaped(x: Tensor, shape: Shape): Planned {
  expectFit(product(shape) === x.size, "reshape", x);
  return { y: { ...x, shape } };
}
