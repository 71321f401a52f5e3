/** What is known of every point besides its class? Columns of numbers, each with a name, a unit and a definition. */

import { type Near, nearestCodes } from "../geometry/nearest-codes";

export interface Quantity {
  readonly id: string;
  readonly name: string;
  /** With formula and source, for a tooltip. */
  readonly definition: string;
  /** (N,); NaN where nothing is known. */
  readonly values: Float32Array;
}

/** Codes and bounds of N points, K latent dimensions. */
export interface PointFacts {
  readonly latentDim: number;
  readonly mu: Float32Array;
  /** (N·K,), or nothing where codes are points. */
  readonly logvar: Float32Array | null;
  /** (N,) nats, or nothing for a model without a bound. */
  readonly elbo: Float32Array | null;
  readonly reconstruction: Float32Array | null;
}

/** The columns that follow from codes and bounds. */
export function quantitiesOf({ latentDim, logvar, elbo, reconstruction, mu }: PointFacts): Quantity[] {
  const found: Quantity[] = [];
  if (elbo)
    found.push({
      id: "elbo",
      name: "ELBO",
      definition:
        "Bound on log p(x) of this image, nats: E_q[log p(x|z)] − KL. Higher is better (Kingma & Welling 2014, eq. 3).",
      values: elbo,
    });
  if (reconstruction)
    found.push({
      id: "reconstruction",
      name: "Reconstruction loss",
      definition:
        "E_q[−log p(x|z)] of this image, nats, summed over pixels, estimated with one draw of z. Lower is better (Kingma & Welling 2014, eq. 3).",
      values: reconstruction,
    });
  if (logvar) {
    found.push(
      later(
        {
          id: "kl",
          name: "KL",
          definition:
            "KL(q(z|x) ‖ p(z)) of this image, nats, summed over latent dimensions: the rate of its code (Kingma & Welling 2014, appendix B).",
        },
        () => klPerPoint(mu, logvar, latentDim),
      ),
    );
    found.push(
      later(
        {
          id: "width",
          name: "Posterior width",
          definition: "Geometric mean over dimensions of σ, the standard deviation of q(z|x), latent units.",
        },
        () => widthPerPoint(logvar, latentDim),
      ),
    );
  }
  return found;
}

/** Computed when it is first asked for: for a million points that must not delay the first picture. */
export function later(what: Omit<Quantity, "values">, make: () => Float32Array): Quantity {
  let made: Float32Array | null = null;
  return {
    ...what,
    get values() {
      return (made ??= make());
    },
  };
}

/** ½ Σ_k μ² + expm1(log σ²) − log σ² of every point: never negative. */
export function klPerPoint(mu: Float32Array, logvar: Float32Array, K: number): Float32Array {
  const n = mu.length / K;
  const out = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let at = i * K; at < (i + 1) * K; at++) sum += mu[at] * mu[at] + Math.expm1(logvar[at]) - logvar[at];
    out[i] = sum / 2;
  }
  return out;
}

function widthPerPoint(logvar: Float32Array, K: number): Float32Array {
  const out = new Float32Array(logvar.length / K);
  for (let i = 0; i < out.length; i++) {
    let sum = 0;
    for (let at = i * K; at < (i + 1) * K; at++) sum += logvar[at];
    out[i] = Math.exp(sum / (2 * K));
  }
  return out;
}

/** Mean over the points of the KL of every dimension, nats (K,). */
export function klPerDim(mu: Float32Array, logvar: Float32Array, K: number): Float64Array {
  const out = new Float64Array(K);
  for (let at = 0; at < mu.length; at++) out[at % K] += mu[at] * mu[at] + Math.expm1(logvar[at]) - logvar[at];
  const n = Math.max(1, mu.length / K);
  return out.map((sum) => sum / (2 * n));
}

