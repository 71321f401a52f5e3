/**
 * How does a learner share its time between learning and telling? In slices: some steps, then what the page shows, at most forty times a
 * second, and not before the page has taken in what came before.
 */

import { arithmetic, undecided, use } from "../kernels";
import { Learner } from "./learner";
import type { FromLearner, Start, ToLearner } from "./messages";
import { NotFinite, type Pixels, type Terms } from "./records";

/** Where it runs: a worker, or a page in slices of time. */
export interface Host {
  post(message: FromLearner, transfer: Transferable[]): void;
  hear(take: (message: ToLearner) => void): void;
  /** Runs it after messages that are waiting. */
  later(run: () => void): void;
  /** How long it may be busy at a time. */
  readonly sliceMs: number;
}

const BETWEEN_TOLD_MS = 25;
/** Of these at most are spent on the codes of the shown images. */
const CODES_MS = 4;
const MOST_SHOWN = 2000;

/**
 * Takes messages from now on. A page that compiles only in its own time hears them when it has compiled: what learns keeps the arithmetic with
 * which it began.
 */
export function start(host: Host): void {
  let work: Work | null = null;
  let held: ToLearner[] | null = null;
  const take = (message: ToLearner): void => {
    try {
      if (message.kind === "start") {
        work?.pause();
        work = new Work(host, message);
      } else work?.take(message);
    } catch (error) {
      tellStopped(host, error, message.kind === "start");
    }
  };
  host.hear((message) => {
    if (held) return void held.push(message);
    const decided = undecided();
    if (!decided) return take(message);
    held = [message];
    void decided.then(() => {
      const all = held ?? [];
      held = null;
      all.forEach(take);
    });
  });
  host.post({ kind: "here" }, []);
}

class Work {
  private readonly learner: Learner;
  private readonly codes: Codes;
  private readonly sums: Sums;
  private left = 0;
  private isWaiting = false;
  private isSeen = true;
  private toldAt = 0;

  constructor(
    private readonly host: Host,
    { record, images, shown, seed, batchSize, settings, isExact }: Start,
  ) {
    if (isExact && arithmetic().arithmetic === "relaxed") use("simd");
    this.learner = new Learner(record, images, { seed, batchSize, settings });
    const { vae, nImages, stepsPerEpoch } = this.learner;
    this.codes = new Codes(this.learner, shown ?? images.subarray(0, MOST_SHOWN * vae.pixels));
    this.sums = new Sums(record.latentDim);
    const { places } = vae.parameters;
    host.post({ kind: "ready", places, nImages, stepsPerEpoch, arithmetic: arithmetic().arithmetic }, []);
    this.tellAll();
  }

  take(message: Exclude<ToLearner, Start>): void {
    const { learner, host } = this;
    switch (message.kind) {
      case "train":
        return this.run(Number.POSITIVE_INFINITY);
      case "step":
        return this.run(message.steps);
      case "epoch":
        return this.run(learner.stepsPerEpoch - (learner.step % learner.stepsPerEpoch));
      case "pause":
        this.pause();
        return this.tellAll();
      case "set":
        return learner.set(message.settings);
      case "seen":
        this.isSeen = true;
        return;
      case "snapshot": {
        const snapshot = learner.snapshot();
        this.codes.refresh();
        const [mu, logvar] = [this.codes.mu.slice(), this.codes.logvar.slice()];
        const buffers = [...snapshot.blocks, mu, logvar].map(({ buffer }) => buffer);
        return host.post({ kind: "snapshot", snapshot, mu, logvar }, buffers);
      }
      case "restore":
        learner.restore(message.snapshot);
        this.sums.forget();
        return this.tellAll();
      case "evaluate":
        return host.post({ kind: "evaluation", terms: learner.evaluate(message.images), step: learner.step }, []);
    }
  }

  pause(): void {
    this.left = 0;
  }

  private run(steps: number): void {
    this.left = steps;
    this.goOn();
  }

  private goOn(): void {
    if (this.isWaiting) return;
    this.isWaiting = true;
    this.host.later(() => {
      this.isWaiting = false;
      if (this.left > 0) this.slice();
    });
  }

