/**
 * Where do order, noise and first weights come from? From a small generator that anybody can repeat: the same seed gives the same numbers in
 * every browser, and its state is four whole numbers that a snapshot keeps.
 */

import { log } from "./numeric";

/** sfc32 (C. Doty-Humphrey's Small Fast Counter, PractRand). */
export class Random {
  /** Three words of state and a counter, in 32 bits each. */
  private readonly words: Int32Array;

  /** Another stream for every seed and every purpose. */
  constructor(seed: number, ...purpose: readonly number[]) {
    this.words = Int32Array.of(seed, purpose[0] ?? 0, purpose[1] ?? 0, 1);
    for (let i = 0; i < 20; i++) this.bits(); // until every bit of the seed has touched every other
  }

  get state(): readonly number[] {
    return Array.from(this.words);
  }

  set state(values: readonly number[]) {
    this.words.set(values);
  }

  /** 32 of them. */
  bits(): number {
    const { words } = this;
    const [b, c] = [words[1], words[2]];
    const found = (words[0] + b + words[3]) | 0;
    words[3]++;
    words[0] = b ^ (b >>> 9);
    words[1] = c + (c << 3);
    words[2] = ((c << 21) | (c >>> 11)) + found;
    return found >>> 0;
  }

  /** In [0, 1). */
  uniform(): number {
    return this.bits() / 2 ** 32;
  }

  /** A whole number in [0, n). */
  below(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /** Draws of N(0, 1), by pairs (Marsaglia's polar method). */
  fillNormal(values: Float32Array): void {
    for (let i = 0; i < values.length; i += 2) {
      let x = 0;
      let y = 0;
      let square = 0;
      do {
        x = 2 * this.uniform() - 1;
        y = 2 * this.uniform() - 1;
        square = x * x + y * y;
      } while (square >= 1 || square === 0);
      const scale = Math.sqrt((-2 * log(square)) / square);
      values[i] = x * scale;
      if (i + 1 < values.length) values[i + 1] = y * scale;
    }
  }

  /** 0 … n − 1 in some order (Fisher and Yates). */
  permutation(n: number): Uint32Array {
    const order = Uint32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }
}
