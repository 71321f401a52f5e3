/**
 * How does an autoencoder learn, a step at a time? A seeded order of images for every epoch, draws from a seeded generator, gradients, Adam.
 *
 * The same seed gives the same digits wherever the kernels round alike (plain SIMD); a snapshot holds all that decides the steps to come.
 */

import { PayloadError } from "../../wire/errors";
import { drawWeights, meanImage, startAtMean } from "./first-weights";
import { BLOCKS } from "./parameters";
import { Random } from "./random";
import { DEFAULTS, NotFinite, type Pixels, type Settings, type Snapshot, type Terms, type VaeRecord } from "./records";
import { Vae } from "./vae";

/** Purposes of the seed. */
const WEIGHTS = 1;
const ORDER = 2;
const NOISE = 3;
const EVALUATION = 4;

export interface LearnerOptions {
  readonly seed: number;
  readonly batchSize?: number | undefined;
  readonly settings?: Partial<Settings> | undefined;
}

export class Learner {
  readonly vae: Vae;
  readonly nImages: number;
  readonly stepsPerEpoch: number;
  settings: Settings;
  /** Taken until now. */
  step = 0;
  private seed: number;
  private generator: Random;
  private order: Uint32Array<ArrayBufferLike> = new Uint32Array(0);
  private orderOf = -1;

  constructor(
    record: VaeRecord,
    private readonly images: Pixels,
    { seed, batchSize = 128, settings }: LearnerOptions,
  ) {
    this.vae = new Vae(record, batchSize);
    this.nImages = this.countOf(images);
    const mean = meanImage(images, this.vae.pixels);
    if (mean.some(isBad)) throw new PayloadError("The images hold values that are not finite numbers.");
    this.stepsPerEpoch = Math.ceil(this.nImages / batchSize);
    this.settings = checked({ ...DEFAULTS, ...settings });
    this.seed = seed;
    this.generator = new Random(seed, NOISE);
    drawWeights(record, this.vae.parameters, new Random(seed, WEIGHTS));
    startAtMean(record, this.vae.parameters, mean);
  }

  /** Epochs that are over, and the part of this one. */
  get epoch(): number {
    return this.step / this.stepsPerEpoch;
  }

  /** From the next step on. */
  set(changes: Partial<Settings>): void {
    this.settings = checked({ ...this.settings, ...changes });
  }

  /** One step on the next images; the terms of that batch before it. Raises `NotFinite`, and is then as before. */
  next(): Terms {
    const chosen = this.chosen();
    const before = this.generator.state;
    const noise = this.draws(chosen.length, this.generator);
    try {
      return this.stepOn(chosen, noise);
    } catch (error) {
      this.generator.state = before;
      throw error;
    }
  }

  /** One step on these images with these draws (B·K), null for the posterior's mean. */
  stepOn(chosen: ArrayLike<number>, noise: Float32Array | null): Terms {
    const terms = this.gradients(chosen, noise);
    const { parameters } = this.vae;
    const bad = parameters.notFinite();
    if (bad) throw new NotFinite(`gradient of ${bad}`, parameters.gradient(bad).find(isBad) ?? 0, this.step + 1);
    parameters.adam(this.step + 1, this.settings.learningRate);
    this.step++;
    return terms;
  }

  /** The terms of these images, and of the loss the gradients, which lie in the model's parameters. */
  gradients(chosen: ArrayLike<number>, noise: Float32Array | null): Terms {
    const batch = chosen.length;
    this.write(this.images, chosen);
    const terms = this.vae.forward(batch, noise, this.settings);
    // the KL first: a posterior that is no number makes the reconstruction none
    if (isBad(terms.kl)) throw new NotFinite("KL", terms.kl, this.step + 1);
    if (isBad(terms.reconstruction)) throw new NotFinite("reconstruction", terms.reconstruction, this.step + 1);
    this.vae.backward(batch, noise, this.settings, terms);
    return terms;
  }

  /** Means over all of these images, of one draw each, or at the posterior's mean; the same for every size of batch. */
  evaluate(images: Pixels = this.images): Terms {
    const { capacity, record } = this.vae;
    const n = this.countOf(images);
    const K = record.latentDim;
    const noise = this.draws(n, new Random(this.seed, EVALUATION));
    const klPerDim = new Float64Array(K);
    let reconstruction = 0;
    for (let i = 0; i < n; i += capacity) {
      const batch = Math.min(capacity, n - i);
      this.write(images, range(i, batch));
      const terms = this.vae.forward(batch, noise?.subarray(i * K, (i + batch) * K) ?? null, this.settings);
      reconstruction += (terms.reconstruction * batch) / n;
      for (let k = 0; k < K; k++) klPerDim[k] += (terms.klPerDim[k] * batch) / n;
    }
    const { beta, freeBits } = this.settings;
    const kl = klPerDim.reduce((a, b) => a + b, 0);
    const paid = klPerDim.reduce((sum, each) => sum + Math.max(each, freeBits), 0);
    const loss = reconstruction + (record.isDeterministic ? 0 : beta * paid);
    return { loss, reconstruction, kl, klPerDim: Float32Array.from(klPerDim) };
  }

