/**
 * What does a network answer? One picture or code at a time, or many at once.
 *
 * Planned for one first, because that is what the pointer asks for; for many when many are first asked for, as many at once as leave the tensors
 * in a processor's cache.
 */

import { PayloadError } from "../wire/errors";
import { product } from "../wire/payload";
import type { Op } from "../wire/schema";
import { Arena } from "./arena";
import { type Graph, planGraph } from "./graph";
import { onBetterArithmetic } from "./kernels";
import type { Shape, Weights } from "./plan";

/** Numbers of all tensors of a batch: 4 MB. */
const BATCH_NUMBERS = 1_000_000;
const MOST_AT_ONCE = 128;

/** Where a model's networks compute: they share memory, weights and the kind of arithmetic. */
export class Workspace {
  arena = new Arena();
  addresses = new Map<string, number>();
  /** Counts how often everything had to be planned anew. */
  generation = 0;

  constructor() {
    onBetterArithmetic(() => {
      this.arena = new Arena();
      this.addresses = new Map();
      this.generation++;
    });
  }

  /** Other numbers in arrays of the same shapes; not for operations that keep them in a form of their own. */
  take(weights: Weights): void {
    for (const [name, at] of this.addresses) {
      const values = weights.floats(name);
      this.arena.at(at, values.length).set(values);
    }
  }
}

/** The classes that a batch is told: one for all, or one for each; −1 for none. */
export type Labels = number | ArrayLike<number>;

/** What becomes of the output while it still lies in the arena: n numbers at an address. */
export type Finish = (arena: Arena, address: number, n: number) => void;

export class Network {
  readonly outputSize: number;
  readonly inputSize: number;
  private one: Graph;
  private many: Graph | null = null;
  private generation: number;
  private readonly answer: Float32Array;
  private manyAnswers = new Float32Array(0);

  constructor(
    private readonly ops: readonly Op[],
    private readonly inputShape: Shape,
    private readonly weights: Weights,
    private readonly nClasses = 0,
    private readonly workspace = new Workspace(),
  ) {
    this.generation = workspace.generation;
    this.one = this.planned(1);
    this.inputSize = product(inputShape);
    this.outputSize = this.one.output.size;
    this.answer = new Float32Array(this.outputSize);
  }

  /** Of the output for one input. */
  get outputShape(): Shape {
    return this.one.output.shape;
  }

  /** The output for one input, told this class: overwritten by the next call. */
  run(values: ArrayLike<number>, finish?: Finish, label = -1): Float32Array {
    if (values.length !== this.inputSize) {
      throw new PayloadError(`The network takes ${this.inputSize} numbers, got ${values.length}.`);
    }
    this.refresh();
    const { input, output, forward } = this.one;
    const { arena } = this.workspace;
    this.one.tell(0, label);
    arena.at(input.at, input.size).set(values);
    forward(1);
    finish?.(arena, output.at, output.size);
    this.answer.set(arena.at(output.at, output.size));
    return this.answer;
  }

  /** The outputs for n inputs, one after the other: overwritten by the next call. */
  runMany(values: Float32Array, n: number, finish?: Finish, labels: Labels = -1): Float32Array {
    if (values.length < n * this.inputSize) {
      throw new PayloadError(`The network takes ${n * this.inputSize} numbers, got ${values.length}.`);
    }
    this.refresh();
    const { graph, capacity } = this.forMany(n);
    const { input, output, forward } = graph;
    const { arena } = this.workspace;
    if (this.manyAnswers.length < n * output.size) this.manyAnswers = new Float32Array(n * output.size);
    for (let i = 0; i < n; i += capacity) {
      const batch = Math.min(capacity, n - i);
      const from = i * input.size;
      for (let j = 0; j < batch; j++) graph.tell(j, typeof labels === "number" ? labels : labels[i + j]);
      arena.at(input.at, batch * input.size).set(values.subarray(from, from + batch * input.size));
      forward(batch);
      finish?.(arena, output.at, batch * output.size);
      this.manyAnswers.set(arena.at(output.at, batch * output.size), i * output.size);
    }
    return this.manyAnswers.subarray(0, n * output.size);
  }

  private forMany(n: number): { graph: Graph; capacity: number } {
    if (n <= 1) return { graph: this.one, capacity: 1 };
    const perPicture = Math.max(...this.one.planned.map(({ y }) => y.size), this.inputSize);
    const capacity = Math.min(Math.max(Math.floor(BATCH_NUMBERS / (2 * perPicture)), 1), MOST_AT_ONCE);
    if (capacity === 1) return { graph: this.one, capacity: 1 };
    this.many ??= this.planned(capacity);
    return { graph: this.many, capacity };
  }

  /** Plans anew where better arithmetic has become ready. */
  private refresh(): void {
    if (this.generation === this.workspace.generation) return;
    this.generation = this.workspace.generation;
    this.one = this.planned(1);
    this.many = null;
  }

  private planned(capacity: number): Graph {
    const { arena, addresses } = this.workspace;
    const { weights, nClasses } = this;
    return planGraph(this.ops, this.inputShape, { arena, weights, addresses, capacity, nClasses });
  }
}
