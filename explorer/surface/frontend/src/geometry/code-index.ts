/**
 * Which real codes are nearest to z, all latent dimensions counted, within a frame? Exact, for a million codes too.
 *
 * A k-d tree (Bentley 1975) with the incremental bound of Arya and Mount (1993). It is built in slices between frames; until it is there,
 * every code is looked at. The last answer bounds the next one: a hand moves little from frame to frame.
 */

import { type Near, nearestCodes } from "./nearest-codes";

const LEAF = 32;
/** Where to split is decided by so many of a node's codes: any place will do, a good one is quicker. */
const SAMPLE = 100;
/** Fewer are looked at one by one. */
const SMALL = 400;
/** Sums of squares in another order differ by rounding: nothing is left out that much nearer than needed. */
const SLACK = 1 + 1e-9;
const NONE = -1;

type Accepts = (i: number) => boolean;

interface Open {
  readonly from: number;
  readonly to: number;
  /** The node whose right child this is, or NONE. */
  readonly rightOf: number;
}

/** The best k so far, nearest first; of two equally near the lower number comes first. */
class Best {
  readonly index: number[] = [];
  readonly squared: number[] = [];
  /** No code farther than this can be among the best. */
  limit = Infinity;

  constructor(private readonly k: number) {}

  add(i: number, squared: number): void {
    const { index, squared: all, k } = this;
    let place = all.length;
    while (place > 0 && (all[place - 1] > squared || (all[place - 1] === squared && index[place - 1] > i))) place--;
    if (place >= k) return;
    all.splice(place, 0, squared);
    index.splice(place, 0, i);
    if (all.length > k) {
      all.pop();
      index.pop();
    }
    if (all.length === k) this.limit = Math.min(this.limit, all[k - 1]);
  }
}

export class CodeIndex {
  private readonly n: number;
  /** Numbers of the codes, leaf after leaf, and the codes in that order. */
  private readonly order: Int32Array;
  private readonly codes: Float32Array;
  /** Of node i: split dimension (NONE for a leaf), split value, right child; the left one is i + 1. Of a leaf: from, to. */
  private readonly dims: number[] = [];
  private readonly values: number[] = [];
  private readonly rights: number[] = [];
  private readonly froms: number[] = [];
  private readonly tos: number[] = [];
  private readonly open: Open[] = [];
  private readonly sampled = new Int32Array(SAMPLE);
  private readonly along = new Float32Array(SAMPLE);
  private placed = 0;
  /** By how many were asked for. */
  private readonly last = new Map<number, readonly number[]>();

  /** mu (N·K,). */
  constructor(
    private readonly mu: Float32Array,
    private readonly K: number,
  ) {
    this.n = mu.length / K;
    const isSmall = this.n <= SMALL;
    this.order = new Int32Array(isSmall ? 0 : this.n);
    this.codes = new Float32Array(isSmall ? 0 : mu.length);
    if (isSmall) return;
    for (let i = 0; i < this.n; i++) this.order[i] = i;
    this.open.push({ from: 0, to: this.n, rightOf: NONE });
  }

  get isComplete(): boolean {
    return this.open.length === 0;
  }

  get share(): number {
    return this.isComplete ? 1 : this.placed / this.n;
  }

  /** Builds on; at least one node. */
  work(deadline: number): void {
    while (!this.isComplete) {
      this.divide(this.open.pop() as Open);
      if (performance.now() >= deadline) return;
    }
  }

  /** The `k` codes nearest to z, nearest first; `without` leaves one out; `accepts` chooses among them. */
  find(z: ArrayLike<number>, k: number, accepts: Accepts = () => true, without = NONE): Near[] {
    if (!this.isComplete || this.dims.length === 0) return nearestCodes(this.mu, this.K, z, k, without, accepts);
    const best = new Best(k);
    best.limit = this.limitByLast(z, k, accepts, without);
    this.search(0, 0, z, new Float64Array(this.K), best, accepts, without);
    this.last.set(k, best.index);
    return best.index.map((index, rank) => ({ index, distance: Math.sqrt(best.squared[rank]) }));
  }

  // ---- asking -----------------------------------------------------------------------------------------------------------

  /** The k of the last answer, if they still count, are no nearer than the k nearest. */
  private limitByLast(z: ArrayLike<number>, k: number, accepts: Accepts, without: number): number {
    const { mu, K } = this;
    const last = this.last.get(k);
    if (!last || last.length < k) return Infinity;
    let farthest = 0;
    for (let rank = 0; rank < k; rank++) {
      const i = last[rank];
      if (i === without || !accepts(i)) return Infinity;
      let squared = 0;
      for (let d = 0, at = i * K; d < K; d++, at++) squared += (mu[at] - z[d]) ** 2;
      farthest = Math.max(farthest, squared);
    }
    return farthest * SLACK;
  }

