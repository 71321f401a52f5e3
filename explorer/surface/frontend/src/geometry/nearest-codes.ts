/** Which codes are nearest to a code? By looking at all of them; `code-index` is the fast way and gives the same. */

export interface Near {
  readonly index: number;
  /** Euclidean, all latent dimensions. */
  readonly distance: number;
}

/** The `k` codes nearest to z, nearest first; `without` leaves one out; `accepts` chooses among them. */
export function nearestCodes(
  mu: Float32Array,
  K: number,
  z: ArrayLike<number>,
  k: number,
  without = -1,
  accepts: (i: number) => boolean = () => true,
): Near[] {
  const n = mu.length / K;
  const best: { index: number; squared: number }[] = [];
  let worst = Infinity;
  for (let i = 0; i < n; i++) {
    let squared = 0;
    for (let d = 0, at = i * K; d < K && squared < worst; d++, at++) squared += (mu[at] - z[d]) ** 2;
    if (squared >= worst || i === without || !accepts(i)) continue;
    let place = best.length;
    while (place > 0 && best[place - 1].squared > squared) place--;
    best.splice(place, 0, { index: i, squared });
    if (best.length > k) best.pop();
    if (best.length === k) worst = best[k - 1].squared;
  }
  return best.map(({ index, squared }) => ({ index, distance: Math.sqrt(squared) }));
}
