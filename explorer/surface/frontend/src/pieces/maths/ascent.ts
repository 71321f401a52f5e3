/** Which Gaussian is best for this one image? Natural gradient ascent on its bound, a step at a time; a step never lowers it. */

import type { LogDensity } from "./density";
import { type Gaussian, type Rule, type Slope, type Terms, termsAndSlope, termsOf } from "./gaussian";

const FIRST_RATE = 0.5;
const LARGEST_RATE = 1;
const SMALLEST_RATE = 1e-4;
/** A mean moves at most so many σ in a step, a log σ at most so far. */
const MOST_MOVE = 1.5;
const MOST_STRETCH = 0.4;
/** Nats: a step that gains less is the last. */
const LEAST_GAIN = 1e-5;
export const LEAST_SIGMA = 1e-3;
export const MOST_SIGMA = 3;

export class Ascent {
  terms: Terms;
  isDone = false;
  steps = 0;
  private slope: Slope;
  private rate = FIRST_RATE;

  constructor(
    public q: Gaussian,
    private readonly rule: Rule,
    private readonly logLikelihood: LogDensity,
  ) {
    ({ terms: this.terms, slope: this.slope } = termsAndSlope(q, rule, logLikelihood));
  }

  /** One step along the gradient measured by the Gaussian's own width (Fisher: 1/σ² of a mean, 2 of log σ), halved until the bound rises. */
  step(): void {
    for (; this.rate >= SMALLEST_RATE; this.rate /= 2) {
      const next = this.moved();
      const terms = termsOf(next, this.rule, this.logLikelihood);
      const gain = terms.bound - this.terms.bound;
      if (gain < 0 || !Number.isFinite(gain)) continue;
      this.q = next;
      this.steps++;
      this.isDone = gain < LEAST_GAIN;
      ({ terms: this.terms, slope: this.slope } = termsAndSlope(next, this.rule, this.logLikelihood));
      this.rate = Math.min(LARGEST_RATE, 1.5 * this.rate);
      return;
    }
    this.isDone = true;
  }

  private moved(): Gaussian {
    const { q, slope, rate } = this;
    const clipped = (value: number, most: number): number => Math.max(-most, Math.min(most, value));
    const mu = q.mu.map((m, k) => m + q.sigma[k] * clipped(rate * q.sigma[k] * slope.mu[k], MOST_MOVE));
    const sigma = q.sigma.map((s, k) => {
      const wanted = s * Math.exp(clipped(0.5 * rate * slope.logSigma[k], MOST_STRETCH));
      return Math.min(MOST_SIGMA, Math.max(LEAST_SIGMA, wanted));
    });
    return { mu: [mu[0], mu[1]], sigma: [sigma[0], sigma[1]] };
  }
}
