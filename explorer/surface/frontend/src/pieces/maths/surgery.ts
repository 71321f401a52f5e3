/**
 * What does the KL consist of? On a line, by the trapezoid rule: (1/N) Σₙ KL(q(z|xₙ) ‖ p) = I(n; z) + KL(q(z) ‖ p), with q(z) the mean of
 * the q(z|xₙ) (Hoffman & Johnson 2016).
 */

import { normalQuantile } from "../../geometry/normal";

/** q(z|xₙ) of an image. */
export interface Code {
  readonly mu: number;
  readonly sigma: number;
}

export interface Parts {
  /** The mean of KL(q(z|xₙ) ‖ N(0, 1)), nats, by its formula. */
  readonly rate: number;
  /** I(n; z) = (1/N) Σₙ KL(q(z|xₙ) ‖ q(z)), nats. */
  readonly information: number;
  /** KL(q(z) ‖ N(0, 1)), nats. */
  readonly marginal: number;
}

export const FEWEST = 2;
export const MOST = 8;
export const FAR = 4.5;
export const NARROWEST = 0.06;
export const WIDEST = 2.5;
const REACH = 8;
const STEP = 0.01;
const LOG_ROOT_2PI = 0.5 * Math.log(2 * Math.PI);

export function logDensity(z: number, { mu, sigma }: Code): number {
  return -0.5 * ((z - mu) / sigma) ** 2 - Math.log(sigma) - LOG_ROOT_2PI;
}

/** q(z). */
export function aggregate(z: number, codes: readonly Code[]): number {
  return codes.reduce((sum, code) => sum + Math.exp(logDensity(z, code)), 0) / codes.length;
}

export function partsOf(codes: readonly Code[]): Parts {
  const n = codes.length;
  const low = Math.min(...codes.map(({ mu, sigma }) => mu - REACH * sigma));
  const high = Math.max(...codes.map(({ mu, sigma }) => mu + REACH * sigma));
  const steps = Math.ceil((high - low) / STEP);
  const h = (high - low) / steps;
  const logs = new Float64Array(n);
  let [information, marginal] = [0, 0];
  for (let i = 0; i <= steps; i++) {
    const z = low + i * h;
    let best = -Infinity;
    codes.forEach((code, k) => {
      logs[k] = logDensity(z, code);
      best = Math.max(best, logs[k]);
    });
    const logQ = best + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - best), 0) / n);
    for (const log of logs) information += (h * Math.exp(log) * (log - logQ)) / n;
    marginal += h * Math.exp(logQ) * (logQ - logDensity(z, { mu: 0, sigma: 1 }));
  }
  const rate = codes.reduce((sum, { mu, sigma }) => sum + 0.5 * (mu * mu + sigma * sigma - 1) - Math.log(sigma), 0) / n;
  return { rate, information, marginal };
}

export type Preset = "collapsed" | "trap" | "good";

/** Collapsed: every code is the prior. Trap: all images have one far code. Good: codes apart, and together nearly the prior. */
export function presetOf(preset: Preset, n: number): readonly Code[] {
  if (preset !== "good")
    return Array.from({ length: n }, () => (preset === "trap" ? { mu: 3, sigma: 0.4 } : { mu: 0, sigma: 1 }));
  const middles = Array.from({ length: n }, (_, i) => normalQuantile((i + 0.5) / n));
  const variance = middles.reduce((sum, mu) => sum + mu * mu, 0) / n;
  return middles.map((mu) => ({ mu, sigma: Math.sqrt(1 - variance) })); // so that the mixture has the prior's mean and variance
}

export function boundedCode({ mu, sigma }: Code): Code {
  return {
    mu: Math.max(-FAR, Math.min(FAR, mu)),
    sigma: Math.max(NARROWEST, Math.min(WIDEST, sigma)),
  };
}
