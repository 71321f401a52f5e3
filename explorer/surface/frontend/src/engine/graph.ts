/**
 * How does a network become operations that run? In the order in which they are written, each given the tensors that it names.
 *
 * A tensor's room is given to another once its last reader has run, so that few of them lie in the cache; where the network is to learn every
 * tensor keeps its own, because the gradients are made of all of them.
 */

import { PayloadError } from "../wire/errors";
import { product } from "../wire/payload";
import { CLASS, INPUT, type Op } from "../wire/schema";
import type { Arena } from "./arena";
import { planOp } from "./ops/index";
import type { Compute, LearnOf, Maker, Planned, Shape, Tensor, Weights } from "./plan";

export interface GraphOptions {
  readonly arena: Arena;
  readonly weights: Weights;
  /** Addresses of arrays of weights in the arena, by name: shared by all plans of a model. */
  readonly addresses: Map<string, number>;
  /** How many of a batch there may be. */
  readonly capacity: number;
  /** How many classes it may be told. */
  readonly nClasses?: number;
  readonly learns?: boolean;
  /** Gradients of operations whose planners have none. */
  readonly learnOf?: LearnOf;
}

export interface Graph {
  readonly input: Tensor;
  readonly output: Tensor;
  /** The class of each of the batch, one hot; null where nobody asks for it. */
  readonly label: Tensor | null;
  readonly planned: readonly Planned[];
  readonly forward: Compute;
  /** The class of the i-th of a batch from now on; −1, as at first: none. */
  tell(i: number, label: number): void;
}

/** Room of a tensor, and how many have still to read it. */
interface Room {
  readonly at: number;
  readonly numbers: number;
  readers: number;
}

export function planGraph(ops: readonly Op[], inputShape: Shape, options: GraphOptions): Graph {
  const builder = new Builder(options, readersOf(ops));
  const input = builder.fixed(inputShape);
  const asksForClass = ops.some(({ inputs }) => inputs?.includes(CLASS));
  const label = asksForClass && options.nClasses ? builder.fixed([options.nClasses]) : null;
  const planned: Planned[] = [];
  ops.forEach((op, i) => {
    const inputs = inputsOf(op, i).map((number) => {
      const tensor = number === INPUT ? input : number === CLASS ? label : planned[number]?.y;
      if (!tensor || number >= i)
        throw new PayloadError(`The network's layers do not fit together: layer ${i} takes what is not there.`);
      return tensor;
    });
    planned.push(builder.plan(op, i, inputs));
  });
  const steps = planned.flatMap(({ forward }) => (forward ? [forward] : []));
  const { arena, capacity } = options;
  const told = new Int32Array(capacity).fill(-1);
  return {
    input,
    output: planned.at(-1)?.y ?? input,
    label,
    planned,
    forward: (batch) => {
      for (const step of steps) step(batch);
    },
    tell: (i, k) => {
      if (told[i] === k) return;
      told[i] = k;
      for (const { tell } of planned) tell?.(i, k);
      if (!label) return;
      const hot = arena.at(label.at + 4 * i * label.size, label.size).fill(0);
      if (k >= 0) hot[k] = 1;
    },
  };
}

/** Numbers of the operations whose outputs one takes: without a word the one before. */
export function inputsOf(op: Op, i: number): readonly number[] {
  if (op.op === "constant") return [];
  return op.inputs?.length ? op.inputs : [i ? i - 1 : INPUT];
}

/** How often the output of each operation is read; that of the last by whoever asked. */
function readersOf(ops: readonly Op[]): number[] {
  const found = new Array<number>(ops.length).fill(0);
  ops.forEach((op, i) => {
    for (const number of inputsOf(op, i)) if (number >= 0) found[number]++;
  });
  found[ops.length - 1]++;
  return found;
}

class Builder implements Maker {
  readonly arena: Arena;
  readonly weights: Weights;
  readonly capacity: number;
  readonly learns: boolean;
  private readonly rooms = new Map<number, Room>();
  private readonly free: Room[] = [];

  constructor(
    private readonly options: GraphOptions,
    private readonly readers: readonly number[],
  ) {
    this.arena = options.arena;
    this.weights = options.weights;
    this.capacity = options.capacity;
    this.learns = options.learns ?? false;
  }

  /** A tensor that nobody writes over: the input, the class. */
  fixed(shape: Shape): Tensor {
    return { shape, size: product(shape), at: this.arena.floatsOf(this.capacity * product(shape)) };
  }

  plan(op: Op, i: number, inputs: readonly Tensor[]): Planned {
    const planned = planOp(op, inputs, this);
    const room = this.rooms.get(planned.y.at);
    // the same numbers in another shape or written over: its readers are the room's
    if (room) room.readers += this.readers[i];
    for (const { at } of inputs) this.release(at);
    const learn = planned.learn ?? this.options.learnOf?.(op, inputs, planned.y, this);
    return learn ? { ...planned, learn } : planned;
  }

  output(shape: Shape): Tensor {
    const size = product(shape);
    const numbers = this.capacity * size;
    const room = this.takeFree(numbers) ?? { at: this.arena.floatsOf(numbers), numbers, readers: 0 };
    this.rooms.set(room.at, room);
    return { shape, size, at: room.at };
  }

  inPlace(x: Tensor): Tensor {
    const isSole = this.rooms.get(x.at)?.readers === 1;
    return isSole && !this.learns ? x : this.output(x.shape);
  }

  weight(name: string): number {
    const { addresses } = this.options;
    const known = addresses.get(name);
    if (known !== undefined) return known;
    const at = this.arena.keep(this.weights.floats(name));
    addresses.set(name, at);
    return at;
  }

  scratch(n: number): number {
    return this.arena.floatsOf(n);
  }

  private release(at: number): void {
    const room = this.rooms.get(at);
    if (!room || --room.readers > 0 || this.learns) return;
    this.rooms.delete(at);
    this.free.push(room);
  }

  /** The smallest that is large enough, and not so large that it is wasted. */
  private takeFree(numbers: number): Room | null {
    const fits = this.free.filter((room) => room.numbers >= numbers && room.numbers <= 4 * numbers);
    const best = fits.sort((a, b) => a.numbers - b.numbers)[0];
    if (!best) return null;
    this.free.splice(this.free.indexOf(best), 1);
    best.readers = 0;
    return best;
  }
}
