/** Which real point is nearest on the map? A bucket grid: built in one pass even for a million points, and it can skip hidden classes. */

export class NearestIndex {
  private readonly x0: number;
  private readonly y0: number;
  private readonly cell: number;
  private readonly columns: number;
  private readonly rows: number;
  private readonly starts: Int32Array;
  private readonly order: Int32Array;

  /** `points`: x, y, x, y … */
  constructor(private readonly points: Float32Array) {
    const n = points.length / 2;
    let x0 = Infinity,
      x1 = -Infinity,
      y0 = Infinity,
      y1 = -Infinity;
    for (let i = 0; i < n; i++) {
      x0 = Math.min(x0, points[2 * i]);
      x1 = Math.max(x1, points[2 * i]);
      y0 = Math.min(y0, points[2 * i + 1]);
      y1 = Math.max(y1, points[2 * i + 1]);
    }
    const width = n ? Math.max(x1 - x0, 1e-9) : 1;
    const height = n ? Math.max(y1 - y0, 1e-9) : 1;
    this.x0 = n ? x0 : 0;
    this.y0 = n ? y0 : 0;
    // two points a bucket on average, and never more than a thousand buckets along a side
    this.cell = Math.max(Math.sqrt((width * height * 2) / Math.max(n, 1)), width / 1000, height / 1000);
    this.columns = Math.floor(width / this.cell) + 1;
    this.rows = Math.floor(height / this.cell) + 1;
    [this.starts, this.order] = this.sortIntoBuckets(n);
  }

  /** The number of the nearest point for which `accepts` holds, or −1. Exact. */
  find(x: number, y: number, accepts: (i: number) => boolean): number {
    const cx = Math.min(Math.max(x, this.x0), this.x0 + this.columns * this.cell);
    const cy = Math.min(Math.max(y, this.y0), this.y0 + this.rows * this.cell);
    // for a place outside, every point p obeys |p − q|² ≥ |p − c|² + |c − q|², c being q moved onto the grid's border
    const outside = (cx - x) ** 2 + (cy - y) ** 2;
    const column = Math.min(Math.floor((cx - this.x0) / this.cell), this.columns - 1);
    const row = Math.min(Math.floor((cy - this.y0) / this.cell), this.rows - 1);
    const best = { index: -1, distance: Infinity };
    for (let ring = 0; ring <= Math.max(this.columns, this.rows); ring++) {
      const reach = ring > 0 ? this.distanceToRing(cx, cy, column, row, ring) : 0;
      if (reach * reach + outside > best.distance) break;
      this.scanRing(x, y, column, row, ring, accepts, best);
    }
    return best.index;
  }

  /** The accepted points within a rectangle, borders included, by number; null where there are more than `most`. */
  inside(
    x0: number,
    x1: number,
    y0: number,
    y1: number,
    most: number,
    accepts: (i: number) => boolean,
  ): number[] | null {
    const { points, order, starts, columns } = this;
    const within = (value: number, n: number): number => Math.min(Math.max(Math.floor(value / this.cell), 0), n - 1);
    const [c0, c1] = [within(x0 - this.x0, columns), within(x1 - this.x0, columns)];
    const [r0, r1] = [within(y0 - this.y0, this.rows), within(y1 - this.y0, this.rows)];
    const found: number[] = [];
    for (let r = r0; r <= r1; r++) {
      // the buckets of a row follow each other
      for (let at = starts[r * columns + c0], end = starts[r * columns + c1 + 1]; at < end; at++) {
        const i = order[at];
        const [x, y] = [points[2 * i], points[2 * i + 1]];
        if (!(x >= x0 && x <= x1 && y >= y0 && y <= y1) || !accepts(i)) continue;
        if (found.length >= most) return null;
        found.push(i);
      }
    }
    return found.sort((a, b) => a - b);
  }

  /** How far everything in ring `ring` is at least: the way out of the square of rings before it. */
  private distanceToRing(cx: number, cy: number, column: number, row: number, ring: number): number {
    const left = cx - (this.x0 + (column - ring + 1) * this.cell);
    const right = this.x0 + (column + ring) * this.cell - cx;
    const below = cy - (this.y0 + (row - ring + 1) * this.cell);
    const above = this.y0 + (row + ring) * this.cell - cy;
    return Math.max(0, Math.min(left, right, below, above));
  }

  private scanRing(
    x: number,
    y: number,
    column: number,
    row: number,
    ring: number,
    accepts: (i: number) => boolean,
    best: { index: number; distance: number },
  ): void {
    const top = Math.max(row - ring, 0);
    const bottom = Math.min(row + ring, this.rows - 1);
    for (let r = top; r <= bottom; r++) {
      const isEdge = r === row - ring || r === row + ring;
      const step = isEdge || ring === 0 ? 1 : 2 * ring;
      for (let c = column - ring; c <= column + ring; c += step) {
        if (c >= 0 && c < this.columns) this.scanBucket(x, y, r * this.columns + c, accepts, best);
      }
    }
  }

  private scanBucket(
    x: number,
    y: number,
    bucket: number,
    accepts: (i: number) => boolean,
    best: { index: number; distance: number },
  ): void {
    const { points, order, starts } = this;
    for (let at = starts[bucket]; at < starts[bucket + 1]; at++) {
      const i = order[at];
      const dx = points[2 * i] - x;
      const dy = points[2 * i + 1] - y;
      const distance = dx * dx + dy * dy;
      if (distance < best.distance && accepts(i)) {
        best.distance = distance;
        best.index = i;
      }
    }
  }

  private sortIntoBuckets(n: number): [starts: Int32Array, order: Int32Array] {
    const starts = new Int32Array(this.columns * this.rows + 1);
    const bucketOf = new Int32Array(n);
    for (let i = 0; i < n; i++) {
      const column = Math.floor((this.points[2 * i] - this.x0) / this.cell);
      const row = Math.floor((this.points[2 * i + 1] - this.y0) / this.cell);
      bucketOf[i] = Math.min(row, this.rows - 1) * this.columns + Math.min(column, this.columns - 1);
      starts[bucketOf[i] + 1]++;
    }
    for (let b = 1; b < starts.length; b++) starts[b] += starts[b - 1];
    const next = starts.slice();
    const order = new Int32Array(n);
    for (let i = 0; i < n; i++) order[next[bucketOf[i]]++] = i;
    return [starts, order];
  }
}

/** More points than this do not move their median so far that anyone sees it; sorting a million would delay the first picture. */
const MEDIAN_OF = 20_000;

/** Median of x and of y, of many points of every n-th: a place in the middle that no outlier moves. */
export function medianPlace(points: Float32Array): [number, number] {
  const step = Math.max(1, Math.floor(points.length / 2 / MEDIAN_OF));
  const n = Math.floor(points.length / 2 / step);
  if (n === 0) return [0, 0];
  const xs = new Float32Array(n);
  const ys = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    xs[i] = points[2 * i * step];
    ys[i] = points[2 * i * step + 1];
  }
  xs.sort();
  ys.sort();
  return [xs[n >> 1], ys[n >> 1]];
}
