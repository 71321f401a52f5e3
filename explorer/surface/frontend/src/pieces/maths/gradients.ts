/**
 * How noisy is a gradient? Two unbiased estimators of d/dθ E[z²], z ~ N(θ, 1), which is 2θ.
 *
 * Score function: the mean of z² (z − θ), because (z − θ) is d/dθ log N(z; θ, 1) (Williams 1992). Pathwise: the mean of 2z, because
 * z = θ + ε with ε ~ N(0, 1) (Kingma & Welling 2014). With ε: E[(θ + ε)⁴ ε²] − (2θ)² = θ⁴ + 18 θ² + 15 − 4 θ² is the variance of the
 * first for one draw, by the moments 1, 3, 15 of ε², ε⁴, ε⁶; of the second it is 4. With the baseline b = E[z²] = θ² + 1 subtracted, the
 * first is (2θε + ε² − 1) ε, whose variance is 12 θ² + 10 − 4 θ².
 */

import { Random } from "../../engine/learning/random";

export const SIZES = [1, 10, 100, 1000, 10_000, 100_000] as const;
export const REPEATS = 100;
const BLOCK = 4096;

export type Kind = "score" | "baseline" | "pathwise";

/** Of one draw. */
export function varianceOf(kind: Kind, theta: number): number {
  if (kind === "pathwise") return 4;
  return kind === "score" ? theta ** 4 + 14 * theta ** 2 + 15 : 8 * theta ** 2 + 10;
}

export interface Estimates {
  readonly n: number;
  /** One of each repeat. */
  readonly of: Readonly<Record<Kind, Float64Array>>;
}

/** All repeats of all sizes, in slices; both estimators see the same draws. */
export class Simulation {
  readonly finished: Estimates[] = [];
  private readonly random: Random;
  private readonly draws = new Float32Array(BLOCK);
  private repeat = 0;
  private left = 0;
  /** Σ ε, Σ z² ε and Σ z of the repeat in work. */
  private sums = [0, 0, 0];
  private now: Estimates | null = null;

  constructor(
    private readonly theta: number,
    seed: number,
  ) {
    this.random = new Random(seed);
  }

  get isComplete(): boolean {
    return this.finished.length === SIZES.length;
  }

  get share(): number {
    const all = SIZES.reduce<number>((sum, n) => sum + n, 0);
    const done = this.finished.reduce((sum, { n }) => sum + n, 0);
    return (done + ((this.now?.n ?? 0) * this.repeat) / REPEATS) / all;
  }

  /** Whether there is more. */
  work(deadline: number): boolean {
    while (!this.isComplete) {
      this.draw();
      if (performance.now() >= deadline) return !this.isComplete;
    }
    return false;
  }

  private draw(): void {
    this.now ??= begun(SIZES[this.finished.length]);
    const { now, sums, theta, draws } = this;
    if (this.left === 0) this.left = now.n;
    const count = Math.min(BLOCK, this.left);
    const some = draws.subarray(0, count);
    this.random.fillNormal(some);
    for (let i = 0; i < count; i++) {
      const z = theta + some[i];
      sums[0] += some[i];
      sums[1] += z * z * some[i];
      sums[2] += z;
    }
    this.left -= count;
    if (this.left > 0) return;
    now.of.score[this.repeat] = sums[1] / now.n;
    now.of.baseline[this.repeat] = (sums[1] - (theta * theta + 1) * sums[0]) / now.n;
    now.of.pathwise[this.repeat] = (2 * sums[2]) / now.n;
    this.sums = [0, 0, 0];
    this.repeat++;
    if (this.repeat < REPEATS) return;
    this.finished.push(now);
    this.repeat = 0;
    this.now = null;
  }
}

function begun(n: number): Estimates {
  const empty = (): Float64Array => new Float64Array(REPEATS);
  return { n, of: { score: empty(), baseline: empty(), pathwise: empty() } };
}

/** Mean and standard deviation of estimates. */
export function spread(values: Float64Array): { readonly mean: number; readonly deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)) };
}
