/**
 * Where is an image's true posterior, and how far is the encoder's Gaussian from it? Quadrature over a latent plane, in slices.
 *
 * p(z|x) = p(x|z) N(z; 0, I) / p(x) on square cells. It may be a hundred times narrower than any grid over the whole plane: cells that
 * may hold mass are divided until none holds much. Letters: f = log p(x|z) + log N(z; 0, I) at a cell's middle, nats; h a cell's side.
 */

import type { LogLikelihoods } from "../../engine/likelihoods";
import type { Job } from "../../geometry/grid-field";
import { Pace } from "../../geometry/pace";
import type { Point } from "../../wire/schema";
import { Cells, type CoarsePlane, type Encoded, highest } from "./cells";
import { NEGLIGIBLE, Summary, type TruePosterior } from "./summary";

const MOST_SHARE = 0.02;
const NEGLIGIBLE_ONCE_SEEN = 10;
/** Nats from a cell to the next within 3 nats of the best: a Gaussian's is 2.5 at 2σ where h is 0.9 σ, and its sum then exact to 1e-10. */
const MOST_SLOPE = 2.5;
const CORE = 3;
/** One cell alone says nothing of a peak's width yet: halve. */
const UNRESOLVED = 0.25;
const MOST_FACTOR = 4;
/** Beyond the plane's; where that is not enough, the best cells are looked at and the answer is called rough. */
const MOST_EVALUATIONS = 12_000;
const FEWEST = 25;
const Q_STEP = 0.75;
const Q_REACH = 5.25;

export class PosteriorJob implements Job {
  result: TruePosterior | null = null;
  private cells: Cells;
  private queue: number[];
  private next = 0;
  private isCoarse = true;
  private nEvaluated = 0;
  private isRough = false;
  private found: Summary | null = null;
  private readonly nodes = standardNodes();
  private nextNode = 0;
  private expected = 0;
  private readonly pace = new Pace();

  /** `scores`: log p(x|z) of the decoder's outputs; `outputsAt` decodes places (x, y pairs); both may reuse their buffers. */
  constructor(
    private readonly plane: CoarsePlane,
    private readonly scores: LogLikelihoods,
    private readonly outputsAt: (places: readonly number[]) => Float32Array,
    private readonly q: Encoded,
  ) {
    this.cells = new Cells(plane.extent[0], plane.extent[2], plane.step, plane.columns);
    this.queue = Array.from({ length: plane.columns * plane.rows }, (_, cell) => cell);
  }

  get isComplete(): boolean {
    return this.result !== null;
  }

  /** By experience: the plane is half of the way, most of the rest is the last division. */
  get share(): number {
    if (this.result) return 1;
    if (this.isCoarse) return (0.5 * this.next) / this.queue.length;
    return this.found
      ? 0.85 + (0.15 * this.nextNode) / this.nodes.length
      : 0.5 + (0.35 * this.next) / this.queue.length;
  }

  work(deadline: number): void {
    const left = (): number => {
      if (this.isComplete) return 0;
      if (this.found) return this.nodes.length - this.nextNode;
      return Math.max(1, this.queue.length - this.next); // to divide is one thing too
    };
    this.pace.work(deadline, left, (n) => {
      if (this.found) this.expect(n);
      else if (this.next < this.queue.length) this.evaluate(this.queue.slice(this.next, (this.next += n)));
      else this.divide();
    });
  }

  private evaluate(some: readonly number[]): void {
    const { plane, cells } = this;
    const places = some.map((cell) => cells.place(cell));
    const outputs = this.isCoarse ? plane.outputs(some[0], some.length) : this.outputsAt(places.flat());
    const scores = this.scores(outputs, some.length);
    places.forEach(([x, y], i) => {
      cells.f.set(some[i], scores[i] - 0.5 * (x * x + y * y) - Math.log(2 * Math.PI));
    });
    this.nEvaluated += some.length;
  }

