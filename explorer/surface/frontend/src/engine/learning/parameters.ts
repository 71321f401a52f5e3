/**
 * Where do weights, their gradients and the optimiser's moments lie? In four blocks of the same layout, so that one call of a kernel moves them
 * all, and one copy is a snapshot.
 */

import { product } from "../../wire/payload";
import type { Arena } from "../arena";
import type { Shape, Weights } from "../plan";
import { power } from "./numeric";

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;
/** Numbers between two arrays at least: kernels may touch three beyond the last. */
const GAP = 3;

/** Where an array lies in each block, in numbers. */
export interface Place {
  readonly name: string;
  readonly shape: Shape;
  readonly at: number;
  readonly size: number;
}

/** What a snapshot keeps: the weights and both moments of Adam. */
export const BLOCKS = 3;

export class Parameters implements Weights {
  readonly places: readonly Place[];
  /** Addresses of the weights, for the plans. */
  readonly addresses = new Map<string, number>();
  /** Numbers of a block. */
  readonly size: number;
  private readonly byName: ReadonlyMap<string, Place>;
  private readonly weights: number;
  private readonly gradients: number;
  private readonly first: number;
  private readonly second: number;
  private readonly sum: number;

  constructor(
    private readonly arena: Arena,
    shapes: Readonly<Record<string, Shape>>,
  ) {
    let at = 0;
    this.places = Object.entries(shapes).map(([name, shape]) => {
      const place = { name, shape, at, size: product(shape) };
      at = Math.ceil((at + place.size + GAP) / 4) * 4;
      return place;
    });
    this.size = at;
    this.byName = new Map(this.places.map((place) => [place.name, place]));
    [this.weights, this.gradients, this.first, this.second] = [0, 0, 0, 0].map(() => arena.floatsOf(at));
    this.sum = arena.floatsOf(1);
    for (const place of this.places) this.addresses.set(place.name, this.weights + 4 * place.at);
  }

  has(name: string): boolean {
    return this.byName.has(name);
  }

  /** A view of an array's numbers, good until the arena grows. */
  floats(name: string): Float32Array {
    const { at, size } = this.place(name);
    return this.arena.at(this.weights + 4 * at, size);
  }

  shape(name: string): Shape {
    return this.place(name).shape;
  }

  gradientAddress(name: string): number {
    return this.gradients + 4 * this.place(name).at;
  }

  /** A view, as `floats`. */
  gradient(name: string): Float32Array {
    return this.arena.at(this.gradientAddress(name), this.place(name).size);
  }

  forgetGradients(): void {
    this.arena.at(this.gradients, this.size).fill(0);
  }

  /** The array nearest the loss whose gradient has a number that is not finite; null where there is none. */
  notFinite(): string | null {
    const { kernels } = this.arena;
    const sum = this.arena.at(this.sum, 1).fill(0);
    kernels.addRows(1, this.size, this.gradients, this.sum);
    if (Number.isFinite(sum[0])) return null;
    const isBad = ({ name }: Place): boolean => this.gradient(name).some((value) => !Number.isFinite(value));
    return [...this.places].reverse().find(isBad)?.name ?? null;
  }

  /** Step number `step`, from 1, of Adam with torch's defaults. */
  adam(step: number, rate: number): void {
    const [undoFirst, undoSecond] = [BETA1, BETA2].map((beta) => 1 / (1 - power(beta, step)));
    const { weights, gradients, first, second, size } = this;
    const { kernels } = this.arena;
    kernels.adam(size, weights, gradients, first, second, rate, BETA1, BETA2, EPSILON, undoFirst, undoSecond);
  }

  /** A copy of all weights as one block: what `places` says lies where. */
  copyOfWeights(): Float32Array<ArrayBuffer> {
    return this.arena.at(this.weights, this.size).slice();
  }

  /** Copies of weights and both moments. */
  copies(): Float32Array<ArrayBuffer>[] {
    return [this.weights, this.first, this.second].map((at) => this.arena.at(at, this.size).slice());
  }

  /** The reverse of `copies`. */
  take(copies: readonly Float32Array[]): void {
    [this.weights, this.first, this.second].forEach((at, i) => {
      this.arena.at(at, this.size).set(copies[i]);
    });
  }

  private place(name: string): Place {
    const found = this.byName.get(name);
    if (!found) throw new Error(`There are no weights named “${name}”.`);
    return found;
  }
}
