/** What do the two live charts of the clinic compute while a slider moves? Letters: K dimensions, λ eigenvalues of the data's covariance. */

/** Share of images whose KL is below ε; `sorted`: KL of one dimension, ascending, one number an image (or as many quantiles). */
export function shareBelow(sorted: readonly number[], epsilon: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < epsilon) low = middle + 1;
    else high = middle;
  }
  return sorted.length ? low / sorted.length : 1;
}

/** Pr_x[KL(x) < ε] ≥ 1 − δ, dimension by dimension. Lucas et al. 2019, definition 1. */
export function collapsedAt(sorted: readonly (readonly number[])[], epsilon: number, delta: number): boolean[] {
  return sorted.map((values) => shareBelow(values, epsilon) >= 1 - delta - 1e-9);
}

/** Share of collapsed dimensions at every ε. */
export function collapseCurve(
  sorted: readonly (readonly number[])[],
  epsilons: readonly number[],
  delta: number,
): number[] {
  return epsilons.map(
    (epsilon) => collapsedAt(sorted, epsilon, delta).filter(Boolean).length / Math.max(1, sorted.length),
  );
}

/** Dimensions of a linear VAE with fixed σ² that stay alive: those with λ > βσ². Lucas et al. 2019; Dai et al. 2018. */
export function survivors(eigenvalues: readonly number[], threshold: number): number {
  return eigenvalues.filter((value) => value > threshold).length;
}

/** Mean KL of such a dimension, ½ log(λ/βσ²) nats; 0 for one that is switched off, without bound at β = 0. */
export function linearKl(eigenvalue: number, threshold: number): number {
  return eigenvalue > threshold ? 0.5 * Math.log(eigenvalue / threshold) : 0;
}

/** `n` numbers from `low` to `high`, in equal ratios. */
export function geometric(low: number, high: number, n: number): number[] {
  return Array.from({ length: n }, (_, i) => low * (high / low) ** (i / (n - 1)));
}
