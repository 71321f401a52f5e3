/** What does the network answer? Encoder and decoder of one run, forward only; needs no page, so tests compare it with torch. */

import { parsePayload, product, type Payload } from "./blob";
import { OpError, planOp, sigmoid, type Op, type Plan, type Weights } from "./ops";

/** q(z|x), a diagonal Gaussian: mu (K,), logvar (K,) = log variance. */
export interface Posterior {
  readonly mu: Float32Array;
  readonly logvar: Float32Array;
}

export class Model {
  readonly latentDim: number;
  readonly imageShape: readonly [channels: number, height: number, width: number];
  private encoder: Network | null = null;
  private readonly decoder: Network;
  private readonly isBernoulli: boolean;

  private readonly payload: Payload;

  /** `source`: a whole payload, parsed or as bytes. */
  constructor(source: Payload | Uint8Array) {
    this.payload = source instanceof Uint8Array ? parsePayload(source) : source;
    const { run, likelihood, decoder } = this.payload.header;
    this.latentDim = run.latent_dim;
    this.imageShape = run.image_shape;
    this.isBernoulli = likelihood === "bernoulli";
    this.decoder = new Network(decoder, [this.latentDim], this.payload);
    expectSize(this.decoder.outputSize, product(this.imageShape), "decoder");
  }

  /** z (K,) to x_hat (C·H·W,) in [0, 1]: a new array. */
  decode(z: ArrayLike<number>): Float32Array {
    return this.decodeShared(z).slice();
  }

  /** The same without allocating: the answer is overwritten by the next call. */
  decodeShared(z: ArrayLike<number>): Float32Array {
    const x_hat = this.decoder.run(z);
    if (this.isBernoulli) sigmoid(x_hat);
    else clip01(x_hat);
    return x_hat;
  }

  /** x (C·H·W,) in [0, 1] to its posterior: new arrays. */
  encode(x: ArrayLike<number>): Posterior {
    this.encoder ??= this.makeEncoder();
    const both = this.encoder.run(x);
    return { mu: both.slice(0, this.latentDim), logvar: both.slice(this.latentDim) };
  }

  /** Made when it is first needed: unpacking its weights must not delay the first picture. */
  private makeEncoder(): Network {
    const { encoder } = this.payload.header;
    if (!encoder?.length) throw new OpError("This map carries no encoder.");
    const network = new Network(encoder, [...this.imageShape], this.payload);
    expectSize(network.outputSize, 2 * this.latentDim, "encoder");
    return network;
  }
}

function expectSize(size: number, wanted: number, which: string): void {
  if (size !== wanted) throw new OpError(`The ${which} gives ${size} numbers where ${wanted} are needed.`);
}

function clip01(x: Float32Array): void {
  for (let i = 0; i < x.length; i++) x[i] = x[i] < 0 ? 0 : x[i] > 1 ? 1 : x[i];
}

/** A chain of planned layers with a buffer each. */
class Network {
  readonly outputSize: number;
  private readonly input: Float32Array;
  private readonly plans: readonly Plan[];

  constructor(ops: readonly Op[], inputShape: readonly number[], weights: Weights) {
    this.input = new Float32Array(product(inputShape));
    let shape = inputShape;
    this.plans = ops.map((op) => {
      const plan = planOp(op, shape, weights);
      shape = plan.shape;
      return plan;
    });
    this.outputSize = product(shape);
  }

  run(values: ArrayLike<number>): Float32Array {
    if (values.length !== this.input.length) {
      throw new OpError(`The network takes ${this.input.length} numbers, got ${values.length}.`);
    }
    this.input.set(values);
    let x = this.input;
    for (const plan of this.plans) x = plan.run(x);
    return x;
  }
}
