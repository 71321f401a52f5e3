/**
 * What is the loss of a batch, and which way does it fall? Forward and backward through encoder, drawn code and decoder.
 *
 * Loss = mean over the batch of −log p(x|z) + β Σ max(KL, free bits); z = mu + σ ε. Gradients are made of the same numbers in the arena.
 */

import { PayloadError } from "../../wire/errors";
import { product } from "../../wire/payload";
import { Arena } from "../arena";
import { type Graph, planGraph } from "../graph";
import type { Compute, Gradients, Planned, Tensor } from "../plan";
import { expectLearnable, learnOf } from "./gradients/index";
import { expm1 } from "./numeric";
import { Parameters } from "./parameters";
import type { Settings, Terms, VaeRecord } from "./records";

const LOG_2_PI = 1.8378770664093453;
export const LOG_SIGMA = "log_sigma";

export class Vae {
  readonly parameters: Parameters;
  /** Numbers of an image. */
  readonly pixels: number;
  private readonly arena = new Arena();
  private readonly encoder: Graph;
  private readonly decoder: Graph;
  private readonly rooms: GradientRooms;
  private readonly backDecoder: Compute;
  private readonly backEncoder: Compute;
  private readonly target: number;
  /** Room for the images of a batch as bytes. */
  private readonly raw: number;
  /** Of the last batch's posteriors (B·K): σ, and σ² − 1. */
  private readonly sigmas: Float32Array;
  private readonly excess: Float32Array;
  /** Of the last `forward`, by log σ. */
  private sigmaGradient = 0;

  constructor(
    readonly record: VaeRecord,
    /** Images at once. */
    readonly capacity: number,
  ) {
    const { arena } = this;
    const { imageShape, latentDim, learnsSigma, sigma } = record;
    if (!(Number.isInteger(capacity) && capacity >= 1))
      throw new PayloadError(`The batch has ${capacity} images; allowed: a whole number from 1 on.`);
    if (!(Number.isFinite(sigma) && sigma > 0)) throw new PayloadError(`sigma is ${sigma}; allowed: a number above 0.`);
    this.pixels = product(imageShape);
    this.parameters = new Parameters(arena, { ...record.shapes, ...(learnsSigma ? { [LOG_SIGMA]: [1] } : {}) });
    const weights = this.parameters;
    expectLearnable([...record.encoder, ...record.decoder]);
    const options = { arena, weights, addresses: weights.addresses, capacity, learns: true, learnOf };
    this.encoder = planGraph(record.encoder, imageShape, options);
    this.decoder = planGraph(record.decoder, [latentDim], options);
    expectSize("encoder", this.encoder.output.size, record.isDeterministic ? latentDim : 2 * latentDim);
    expectSize("decoder", this.decoder.output.size, this.pixels);
    this.target = this.encoder.input.at;
    this.raw = arena.floatsOf(Math.ceil((capacity * this.pixels) / 4));
    // nobody asks for the gradient of the images, in whatever shape; of codes that are the images it has to lie somewhere
    const asked = [this.encoder, this.decoder].flatMap(({ planned }) => planned.map(({ y }) => y));
    const { output } = this.encoder;
    const tensors = [this.decoder.input, output, ...asked].filter(({ at }) => at !== this.target || at === output.at);
    this.rooms = new GradientRooms(arena, capacity, tensors, weights);
    this.backDecoder = backward(this.decoder.planned, record.decoder, this.rooms);
    this.backEncoder = backward(this.encoder.planned, record.encoder, this.rooms);
    this.sigmas = new Float32Array(capacity * latentDim);
    this.excess = new Float32Array(capacity * latentDim);
  }

  /** Where the images of a batch are written. */
  images(batch: number): Float32Array {
    return this.arena.at(this.target, batch * this.pixels);
  }

  /** Where they are written as bytes, which `takeBytes` makes numbers of. */
  bytes(batch: number): Uint8Array {
    return new Uint8Array(this.arena.floats.buffer, this.raw, batch * this.pixels);
  }

  takeBytes(batch: number): void {
    this.arena.kernels.fromBytes(batch * this.pixels, this.raw, this.target);
  }

  /** mu and logvar of the images that were written (or codes alone, where deterministic), one row an image; a view. */
  encode(batch: number): Float32Array {
    this.encoder.forward(batch);
    return this.arena.at(this.encoder.output.at, batch * this.encoder.output.size);
  }

  /** The terms of the images that were written, given draws ε (B·K), or null for the posterior's mean. */
  forward(batch: number, noise: Float32Array | null, settings: Settings): Terms {
    const klPerDim = this.draw(batch, this.encode(batch), noise);
    this.decoder.forward(batch);
    const reconstruction = this.reconstruction(batch);
    const kl = klPerDim.reduce((a, b) => a + b, 0);
    const paid = klPerDim.reduce((sum, each) => sum + Math.max(each, settings.freeBits), 0);
    const cost = this.record.isDeterministic ? 0 : settings.beta * paid;
    return { loss: reconstruction + cost, reconstruction, kl, klPerDim };
  }

  /** The gradients of the loss that `forward` has just given, for the same arguments. */
  backward(batch: number, noise: Float32Array | null, settings: Settings, { klPerDim }: Terms): void {
    this.parameters.forgetGradients();
    this.rooms.forget(batch, this.decoder.output);
    this.backDecoder(batch);
    this.throughDraw(batch, noise, settings, klPerDim);
    this.backEncoder(batch);
  }

