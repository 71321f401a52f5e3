/**
 * Where does a random walk go that stays where the prior is? A smooth one: a mass on a spring in a fluid, one in each dimension.
 *
 * dz = v dt, dv = −ω² z dt − 2ω v dt + 2ω√ω dW (Langevin, critically damped). Its stationary law is z ~ N(0, 1), v ~ N(0, ω²), and it is
 * stepped exactly (a linear equation with Gaussian noise), so the law holds at any frame rate. Unlike Ornstein-Uhlenbeck's z, of which it
 * is the smoothed sibling, z has a velocity: the picture glides and never trembles. The correlation of z after t is (1 + ωt) exp(−ωt).
 */

/** A step of the two numbers of one dimension: (z, v) ← M (z, v) + L (two standard normals). */
export interface Step {
  readonly m: readonly [number, number, number, number];
  /** Lower triangle zz, vz, vv of the noise. */
  readonly l: readonly [number, number, number];
}

/** 1/s: an image is forgotten after a few seconds. */
export const OMEGA = 0.7;
/** Where motion is unwelcome, a still picture for this long. */
export const STILL_MS = 2500;
/** A tab that slept does not catch up. */
const MOST_MS = 250;

/** Exact for any dt (s): M = exp(A dt), noise covariance Σ − M Σ Mᵀ with the stationary Σ = diag(1, ω²). */
export function stepOf(dt: number, omega = OMEGA): Step {
  const fade = Math.exp(-omega * dt);
  const m = [fade * (1 + omega * dt), fade * dt, -fade * omega * omega * dt, fade * (1 - omega * dt)] as const;
  const [a, b, c, d] = m;
  const w = omega * omega;
  const zz = Math.max(0, 1 - a * a - b * b * w);
  const zv = -(a * c + b * d * w);
  const vv = Math.max(0, w - c * c - d * d * w);
  const l0 = Math.sqrt(zz);
  const l1 = l0 > 0 ? zv / l0 : 0;
  return { m, l: [l0, l1, Math.sqrt(Math.max(0, vv - l1 * l1))] };
}

/** What the walk is drawn to: the prior, or, for codes without one, their means and standard deviations. */
export interface Stationary {
  readonly mean: ArrayLike<number>;
  readonly std: ArrayLike<number>;
}

export class RandomWalk {
  isWalking = false;
  private z = new Float64Array(0);
  private v = new Float64Array(0);
  private waited = 0;

  constructor(
    private readonly isStill: () => boolean,
    private readonly normal: () => number = gaussian,
  ) {}

  /** From a code, with a velocity of the stationary law. */
  start(from: ArrayLike<number>, { mean, std }: Stationary): void {
    this.z = Float64Array.from(from, (value, k) => (std[k] > 0 ? (value - mean[k]) / std[k] : 0));
    this.v = Float64Array.from(this.z, () => OMEGA * this.normal());
    this.waited = 0;
    this.isWalking = true;
  }

  stop(): void {
    this.isWalking = false;
  }

  /** Goes on by `ms`; the code where it is then, or null where there is nothing new to show. */
  tick(ms: number, stationary: Stationary): number[] | null {
    if (!this.isWalking) return null;
    if (this.isStill()) {
      this.waited += ms;
      if (this.waited < STILL_MS) return null;
      this.waited = 0;
      this.step(STILL_MS / 1000);
    } else this.step(Math.min(ms, MOST_MS) / 1000);
    return Array.from(this.z, (value, k) => stationary.mean[k] + stationary.std[k] * value);
  }

  private step(dt: number): void {
    const {
      m: [a, b, c, d],
      l: [l0, l1, l2],
    } = stepOf(dt);
    for (let k = 0; k < this.z.length; k++) {
      const [z, v, e, f] = [this.z[k], this.v[k], this.normal(), this.normal()];
      this.z[k] = a * z + b * v + l0 * e;
      this.v[k] = c * z + d * v + l1 * e + l2 * f;
    }
  }
}

/** Mean and standard deviation of each of K columns of codes (N, K). */
export function stationaryOf(mu: Float32Array, latentDim: number): Stationary {
  const n = Math.max(1, mu.length / latentDim);
  const mean = new Float64Array(latentDim),
    std = new Float64Array(latentDim);
  for (let i = 0; i < mu.length; i++) mean[i % latentDim] += mu[i] / n;
  for (let i = 0; i < mu.length; i++) std[i % latentDim] += (mu[i] - mean[i % latentDim]) ** 2 / n;
  return { mean, std: std.map(Math.sqrt) };
}

/** Box & Muller 1958. */
function gaussian(): number {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}