  /** Ends the search, or goes on in the cells that may still hold mass. */
  private divide(): void {
    const { cells } = this;
    const best = highest(cells.f.values());
    let total = 0;
    let slope = 0;
    for (const [cell, f] of cells.f) {
      total += Math.exp(f - best);
      if (f > best - CORE) slope = Math.max(slope, cells.slope(cell));
    }
    if (1 / total <= MOST_SHARE && slope <= MOST_SLOPE) return this.summarise(best, total);
    const finer =
      1 / total > UNRESOLVED ? 2 : Math.ceil(Math.max(Math.sqrt(1 / total / MOST_SHARE), slope / MOST_SLOPE));
    const factor = Math.min(MOST_FACTOR, Math.max(2, finer));
    const room = Math.floor(
      (MOST_EVALUATIONS + this.plane.columns * this.plane.rows - this.nEvaluated) / (factor * factor),
    );
    const wanted = this.promising(best, 1 / total > UNRESOLVED);
    const kept = wanted.slice(0, Math.max(0, room));
    this.isRough ||= kept.length < wanted.length;
    if (kept.length < Math.min(FEWEST, wanted.length)) return this.summarise(best, total);
    this.queue = kept.flatMap((cell) => cells.children(cell, factor));
    this.cells = cells.finer(factor);
    this.next = 0;
    this.isCoarse = false;
  }

  /**
   * Cells whose mass counts, or may, the best first: a cell's border is half of the way to a neighbour's middle, and before the peak is seen, it is believed
   * to reach as high as all of that way. The encoder's own place is always among them.
   */
  private promising(best: number, isUnresolved: boolean): number[] {
    const { cells, q } = this;
    const isOwn = ([x, y]: Point): boolean => Math.abs(x - q.mu[0]) < cells.h && Math.abs(y - q.mu[1]) < cells.h;
    const counts = (cell: number, f: number): boolean =>
      isUnresolved
        ? f + cells.slope(cell) > best - NEGLIGIBLE
        : f + cells.slope(cell) / 2 > best - NEGLIGIBLE_ONCE_SEEN;
    return [...cells.f]
      .filter(([cell, f]) => counts(cell, f) || (isUnresolved && isOwn(cells.place(cell))))
      .sort(([, a], [, b]) => b - a)
      .map(([cell]) => cell);
  }

  private summarise(best: number, total: number): void {
    this.found = new Summary(this.cells, best, total);
  }

  /** E_q[log p(x|z)], some nodes at a time; the trapezoid sum of a smooth function under a Gaussian, 0.75 σ apart, is exact to 1e-15. */
  private expect(n: number): void {
    const { q, nodes, found } = this;
    const [sx, sy] = [Math.exp(q.logvar[0] / 2), Math.exp(q.logvar[1] / 2)];
    const some = nodes.slice(this.nextNode, (this.nextNode += n));
    const scores = this.scores(this.outputsAt(some.flatMap(([u, v]) => [q.mu[0] + u * sx, q.mu[1] + v * sy])), n);
    some.forEach(([, , weight], i) => {
      this.expected += weight * scores[i];
    });
    if (this.nextNode < nodes.length || !found) return;
    this.result = { ...found.posterior(), elbo: this.expected - klToPrior(q), isRough: this.isRough };
  }
}

/** Places (u, v) and weights that add up to 1, of N(0, I). */
function standardNodes(): readonly (readonly [number, number, number])[] {
  const nodes: [number, number, number][] = [];
  const n = Q_REACH / Q_STEP;
  for (let i = -n; i <= n; i++) {
    for (let j = -n; j <= n; j++) {
      const [u, v] = [i * Q_STEP, j * Q_STEP];
      if (u * u + v * v <= Q_REACH * Q_REACH) nodes.push([u, v, Math.exp(-0.5 * (u * u + v * v))]);
    }
  }
  const total = nodes.reduce((sum, [, , weight]) => sum + weight, 0);
  return nodes.map(([u, v, weight]) => [u, v, weight / total]);
}

/** KL(N(mu, σ²) ‖ N(0, I)), nats. */
function klToPrior({ mu, logvar }: Encoded): number {
  return 0.5 * [0, 1].reduce((sum, k) => sum + mu[k] * mu[k] + Math.expm1(logvar[k]) - logvar[k], 0);
}
