/** What does the network answer? Encoder and decoder of one run, forward only; needs no page, so tests compare it with torch. */

import { PayloadError } from "../wire/errors";
import { type Payload, parsePayload, product } from "../wire/payload";
import { CLASS } from "../wire/schema";
import { logLikelihoodsOf, meansIn } from "./likelihoods";
import { type Finish, type Labels, Network, Workspace } from "./network";

/** q(z|x), a diagonal Gaussian: mu (K,), logvar (K,) = log variance. */
export interface Posterior {
  readonly mu: Float32Array;
  readonly logvar: Float32Array;
}

export class Model {
  readonly latentDim: number;
  readonly imageShape: readonly [channels: number, height: number, width: number];
  /** How many classes the decoder can be told, and which one it is told unless asked otherwise; 0 and −1 for one that is told none. */
  readonly nClasses: number;
  readonly label: number;
  private encoder: Network | null = null;
  private readonly decoder: Network;
  private readonly toMean: Finish;
  private readonly workspace = new Workspace();

  private kept: Float32Array | null = null;
  private keptLabel = -1;
  private readonly keptZ: Float64Array;
  private readonly payload: Payload;

  /** `source`: a whole payload, parsed or as bytes. */
  constructor(source: Payload | Uint8Array) {
    this.payload = source instanceof Uint8Array ? parsePayload(source) : source;
    const { run, likelihood, decoder, decoded_as, class_names } = this.payload.header;
    this.latentDim = run.latent_dim;
    this.keptZ = new Float64Array(run.latent_dim);
    this.imageShape = run.image_shape;
    this.toMean = meansIn(likelihood);
    const told = decoder.flatMap((op) => (op.op === "linear" && op.biases !== undefined ? [op.biases] : []));
    for (const name of told) expectSize(this.payload.shape(name)[1], class_names.length, "decoder, of biases a class,");
    const isTold = told.length > 0 || decoder.some(({ inputs }) => inputs?.includes(CLASS));
    this.nClasses = isTold ? class_names.length : 0;
    this.label = isTold ? class_names.indexOf(decoded_as ?? "") : -1;
    this.decoder = new Network(decoder, [this.latentDim], this.payload, this.nClasses, this.workspace);
    expectSize(this.decoder.outputSize, product(this.imageShape), "decoder");
  }

  /** What computes: a word for the frame statistics. */
  get arithmetic(): string {
    const { arithmetic, why } = this.workspace.arena.found;
    return why ? `${arithmetic} (${why})` : arithmetic;
  }

  /** z (K,) to x_hat (C·H·W,) in [0, 1]: a new array. */
  decode(z: ArrayLike<number>): Float32Array {
    return this.decodeShared(z).slice();
  }

  /** The same without allocating: the answer is overwritten by the next call. */
  decodeShared(z: ArrayLike<number>): Float32Array {
    return this.decodeAsShared(z, this.label);
  }

  /** The same as any class that the decoder can be told. One code is often asked for by several: the answer that is still there is given. */
  decodeAsShared(z: ArrayLike<number>, label: number): Float32Array {
    if (this.kept && this.keptLabel === label && this.isKept(z)) return this.kept;
    this.kept = null; // its place is written over
    const x_hat = this.decoder.run(z, this.toMean, label);
    this.keptZ.set(z);
    this.keptLabel = label;
    return (this.kept = x_hat);
  }

  /** The payload's weights have changed: what is asked for from now on is computed with them. */
  weightsChanged(): void {
    this.kept = null;
    this.workspace.take(this.payload);
  }

  private isKept(z: ArrayLike<number>): boolean {
    return z.length === this.latentDim && this.keptZ.every((value, k) => value === z[k]);
  }

  /** n codes (n·K) to n mean pictures, one after the other: overwritten by the next call. Many at once take a fraction of the time. */
  decodeMany(codes: Float32Array, n: number, labels: Labels = this.label): Float32Array {
    this.kept = null;
    return this.decoder.runMany(codes, n, this.toMean, labels);
  }

  /** The same of codes (K,) each: `take` is given all pictures and where its own one begins. */
  decodeEach(
    codes: readonly ArrayLike<number>[],
    take: (x_hat: Float32Array, from: number, i: number) => void,
    labels: Labels = this.label,
  ): void {
    const flat = new Float32Array(codes.length * this.latentDim);
    codes.forEach((z, i) => flat.set(z, i * this.latentDim));
    const x_hat = this.decodeMany(flat, codes.length, labels);
    codes.forEach((_, i) => take(x_hat, i * this.decoder.outputSize, i));
  }

  /** n codes (n·K) to what the likelihood is told of every pixel, logits or places: overwritten by the next call. */
  outputMany(codes: Float32Array, n: number): Float32Array {
    this.kept = null;
    return this.decoder.runMany(codes, n, undefined, this.label);
  }

  /** Log p(x|z), nats, of n outputs for a picture; null where the header does not say all that it depends on. To be asked for once. */
  logLikelihoods(): ReturnType<typeof logLikelihoodsOf> {
    return logLikelihoodsOf(this.payload.header, this.workspace.arena, this.decoder.outputSize);
  }

  /** n pictures (n·C·H·W) in [0, 1] to their posteriors: mu and logvar (n·K), new arrays. */
  encodeMany(pictures: Float32Array, n: number): Posterior {
    this.encoder ??= this.makeEncoder();
    const both = this.encoder.runMany(pictures, n);
    const K = this.latentDim;
    const step = this.encoder.outputSize;
    const [mu, logvar] = [new Float32Array(n * K), new Float32Array(n * K).fill(-Infinity)];
    for (let i = 0; i < n; i++) {
      mu.set(both.subarray(i * step, i * step + K), i * K);
      if (step > K) logvar.set(both.subarray(i * step + K, (i + 1) * step), i * K);
    }
    return { mu, logvar };
  }

  /** x (C·H·W,) in [0, 1] to its posterior: new arrays. */
  encode(x: ArrayLike<number>): Posterior {
    this.encoder ??= this.makeEncoder();
    const both = this.encoder.run(x);
    const mu = both.slice(0, this.latentDim);
    // a deterministic code is a point: variance 0
    const isPoint = both.length === this.latentDim;
    return { mu, logvar: isPoint ? new Float32Array(this.latentDim).fill(-Infinity) : both.slice(this.latentDim) };
  }

  /** Made when it is first needed: unpacking its weights must not delay the first picture. */
  private makeEncoder(): Network {
    const { encoder } = this.payload.header;
    if (!encoder?.length) throw new PayloadError("This map carries no encoder.");
    const network = new Network(encoder, this.imageShape, this.payload, 0, this.workspace);
    if (network.outputSize !== this.latentDim) expectSize(network.outputSize, 2 * this.latentDim, "encoder");
    return network;
  }
}

function expectSize(size: number, wanted: number, which: string): void {
  if (size !== wanted) throw new PayloadError(`The ${which} gives ${size} numbers where ${wanted} are needed.`);
}