  private slice(): void {
    const end = performance.now() + this.host.sliceMs;
    try {
      do {
        this.sums.add(this.learner.next());
        this.left--;
      } while (this.left > 0 && performance.now() < end);
    } catch (error) {
      this.pause();
      tellStopped(this.host, error);
    }
    if (this.left <= 0) return this.tellAll();
    if (this.isSeen && performance.now() - this.toldAt >= BETWEEN_TOLD_MS) {
      this.codes.refreshFor(CODES_MS);
      this.tell();
    }
    this.goOn();
  }

  /** Where it stands still every code is that of the weights. */
  private tellAll(): void {
    this.codes.refresh();
    this.tell();
  }

  private tell(): void {
    const { learner, codes } = this;
    const { step, epoch, settings } = learner;
    const [mu, logvar] = [codes.mu.slice(), codes.logvar.slice()];
    const weights = learner.vae.parameters.copyOfWeights();
    const terms = this.sums.mean();
    this.sums.forget();
    this.toldAt = performance.now();
    this.isSeen = false;
    this.host.post({ kind: "progress", step, epoch, isRunning: this.left > 0, settings, terms, mu, logvar, weights }, [
      mu.buffer,
      logvar.buffer,
      weights.buffer,
    ]);
  }
}

function tellStopped(host: Host, error: unknown, isStart = false): void {
  const sentence = error instanceof Error ? error.message : String(error);
  const term = error instanceof NotFinite ? error.term : "";
  host.post({ kind: "stopped", term, sentence, ...(isStart ? { isStart } : {}) }, []);
}

/** Posteriors of the shown images, a part of them made anew at a time. */
class Codes {
  readonly mu: Float32Array<ArrayBuffer>;
  readonly logvar: Float32Array<ArrayBuffer>;
  private readonly n: number;
  private next = 0;
  private msPerImage = 0;

  constructor(
    private readonly learner: Learner,
    private readonly images: Pixels,
  ) {
    const { pixels, record } = learner.vae;
    this.n = Math.floor(images.length / pixels);
    this.mu = new Float32Array(this.n * record.latentDim);
    this.logvar = new Float32Array(this.n * record.latentDim);
  }

  refresh(): void {
    this.make(0, this.n);
    this.next = 0;
  }

  /** As many as take about so long. */
  refreshFor(ms: number): void {
    const most = this.msPerImage > 0 ? Math.ceil(ms / this.msPerImage) : this.n;
    const first = Math.min(most, this.n - this.next);
    this.make(this.next, first);
    const second = Math.min(most, this.n) - first;
    this.make(0, second);
    this.next = second > 0 ? second : (this.next + first) % this.n;
  }

  private make(from: number, n: number): void {
    if (n <= 0) return;
    const began = performance.now();
    this.learner.encode(this.images, from, n, this.mu, this.logvar);
    this.msPerImage = (performance.now() - began) / n;
  }
}

/** Terms of steps, added up. */
class Sums {
  private steps = 0;
  private loss = 0;
  private reconstruction = 0;
  private kl = 0;
  private readonly klPerDim: Float64Array;

  constructor(latentDim: number) {
    this.klPerDim = new Float64Array(latentDim);
  }

  add({ loss, reconstruction, kl, klPerDim }: Terms): void {
    this.steps++;
    this.loss += loss;
    this.reconstruction += reconstruction;
    this.kl += kl;
    klPerDim.forEach((value, k) => {
      this.klPerDim[k] += value;
    });
  }

  mean(): Terms | null {
    const { steps, loss, reconstruction, kl } = this;
    if (!steps) return null;
    const klPerDim = Float32Array.from(this.klPerDim, (sum) => sum / steps);
    return { loss: loss / steps, reconstruction: reconstruction / steps, kl: kl / steps, klPerDim };
  }

  forget(): void {
    [this.steps, this.loss, this.reconstruction, this.kl] = [0, 0, 0, 0];
    this.klPerDim.fill(0);
  }
}
