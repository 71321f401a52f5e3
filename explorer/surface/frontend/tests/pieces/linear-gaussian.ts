/** A linear decoder with Gaussian pixels: x = W z + b + σ ε. All that the pieces compute by quadrature has a closed form here. */

import type { LogDensity } from "../../src/pieces/maths/density";
import type { Gaussian } from "../../src/pieces/maths/gaussian";
import { floats } from "../helpers";

const PIXELS = 5;
const SIGMA = 0.7;

type Symmetric = readonly [xx: number, xy: number, yy: number];

export function linearGaussian(seed: number) {
  const [w, b, x] = [floats(2 * PIXELS, seed, 1.5), floats(PIXELS, seed + 100), floats(PIXELS, seed + 200, 1.5)];
  const residual = Float64Array.from(x, (value, p) => value - b[p]);
  const logLikelihood: LogDensity = (places, n) =>
    Float64Array.from({ length: n }, (_, i) => {
      let sum = -0.5 * PIXELS * Math.log(2 * Math.PI * SIGMA ** 2);
      for (let p = 0; p < PIXELS; p++)
        sum -= (residual[p] - w[2 * p] * places[2 * i] - w[2 * p + 1] * places[2 * i + 1]) ** 2 / (2 * SIGMA ** 2);
      return sum;
    });
  // posterior precision I + WᵀW/σ², mean Σ Wᵀ(x − b)/σ²
  const sum = (term: (p: number) => number): number =>
    Array.from(residual, (_, p) => term(p)).reduce((a, c) => a + c, 0);
  const precision: Symmetric = [
    1 + sum((p) => w[2 * p] ** 2) / SIGMA ** 2,
    sum((p) => w[2 * p] * w[2 * p + 1]) / SIGMA ** 2,
    1 + sum((p) => w[2 * p + 1] ** 2) / SIGMA ** 2,
  ];
  const determinant = precision[0] * precision[2] - precision[1] ** 2;
  const covariance: Symmetric = [precision[2] / determinant, -precision[1] / determinant, precision[0] / determinant];
  const pulled = [0, 1].map((k) => sum((p) => w[2 * p + k] * residual[p]) / SIGMA ** 2);
  const mean = [
    covariance[0] * pulled[0] + covariance[1] * pulled[1],
    covariance[1] * pulled[0] + covariance[2] * pulled[1],
  ] as const;
  // N(x; b, WWᵀ + σ²I) by the matrix determinant lemma and Woodbury's identity
  const logDet = PIXELS * Math.log(SIGMA ** 2) + Math.log(determinant);
  const quadratic = sum((p) => residual[p] ** 2) / SIGMA ** 2 - (pulled[0] * mean[0] + pulled[1] * mean[1]);
  const logPx = -0.5 * (PIXELS * Math.log(2 * Math.PI) + logDet + quadratic);
  /** KL(q ‖ p(z|x)) of two Gaussians. */
  const gap = ({ mu, sigma }: Gaussian): number => {
    const [dx, dy] = [mu[0] - mean[0], mu[1] - mean[1]];
    const trace = precision[0] * sigma[0] ** 2 + precision[2] * sigma[1] ** 2;
    const distance = precision[0] * dx * dx + 2 * precision[1] * dx * dy + precision[2] * dy * dy;
    return 0.5 * (trace + distance - 2 - Math.log(determinant) - 2 * Math.log(sigma[0] * sigma[1]));
  };
  return { logLikelihood, logPx, mean, covariance, precision, gap };
}
