/** What does a Gaussian of one's own cost? Both terms of the bound, by Gauss–Hermite quadrature through the decoder. */

import type { LogDensity } from "./density";

/** An axis-aligned Gaussian on the plane. */
export interface Gaussian {
  readonly mu: readonly [number, number];
  readonly sigma: readonly [number, number];
}

/** Nodes u and weights, which add up to 1, of E[f(u)] for u ~ N(0, 1). */
export interface Rule {
  readonly points: Float64Array;
  readonly weights: Float64Array;
}

export interface Terms {
  /** E_q log p(x|z), nats. */
  readonly reconstruction: number;
  /** KL(q ‖ N(0, I)), nats. */
  readonly rate: number;
  /** E_q log p(x|z) − KL(q ‖ p), nats. */
  readonly bound: number;
}

/** Of the bound by mean and by log σ, of either axis. */
export interface Slope {
  readonly mu: readonly [number, number];
  readonly logSigma: readonly [number, number];
}

const rules = new Map<number, Rule>();

/**
 * n points: exact for polynomials up to degree 2n − 1. The roots of the Hermite polynomial Heₙ by bisection between those of Heₙ₋₁, which
 * they interlace; weights (n−1)! / (n Heₙ₋₁(u)²), with functions normalised so that nothing overflows.
 */
export function hermiteRule(n: number): Rule {
  const known = rules.get(n);
  if (known) return known;
  let roots: number[] = [];
  for (let degree = 1; degree <= n; degree++) roots = nextRoots(roots, degree);
  const points = Float64Array.from(roots);
  const weights = points.map((u) => 1 / (n * hermite(n - 1, u) ** 2));
  const rule = { points, weights };
  rules.set(n, rule);
  return rule;
}

/** Heₙ(u) / √n!. */
function hermite(n: number, u: number): number {
  let [before, now] = [0, 1];
  for (let k = 1; k <= n; k++) [before, now] = [now, (u * now - Math.sqrt(k - 1) * before) / Math.sqrt(k)];
  return now;
}

function nextRoots(before: readonly number[], degree: number): number[] {
  const far = 2 * Math.sqrt(degree) + 1; // beyond the largest root
  const borders = [-far, ...before, far];
  return Array.from({ length: degree }, (_, i) => {
    let [low, high] = [borders[i], borders[i + 1]];
    const sign = Math.sign(hermite(degree, high));
    for (let step = 0; step < 80; step++) {
      const middle = 0.5 * (low + high);
      if (Math.sign(hermite(degree, middle)) === sign) high = middle;
      else low = middle;
    }
    return 0.5 * (low + high);
  });
}

/** KL(q ‖ N(0, I)), nats. */
export function klToPrior({ mu, sigma }: Gaussian): number {
  return [0, 1].reduce((sum, k) => sum + 0.5 * (mu[k] ** 2 + sigma[k] ** 2 - 1) - Math.log(sigma[k]), 0);
}

/** log p(x|z) at the n × n points of a Gaussian, row by row. */
function atNodes(q: Gaussian, { points }: Rule, logLikelihood: LogDensity): ArrayLike<number> {
  const n = points.length;
  const places = new Float32Array(2 * n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      places.set([q.mu[0] + q.sigma[0] * points[i], q.mu[1] + q.sigma[1] * points[j]], 2 * (i * n + j));
  return logLikelihood(places, n * n);
}

export function termsOf(q: Gaussian, rule: Rule, logLikelihood: LogDensity): Terms {
  return termsAndSlope(q, rule, logLikelihood).terms;
}

/**
 * The terms and how the bound rises. By mean: E[f u] / σ − μ; by log σ: E[f (u² − 1)] + 1 − σ², with f = log p(x|z) and u = (z − μ)/σ: the
 * expectations need no derivative of the decoder.
 */
export function termsAndSlope(
  q: Gaussian,
  rule: Rule,
  logLikelihood: LogDensity,
): { readonly terms: Terms; readonly slope: Slope } {
  const { points, weights } = rule;
  const n = points.length;
  const f = atNodes(q, rule, logLikelihood);
  const middle = f[Math.floor((n * n) / 2)]; // taken away where it counts nothing, so that large values do not eat the digits
  let reconstruction = 0;
  const [first, second] = [
    [0, 0],
    [0, 0],
  ];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const weight = weights[i] * weights[j];
      const value = f[i * n + j] - middle;
      reconstruction += weight * value;
      [points[i], points[j]].forEach((u, k) => {
        first[k] += weight * value * u;
        second[k] += weight * value * (u * u - 1);
      });
    }
  }
  reconstruction += middle;
  const rate = klToPrior(q);
  const { mu, sigma } = q;
  return {
    terms: { reconstruction, rate, bound: reconstruction - rate },
    slope: {
      mu: [first[0] / sigma[0] - mu[0], first[1] / sigma[1] - mu[1]],
      logSigma: [second[0] + 1 - sigma[0] ** 2, second[1] + 1 - sigma[1] ** 2],
    },
  };
}