  /** mu and logvar (or codes alone) of `n` images from number `from` on, written to rows of the two; −∞ where deterministic. */
  encode(images: Pixels, from: number, n: number, mu: Float32Array, logvar: Float32Array): void {
    const { capacity, record } = this.vae;
    const K = record.latentDim;
    for (let i = from; i < from + n; i += capacity) {
      const batch = Math.min(capacity, from + n - i);
      this.write(images, range(i, batch));
      const both = this.vae.encode(batch);
      const row = both.length / batch;
      for (let j = 0; j < batch; j++) {
        mu.set(both.subarray(j * row, j * row + K), (i + j) * K);
        if (row > K) logvar.set(both.subarray(j * row + K, (j + 1) * row), (i + j) * K);
        else logvar.fill(Number.NEGATIVE_INFINITY, (i + j) * K, (i + j + 1) * K);
      }
    }
  }

  snapshot(): Snapshot {
    const { seed, step, settings } = this;
    return { seed, step, settings, generator: this.generator.state, blocks: this.vae.parameters.copies() };
  }

  /** Goes on from there: the same digits as if nothing had been in between. */
  restore({ seed, step, settings, generator, blocks }: Snapshot): void {
    const { parameters } = this.vae;
    if (blocks.length !== BLOCKS || blocks.some(({ length }) => length !== parameters.size))
      throw new PayloadError("This snapshot belongs to another network.");
    if (blocks.some((block) => block.some(isBad)))
      throw new PayloadError("This snapshot holds values that are not finite numbers; no step can be taken from it.");
    [this.seed, this.step, this.settings] = [seed, step, settings];
    this.generator = new Random(seed, NOISE);
    this.generator.state = generator;
    this.orderOf = -1;
    parameters.take(blocks);
  }

  private countOf(images: Pixels): number {
    const { pixels } = this.vae;
    const n = images.length / pixels;
    if (n >= 1 && Number.isInteger(n)) return n;
    throw new PayloadError(`${images.length} numbers are no images of ${pixels} pixels.`);
  }

  /** Places of the next step's images; the last of an epoch are as few as there are left. */
  private chosen(): Uint32Array {
    const epoch = Math.floor(this.step / this.stepsPerEpoch);
    if (epoch !== this.orderOf) {
      this.order = new Random(this.seed, ORDER, epoch).permutation(this.nImages);
      this.orderOf = epoch;
    }
    const from = (this.step % this.stepsPerEpoch) * this.vae.capacity;
    return this.order.subarray(from, from + this.vae.capacity);
  }

  private draws(n: number, generator: Random): Float32Array | null {
    if (this.vae.record.isDeterministic || !this.settings.noise) return null;
    const values = new Float32Array(n * this.vae.record.latentDim);
    generator.fillNormal(values);
    return values;
  }

  private write(images: Pixels, chosen: ArrayLike<number>): void {
    const { vae } = this;
    const { pixels } = vae;
    const n = chosen.length;
    const isBytes = !(images instanceof Float32Array);
    const to = isBytes ? vae.bytes(n) : vae.images(n);
    for (let i = 0; i < n; i++) to.set(images.subarray(chosen[i] * pixels, (chosen[i] + 1) * pixels), i * pixels);
    if (isBytes) vae.takeBytes(n);
  }
}

function isBad(value: number): boolean {
  return !Number.isFinite(value);
}

function range(from: number, n: number): Uint32Array {
  return Uint32Array.from({ length: n }, (_, i) => from + i);
}

/** A step of Adam moves a weight by at most a few times the rate: no weight gets too large for a number before its gradient does. */
const LARGEST_RATE = 100;

/** Settings with which a step can be taken. */
function checked(settings: Settings): Settings {
  for (const name of ["beta", "freeBits"] as const)
    if (!(Number.isFinite(settings[name]) && settings[name] >= 0))
      throw new PayloadError(`${name} is ${settings[name]}; allowed: a number from 0 on.`);
  const { learningRate } = settings;
  if (!(learningRate >= 0 && learningRate <= LARGEST_RATE))
    throw new PayloadError(`learningRate is ${learningRate}; allowed: a number from 0 to ${LARGEST_RATE}.`);
  return settings;
}
