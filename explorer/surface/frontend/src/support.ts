/**
 * How near are real points to a place of a plane that was laid on the spot? As `trainer.projection` says it of its own maps.
 *
 * The share of real points that are at least as lonely as the place (distance to the 5th nearest real point), the smaller of the shares
 * on the map and in latent space: about .5 in the thick of the data, 0 where the map is empty.
 */

const NEIGHBOUR = 5;
/** Real points whose loneliness is known; with these many a share is right to about .03. */
const SAMPLE = 300;
/** Of more points than this every second, third … is asked: an old laptop must follow the hand. */
const AT_MOST = 12_000;

export class Loneliness {
  private readonly real: Float32Array;
  private readonly sorted: Float64Array;

  /** points (N·D). */
  constructor(points: Float32Array, private readonly depth: number) {
    this.real = thinned(points, depth, Math.ceil(points.length / depth / AT_MOST));
    const n = this.real.length / depth;
    const step = Math.max(1, Math.floor(n / SAMPLE));
    const own: number[] = [];
    // one more neighbour, because the point itself is at distance 0
    for (let i = 0; i < n; i += step) own.push(this.distance(this.real.subarray(i * depth, (i + 1) * depth), Math.min(NEIGHBOUR + 1, n)));
    this.sorted = Float64Array.from(own).sort();
  }

  /** Share of real points at least as lonely. */
  share(place: ArrayLike<number>): number {
    const n = this.real.length / this.depth;
    if (n === 0) return 0;
    const lonely = this.distance(place, Math.max(1, Math.min(NEIGHBOUR, n - 1)));
    return 1 - below(this.sorted, lonely) / this.sorted.length;
  }

  /** To the k-th nearest real point. A point that is already too far is given up half way through its dimensions. */
  private distance(place: ArrayLike<number>, k: number): number {
    const { real, depth } = this;
    const best = new Float64Array(k).fill(Infinity);
    for (let at = 0; at < real.length; at += depth) {
      const limit = best[k - 1];
      let square = 0;
      for (let d = 0; d < depth && square < limit; d++) square += (real[at + d] - place[d]) ** 2;
      if (square >= limit) continue;
      let slot = k - 1;
      while (slot > 0 && best[slot - 1] > square) {
        best[slot] = best[slot - 1];
        slot--;
      }
      best[slot] = square;
    }
    return Math.sqrt(best[k - 1]);
  }
}

function thinned(points: Float32Array, depth: number, step: number): Float32Array {
  if (step <= 1) return points;
  const kept = new Float32Array(Math.ceil(points.length / depth / step) * depth);
  for (let at = 0, to = 0; at < points.length; at += step * depth, to += depth) kept.set(points.subarray(at, at + depth), to);
  return kept;
}

/** How many of the ascending values are smaller. */
function below(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