  /** `bound`: how far, squared, the node's region is at least; `offsets` (K,): how far it is along each dimension. */
  private search(
    node: number,
    bound: number,
    z: ArrayLike<number>,
    offsets: Float64Array,
    best: Best,
    accepts: Accepts,
    without: number,
  ): void {
    const d = this.dims[node];
    if (d === NONE) return this.scan(this.froms[node], this.tos[node], z, best, accepts, without);
    const offset = z[d] - this.values[node];
    const [near, far] = offset < 0 ? [node + 1, this.rights[node]] : [this.rights[node], node + 1];
    this.search(near, bound, z, offsets, best, accepts, without);
    const before = offsets[d];
    const reach = bound - before * before + offset * offset;
    if (reach > best.limit * SLACK) return;
    offsets[d] = offset;
    this.search(far, reach, z, offsets, best, accepts, without);
    offsets[d] = before;
  }

  private scan(from: number, to: number, z: ArrayLike<number>, best: Best, accepts: Accepts, without: number): void {
    const { codes, order, K } = this;
    for (let place = from; place < to; place++) {
      let squared = 0;
      for (let d = 0, at = place * K; d < K && squared <= best.limit; d++, at++) squared += (codes[at] - z[d]) ** 2;
      if (squared > best.limit) continue;
      const i = order[place];
      if (i !== without && accepts(i)) best.add(i, squared);
    }
  }

  // ---- building ---------------------------------------------------------------------------------------------------------

  private divide({ from, to, rightOf }: Open): void {
    const node = this.dims.length;
    if (rightOf !== NONE) this.rights[rightOf] = node;
    const middle = to - from > LEAF ? this.split(from, to) : null;
    this.dims.push(middle ? middle.dim : NONE);
    this.values.push(middle ? middle.value : 0);
    this.rights.push(NONE);
    this.froms.push(from);
    this.tos.push(to);
    if (!middle) return this.close(from, to);
    this.open.push({ from: middle.at, to, rightOf: node }, { from, to: middle.at, rightOf: NONE }); // the left one is next
  }

  private close(from: number, to: number): void {
    const { order, codes, mu, K } = this;
    for (let place = from; place < to; place++) {
      const at = order[place] * K;
      for (let d = 0; d < K; d++) codes[place * K + d] = mu[at + d];
    }
    this.placed += to - from;
  }

  /** Parts the codes at the median of the dimension in which they spread most; null where no two differ. */
  private split(from: number, to: number): { dim: number; value: number; at: number } | null {
    const n = this.sample(from, to);
    const dim = this.widest(n);
    if (dim === NONE) return null;
    for (let s = 0; s < n; s++) this.along[s] = this.mu[this.sampled[s] * this.K + dim];
    const value = this.along.subarray(0, n).sort()[n >> 1];
    const below = this.part(from, to, dim, value, false);
    // equal numbers may all lie on one side: then they go to the other
    return { dim, value, at: below > from ? below : this.part(from, to, dim, value, true) };
  }

  /** Fills `sampled`; returns how many. */
  private sample(from: number, to: number): number {
    const n = Math.min(SAMPLE, to - from);
    const step = (to - from) / n;
    for (let s = 0; s < n; s++) this.sampled[s] = this.order[from + Math.floor(s * step)];
    return n;
  }

  /** The dimension in which the sample spreads most, or NONE. */
  private widest(n: number): number {
    const { mu, sampled, K } = this;
    let [dim, spread] = [NONE, 0];
    for (let d = 0; d < K; d++) {
      let low = mu[sampled[0] * K + d];
      let high = low;
      for (let s = 1; s < n; s++) {
        const value = mu[sampled[s] * K + d];
        if (value < low) low = value;
        else if (value > high) high = value;
      }
      if (high - low > spread) [dim, spread] = [d, high - low];
    }
    return dim;
  }

  /** Those below `value` (or, `withEqual`, not above it) come first; returns where the others begin. */
  private part(from: number, to: number, dim: number, value: number, withEqual: boolean): number {
    const { order, mu, K } = this;
    let [left, right] = [from, to - 1];
    while (left <= right) {
      const i = order[left];
      const x = mu[i * K + dim];
      if (x < value || (withEqual && x === value)) left++;
      else {
        order[left] = order[right];
        order[right--] = i;
      }
    }
    return left;
  }
}