/** Variance over the points of the mean of every dimension (K,): an active unit has at least 0.01 (Burda 2016, section 5). */
export function variancePerDim(mu: Float32Array, K: number): Float64Array {
  const n = Math.max(1, mu.length / K);
  const sums = new Float64Array(K);
  for (let at = 0; at < mu.length; at++) sums[at % K] += mu[at];
  const out = new Float64Array(K);
  for (let at = 0; at < mu.length; at++) out[at % K] += (mu[at] - sums[at % K] / n) ** 2;
  return out.map((sum) => sum / n);
}

/** The quantity of which the columns are counted by `PurityJob`. */
const PURITY: Omit<Quantity, "values"> = {
  id: "purity",
  name: "Neighbours of its class",
  definition:
    "Share of the 15 nearest codes (all latent dimensions) that have the point's class: 1 in the middle of a cluster, low on a border.",
};

/**
 * Share of a point's k nearest codes that have its class, for every point, in slices: `work` until a deadline.
 *
 * All K dimensions count, whatever the map shows. `find` is asked for the neighbours; without an index that is N² distances.
 */
export class PurityJob {
  readonly values: Float32Array;
  private next = 0;

  constructor(
    private readonly mu: Float32Array,
    private readonly K: number,
    private readonly labels: ArrayLike<number>,
    private readonly k = 15,
    private readonly find: FindNear = (z, wanted, without) => nearestCodes(mu, K, z, wanted, without),
  ) {
    this.values = new Float32Array(labels.length).fill(Number.NaN);
  }

  get isComplete(): boolean {
    return this.next >= this.values.length;
  }

  get share(): number {
    return this.values.length ? this.next / this.values.length : 1;
  }

  work(deadline: number): void {
    while (!this.isComplete && performance.now() < deadline) {
      const i = this.next++;
      const found = this.find(this.mu.subarray(i * this.K, (i + 1) * this.K), this.k, i);
      let same = 0;
      for (const { index } of found) if (this.labels[index] === this.labels[i]) same++;
      this.values[i] = found.length ? same / found.length : Number.NaN;
    }
  }
}

/** The purity of every point's neighbourhood; the job begins when it is first asked for. */
export function purityOf(job: () => PurityJob): Quantity & { readonly job: PurityJob } {
  return {
    ...PURITY,
    get job() {
      return job();
    },
    get values() {
      return job().values;
    },
  };
}

/** The k codes nearest to z but for one. */
export type FindNear = (z: ArrayLike<number>, k: number, without: number) => readonly Near[];

/** From the smallest to the largest of the middle 96 %: outliers must not wash out a colour scale. */
export function robustRange(values: Float32Array): readonly [number, number] {
  const known = values.filter((value) => Number.isFinite(value)).sort();
  if (known.length === 0) return [0, 1];
  const at = (share: number): number => known[Math.round(share * (known.length - 1))];
  const [low, high] = [at(0.02), at(0.98)];
  return high > low ? [low, high] : [known[0], Math.max(known[known.length - 1], known[0] + 1e-6)];
}

/** The value below which a share 0 … 1 of the finite ones lies; 0 where there is none. */
export function quantile(values: Float32Array, share: number): number {
  const known = values.filter((value) => Number.isFinite(value)).sort();
  return known.length ? known[Math.round(share * (known.length - 1))] : 0;
}

/** Smallest and largest; (0, 0) of nothing. */
export function extremesOf(values: ArrayLike<number>): [least: number, most: number] {
  let [least, most] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    if (values[i] < least) least = values[i];
    if (values[i] > most) most = values[i];
  }
  return least <= most ? [least, most] : [0, 0];
}

/** The numbers of the `count` largest (or smallest) values, among points that `accepts`; the extreme one first. */
export function extremes(
  values: Float32Array,
  count: number,
  largest: boolean,
  accepts: (i: number) => boolean,
): number[] {
  const order: number[] = [];
  for (let i = 0; i < values.length; i++) if (Number.isFinite(values[i]) && accepts(i)) order.push(i);
  order.sort((a, b) => (largest ? values[b] - values[a] : values[a] - values[b]) || a - b);
  return order.slice(0, count);
}

/** The value that a share `q` of `values` does not exceed (nearest rank). */
export function nearestRank(values: readonly number[], q: number): number {
  if (values.length === 0) return 0;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)];
}
