/**
 * What is p(x), by throwing? Running estimates log (1/N) Σₙ wₙ of several repeats, with w = p(x|z) for z ~ p(z), or
 * w = p(x|z) p(z) / q(z) for z ~ q(z) (importance sampling). The mean of w is p(x), and so, by Jensen, E log (1/N) Σ w ≤ log p(x).
 */

import { Random } from "../../engine/learning/random";
import type { Point } from "../../wire/schema";
import { type LogDensity, logPrior } from "./density";
import type { Gaussian } from "./gaussian";

export const REPEATS = 8;
/** Of each repeat. */
export const MOST_DARTS = 100_000;
const PER_DECADE = 24;
const AT_ONCE = 16;
const LOG_2PI = Math.log(2 * Math.PI);
/** Darts of the first repeat that are shown. */
const SHOWN = 400;

/** Where a dart fell, and its weight. */
export interface Dart {
  readonly at: Point;
  readonly logWeight: number;
}

/** N, and the estimate of every repeat. */
export interface Mark {
  readonly n: number;
  readonly estimates: readonly number[];
}

export class Darts {
  n = 0;
  readonly marks: Mark[] = [];
  /** The last ones of the first repeat, and of all of its darts the one of most weight. */
  shown: readonly Dart[] = [];
  heaviest: Dart | null = null;
  private readonly random: Random;
  private readonly sums = Array.from({ length: REPEATS }, () => ({ shift: -Infinity, sum: 0 }));
  private nextMark = 1;
  private markNumber = 0;

  /** q: where the darts are thrown; null for the prior. */
  constructor(
    private readonly logLikelihood: LogDensity,
    private readonly q: Gaussian | null,
    seed: number,
  ) {
    this.random = new Random(seed);
  }

  /** Of every repeat, now. */
  estimates(): readonly number[] {
    return this.sums.map(({ shift, sum }) => shift + Math.log(sum) - Math.log(this.n));
  }

  /** A few more in each repeat, up to the next mark and to `most` in all. */
  throwSome(most = MOST_DARTS): void {
    const count = Math.min(AT_ONCE, this.nextMark - this.n, most - this.n);
    if (count < 1) return;
    const noise = new Float32Array(2 * REPEATS * count);
    this.random.fillNormal(noise);
    const places = this.q ? placed(noise, this.q) : noise;
    const scores = this.logLikelihood(places, REPEATS * count);
    const fallen: Dart[] = [];
    for (let i = 0; i < REPEATS * count; i++) {
      const at: Point = [places[2 * i], places[2 * i + 1]];
      const logWeight = scores[i] + (this.q ? logPrior(at[0], at[1]) - logOf(this.q, noise, i) : 0);
      add(this.sums[i % REPEATS], logWeight);
      if (i % REPEATS === 0) fallen.push({ at, logWeight });
    }
    this.n += count;
    this.keep(fallen);
    if (this.n >= this.nextMark) this.mark();
  }

  private keep(fallen: readonly Dart[]): void {
    this.shown = [...this.shown, ...fallen].slice(-SHOWN);
    for (const dart of fallen) if (!this.heaviest || dart.logWeight > this.heaviest.logWeight) this.heaviest = dart;
  }

  private mark(): void {
    this.marks.push({ n: this.n, estimates: this.estimates() });
    while (this.nextMark <= this.n) this.nextMark = Math.round(10 ** (++this.markNumber / PER_DECADE));
  }
}

function placed(noise: Float32Array, { mu, sigma }: Gaussian): Float32Array {
  return noise.map((u, i) => mu[i % 2] + sigma[i % 2] * u);
}

/** log q(z) of the i-th. */
function logOf({ sigma }: Gaussian, noise: Float32Array, i: number): number {
  return -0.5 * (noise[2 * i] ** 2 + noise[2 * i + 1] ** 2) - LOG_2PI - Math.log(sigma[0] * sigma[1]);
}

/** Σ e^value, kept below overflow. */
function add(total: { shift: number; sum: number }, value: number): void {
  if (value > total.shift) {
    total.sum = total.sum * Math.exp(total.shift - value) + 1;
    total.shift = value;
  } else total.sum += Math.exp(value - total.shift);
}
