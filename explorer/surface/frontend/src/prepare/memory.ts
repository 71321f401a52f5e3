/** Where do the planes of a picture lie? Where those of the picture before lay, while a stroke grows: new memory costs more than what is done in it. */

/** More numbers are not kept: a photograph is prepared once. */
const MOST = 65_536;

let current: Memory | null = null;

export class Memory {
  private readonly kept: Float64Array[] = [];
  private n = 0;

  /** All numbers that `make` asks for lie where those of the last call lay, which are gone. */
  during<T>(make: () => T): T {
    this.n = 0;
    current = this;
    try {
      return make();
    } finally {
      current = null;
    }
  }

  /** The k-th of a call is the k-th of the last one, where that is large enough. */
  take(n: number): Float64Array {
    const k = this.n++;
    if (!this.kept[k] || this.kept[k].length < n) this.kept[k] = new Float64Array(Math.min(MOST, 2 * n));
    return this.kept[k].subarray(0, n).fill(0);
  }
}

/** n zeros. */
export function floats(n: number): Float64Array {
  return current && n <= MOST ? current.take(n) : new Float64Array(n);
}
