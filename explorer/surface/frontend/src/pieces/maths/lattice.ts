/** What is p(x), by counting cells? The square around the prior in n × n cells, each with the value at its middle. */

import { Pace } from "../../geometry/pace";
import { type LogDensity, logPrior } from "./density";
import { logSum } from "./evidence";

/** The square goes from −REACH to REACH along both axes, and holds 99.99 % of the prior. */
export const REACH = 4;
export const FEWEST = 2;
export const MOST = 200;
/** From coarse to fine. */
export const SWEEP = [2, 3, 4, 5, 7, 10, 14, 20, 28, 40, 57, 80, 113, 160] as const;

export class Lattice {
  /** log p(x|z) + log p(z) at the middles, row by row from the lowest. */
  readonly values: Float64Array;
  next = 0;
  /** log Σ e^value h², nats, once all cells are there. */
  estimate: number | null = null;
  private readonly pace = new Pace(128);

  constructor(
    readonly n: number,
    private readonly logLikelihood: LogDensity,
  ) {
    this.values = new Float64Array(n * n).fill(Number.NEGATIVE_INFINITY);
  }

  get side(): number {
    return (2 * REACH) / this.n;
  }

  /** Whether there is more. */
  work(deadline: number): boolean {
    const { n, values } = this;
    this.pace.work(
      deadline,
      () => n * n - this.next,
      (count) => this.evaluate(count),
    );
    if (this.next < n * n) return true;
    this.estimate ??= logSum(values) + 2 * Math.log(this.side);
    return false;
  }

  private evaluate(count: number): void {
    const { n, side, next } = this;
    const places = new Float32Array(2 * count);
    for (let i = 0; i < count; i++) {
      places[2 * i] = -REACH + (((next + i) % n) + 0.5) * side;
      places[2 * i + 1] = -REACH + (Math.floor((next + i) / n) + 0.5) * side;
    }
    const scores = this.logLikelihood(places, count);
    for (let i = 0; i < count; i++) this.values[next + i] = scores[i] + logPrior(places[2 * i], places[2 * i + 1]);
    this.next += count;
  }
}

/** n^d in words: as it is while it is small, else with a power of ten. */
export function costWords(n: number, d: number, count: (value: number) => string): string {
  const digits = d * Math.log10(n);
  if (digits < 6) return count(Math.round(n ** d));
  const exponent = Math.floor(digits + 1e-9);
  return `${(10 ** (digits - exponent)).toFixed(1)} · 10${superscript(exponent)}`;
}

function superscript(value: number): string {
  return [...String(value)].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]).join("");
}
