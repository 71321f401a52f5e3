/** How many things at once fit into the time that is left? Many together cost less, but a frame must not wait for them. */

const GUESS_MS = 0.5;

/** Learns from every batch how long one of its things takes. */
export class Pace {
  private each = GUESS_MS;

  constructor(private readonly most = 64) {}

  /** Calls `some` with how many are next, until `left` says that there are none or the deadline (performance.now) is over; at least once. */
  work(deadline: number, left: () => number, some: (n: number) => void): void {
    for (let now = performance.now(), n = left(); n > 0; n = left()) {
      n = Math.min(n, this.most, Math.max(1, Math.floor((deadline - now) / this.each)));
      some(n);
      const then = performance.now();
      this.each = Math.max((then - now) / n, 1e-3);
      if (then >= deadline) return;
      now = then;
    }
  }
}