  get sigma(): number {
    const { learnsSigma, sigma } = this.record;
    return learnsSigma ? expm1(this.parameters.floats(LOG_SIGMA)[0]) + 1 : sigma;
  }

  /** Writes the codes; mean KL of each dimension. */
  private draw(batch: number, posterior: Float32Array, noise: Float32Array | null): Float32Array {
    const K = this.record.latentDim;
    const codes = this.arena.at(this.decoder.input.at, batch * K);
    if (this.record.isDeterministic) {
      codes.set(posterior);
      return new Float32Array(K);
    }
    const sums = new Float64Array(K);
    for (let i = 0; i < batch; i++) {
      for (let k = 0; k < K; k++) {
        const mu = posterior[2 * i * K + k];
        const logvar = posterior[(2 * i + 1) * K + k];
        const excess = expm1(logvar);
        const sigma = Math.sqrt(excess + 1);
        sums[k] += 0.5 * (mu * mu + excess - logvar);
        this.excess[i * K + k] = excess;
        this.sigmas[i * K + k] = sigma;
        codes[i * K + k] = noise ? mu + sigma * noise[i * K + k] : mu;
      }
    }
    return Float32Array.from(sums, (sum) => sum / batch);
  }

  /** Mean −log p(x|z), its gradient written to where the decoder's begins. */
  private reconstruction(batch: number): number {
    const { kernels } = this.arena;
    const output = this.decoder.output.at;
    const gradient = this.rooms.of(this.decoder.output);
    const n = batch * this.pixels;
    if (this.record.likelihood === "bernoulli")
      return kernels.bernoulli(n, output, this.target, gradient, 1 / batch) / batch;
    const variance = this.sigma ** 2;
    const squares = kernels.squares(n, output, this.target, gradient, 1 / (variance * batch)) / batch / variance;
    if (this.record.learnsSigma) this.sigmaGradient = this.pixels - squares;
    const logSigma = this.record.learnsSigma ? this.parameters.floats(LOG_SIGMA)[0] : Math.log(this.sigma);
    return this.pixels * (0.5 * LOG_2_PI + logSigma) + 0.5 * squares;
  }

  /** Through z = mu + σ ε and the KL, to where the encoder's gradients begin. */
  private throughDraw(batch: number, noise: Float32Array | null, settings: Settings, klPerDim: Float32Array): void {
    const K = this.record.latentDim;
    if (this.record.learnsSigma) this.parameters.gradient(LOG_SIGMA)[0] = this.sigmaGradient;
    const byCode = this.arena.at(this.rooms.of(this.decoder.input), batch * K);
    const by = this.arena.at(this.rooms.of(this.encoder.output), batch * this.encoder.output.size);
    if (this.record.isDeterministic) {
      by.set(byCode);
      return;
    }
    const posterior = this.arena.at(this.encoder.output.at, batch * 2 * K);
    const { beta, freeBits } = settings;
    const costs = Array.from(klPerDim, (kl) => (!freeBits || kl > freeBits ? beta / batch : 0));
    for (let i = 0; i < batch; i++) {
      for (let k = 0; k < K; k++) {
        const [mu, logvar, code] = [2 * i * K + k, (2 * i + 1) * K + k, i * K + k];
        const slope = byCode[code];
        const drawn = noise ? 0.5 * slope * this.sigmas[code] * noise[code] : 0;
        by[mu] = slope + costs[k] * posterior[mu];
        by[logvar] = drawn + 0.5 * costs[k] * this.excess[code];
      }
    }
  }
}

/** Room for the gradients of tensors, by address: a tensor in another shape shares its own. */
class GradientRooms implements Gradients {
  private readonly rooms = new Map<number, { at: number; size: number }>();

  constructor(
    private readonly arena: Arena,
    capacity: number,
    tensors: readonly Tensor[],
    private readonly parameters: Parameters,
  ) {
    for (const { at, size } of tensors)
      if (!this.rooms.has(at)) this.rooms.set(at, { at: arena.floatsOf(capacity * size), size });
  }

  of({ at }: Tensor): number {
    return this.rooms.get(at)?.at ?? 0;
  }

  ofWeight(name: string): number {
    return this.parameters.gradientAddress(name);
  }

  /** All but that of one tensor, which has been written. */
  forget(batch: number, written: Tensor): void {
    const kept = this.of(written);
    for (const { at, size } of this.rooms.values()) if (at !== kept) this.arena.at(at, batch * size).fill(0);
  }
}

function backward(planned: readonly Planned[], ops: VaeRecord["encoder"], gradients: Gradients): Compute {
  const steps = planned.flatMap(({ forward, learn }, i) => {
    if (forward && !learn) throw new PayloadError(`This page cannot learn the layer “${ops[i].op}”.`);
    return learn ? [learn(gradients)] : [];
  });
  steps.reverse();
  return (batch) => {
    for (const step of steps) step(batch);
  };
}

function expectSize(network: string, found: number, wanted: number): void {
  if (found === wanted) return;
  throw new PayloadError(`The ${network} gives ${found} numbers, and ${wanted} are wanted.`);
}
