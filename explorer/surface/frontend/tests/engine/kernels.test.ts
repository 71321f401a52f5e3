/** Do the kernels compute what they say, for all sizes and strides, and does none write where nothing is its own? */

import { describe, expect, test } from "vitest";
import type { Arena } from "../../src/engine/arena";
import { KERNEL_ACTIVATIONS, NOWHERE } from "../../src/engine/kernels";
import { floats, random } from "../helpers";
import { agreed, arenas, expectClose } from "./arithmetics";

const MARK = 12345; // what must stay
const MARKS = 8;

/** Room for n numbers with marks on both sides of what a kernel may write; the check is for afterwards. */
function guarded(arena: Arena, values: Float32Array, slack = 0): { at: number; read(): Float32Array } {
  const marked = new Float32Array(values.length + 2 * MARKS).fill(MARK);
  marked.set(values, MARKS);
  const at = arena.keep(marked) + 4 * MARKS;
  return {
    at,
    read: () => {
      expect([...arena.at(at - 4 * MARKS, MARKS)]).toEqual(new Array(MARKS).fill(MARK));
      const beyond = [...arena.at(at + 4 * (values.length + slack), MARKS - slack)];
      expect(beyond).toEqual(new Array(MARKS - slack).fill(MARK));
      return arena.at(at, values.length).slice();
    },
  };
}

function draws(seed: number): (below: number) => number {
  const next = random(seed);
  return (below) => Math.floor(next() * below);
}

describe("product", () => {
  interface Product {
    readonly M: number;
    readonly N: number;
    readonly K: number;
    readonly aRow: number;
    readonly aColumn: number;
    readonly bRow: number;
    readonly bColumn: number;
    readonly cRow: number;
    readonly adds: number;
  }

  /** Of A and B that share of the numbers are 0, in runs of sixteen. */
  function expectProduct(p: Product, seed: number, zeros: readonly [number, number] = [0, 0]): void {
    const { M, N, K, aRow, aColumn, bRow, bColumn, cRow, adds } = p;
    const next = random(seed);
    const made = (n: number, share: number, own: number): Float32Array => {
      const values = floats(n, own);
      for (let i = 0; i < n; i += 16) if (next() < share) values.fill(0, i, i + 16);
      return values;
    };
    const a = made((M - 1) * aRow + (K - 1) * aColumn + 1, zeros[0], seed);
    const b = made((K - 1) * bRow + (N - 1) * bColumn + 1, zeros[1], seed + 1);
    const c = floats((M - 1) * cRow + N, seed + 2);
    if (seed % 3 === 0) a.fill(0, 0, a.length / 2); // zeros are left out of sums
    const wanted = Float64Array.from(c);
    for (let i = 0; i < M; i++)
      for (let j = 0; j < N; j++) {
        let sum = adds ? c[i * cRow + j] : 0;
        for (let k = 0; k < K; k++) sum += a[i * aRow + k * aColumn] * b[k * bRow + j * bColumn];
        wanted[i * cRow + j] = sum;
      }
    for (const arena of arenas()) {
      const [atA, atB] = [arena.keep(a), arena.keep(b)];
      const to = guarded(arena, c);
      arena.kernels.product(M, N, K, atA, aRow, aColumn, atB, bRow, bColumn, to.at, cRow, adds, arena.panel);
      expectClose(to.read(), wanted, 1e-6 * Math.sqrt(K) + 1e-6, `${arena.found.arithmetic} ${JSON.stringify(p)}`);
    }
  }

  test("of all sizes, each matrix with strides of its own", () => {
    const below = draws(1);
    for (let seed = 0; seed < 400; seed++) {
      const [M, N, K] = [1 + below(20), 1 + below(20), 1 + below(20)];
      const [wide, far] = [below(4), below(4)];
      const [aRow, aColumn] = below(2) ? [K + wide, 1] : [1, M + wide];
      const [bRow, bColumn] = below(3) ? (below(2) ? [N + far, 1] : [1, K + far]) : [2 * N, 2];
      expectProduct({ M, N, K, aRow, aColumn, bRow, bColumn, cRow: N + below(3), adds: below(2) }, seed);
    }
  });

  test.each([
    [0.95, 0],
    [0, 0.95],
    [0.6, 0.6],
    [1, 0],
    [0, 1],
  ])("of matrices of which %f and %f are zeros: they are left out, by either", (ofA, ofB) => {
    for (const [M, N, K] of [
      [49, 300, 300],
      [64, 33, 128],
      [30, 40, 257],
    ])
      for (const adds of [0, 1]) {
        const [zeros, cRow] = [[ofA, ofB] as const, N];
        expectProduct({ M, N, K, aRow: 1, aColumn: M, bRow: N, bColumn: 1, cRow, adds }, K + M, zeros);
        expectProduct({ M, N, K, aRow: K, aColumn: 1, bRow: 1, bColumn: K, cRow, adds }, K + N, zeros);
      }
  });

  test.each([511, 512, 513, 1025, 1600])("of %i terms: more than a panel has rows", (K) => {
    for (const M of [1, 3, 4, 6])
      for (const N of [1, 8, 11])
        for (const adds of [0, 1]) {
          expectProduct({ M, N, K, aRow: K, aColumn: 1, bRow: 1, bColumn: K, cRow: N, adds }, K + M);
          expectProduct({ M, N, K, aRow: 1, aColumn: M, bRow: N, bColumn: 1, cRow: N, adds }, K + N);
        }
  });
});

describe("places", () => {
  /** Increasing, some with gaps. */
  function places(n: number, room: number, below: (n: number) => number): Uint32Array {
    const free = room - n;
    const skips = Array.from({ length: n }, () => below(free + 1)).sort((a, b) => a - b);
    return Uint32Array.from(skips, (skip, i) => 4 * (skip + i));
  }

  test("a convolution is the product of weights with the patches that are written out", () => {
    const below = draws(2);
    for (let seed = 0; seed < 150; seed++) {
      const [M, N, K] = [1 + below(13), 1 + below(30), seed % 10 ? 1 + below(30) : 500 + below(600)];
      const taps = Uint32Array.from({ length: K }, () => 4 * below(200));
      const where = seed % 2 ? Uint32Array.from({ length: N }, (_, n) => 4 * n) : places(N, 60, below);
      const picture = floats(260, seed);
      const [weights, start] = [floats(M * K, seed + 1), floats(M * N, seed + 2)];
      agreed((arena) => {
        const [x, a] = [arena.keep(picture), arena.keep(weights)];
        const [t, p] = [arena.table(taps), arena.table(where)];
        const c = guarded(arena, start);
        const columns = guarded(arena, new Float32Array(K * N));
        arena.kernels.convolve(M, N, K, a, x, t, p, c.at, arena.panel);
        arena.kernels.patches(N, K, x, t, p, columns.at);
        const whole = columns.read();
        expect(whole.every((value, i) => value === picture[(taps[Math.floor(i / N)] + where[i % N]) / 4])).toBe(true);
        const product = guarded(arena, start);
        arena.kernels.product(M, N, K, a, K, 1, columns.at, N, 1, product.at, N, 1, arena.panel);
        expectClose(c.read(), product.read(), 1e-6 * Math.sqrt(K) + 2e-6);
        return c.read();
      }, 1e-4);
    }
  });

  /** ⟨A x, y⟩ = ⟨x, Aᵀ y⟩. */
  function expectTransposed(x: Float32Array, ax: Float32Array, y: Float32Array, aty: Float32Array): void {
    const dot = (u: Float32Array, v: Float32Array): number => u.reduce((sum, value, i) => sum + value * v[i], 0);
    expectClose([dot(ax, y)], [dot(x, aty)], 1e-4);
  }

  test("spread is the transpose of collect, unpatch of patches, and unframe of frame", () => {
    const below = draws(3);
    for (let seed = 0; seed < 60; seed++) {
      const [rows, N, stride] = [1 + below(4), 1 + below(20), 1 + below(20)];
      const table = Uint32Array.from({ length: N }, () => (below(5) ? 4 * below(stride) : NOWHERE));
      const [x, y] = [floats(rows * stride, seed), floats(rows * N, seed + 1)];
      const aty = agreed((arena) => {
        const [to, at] = [guarded(arena, new Float32Array(rows * stride)), arena.table(table)];
        arena.kernels.spread(rows, N, arena.keep(y), at, to.at, stride);
        return to.read();
      });
      const ax = agreed((arena) => {
        const to = guarded(arena, new Float32Array(rows * N));
        arena.kernels.collect(rows, N, arena.keep(x), arena.table(table), to.at, stride);
        return to.read();
      });
      expectTransposed(x, ax, y, aty);

      const taps = Uint32Array.from({ length: N }, () => 4 * below(9));
      const where = Uint32Array.from({ length: rows }, () => 4 * below(9));
      const [picture, columns] = [floats(18, seed + 2), floats(N * rows, seed + 3)];
      const back = agreed((arena) => {
        const to = guarded(arena, new Float32Array(18));
        arena.kernels.unpatch(rows, N, arena.keep(columns), arena.table(taps), arena.table(where), to.at);
        return to.read();
      });
      const out = agreed((arena) => {
        const to = guarded(arena, new Float32Array(N * rows));
        arena.kernels.patches(rows, N, arena.keep(picture), arena.table(taps), arena.table(where), to.at);
        return to.read();
      });
      expectTransposed(picture, out, columns, back);
    }
  });

  test("a frame has a margin that stays as it was, and comes off again", () => {
    const below = draws(4);
    for (let seed = 0; seed < 60; seed++) {
      const [planes, H, W, top, left] = [1 + below(3), 1 + below(6), 1 + below(9), below(3), below(3)];
      const [toH, toW] = [H + top + below(3), W + left + below(3)];
      const x = floats(planes * H * W, seed);
      const framed = agreed((arena) => {
        const to = guarded(arena, new Float32Array(planes * toH * toW).fill(7));
        arena.kernels.frame(planes, H, W, arena.keep(x), to.at, top, left, toH, toW);
        const back = guarded(arena, new Float32Array(planes * H * W));
        arena.kernels.unframe(planes, H, W, to.at, back.at, top, left, toH, toW);
        expect(back.read()).toEqual(x);
        return to.read();
      });
      expect(framed.filter((value) => value === 7)).toHaveLength(planes * (toH * toW - H * W));
    }
  });

  test("what is scattered is collected again", () => {
    const below = draws(5);
    for (let seed = 0; seed < 40; seed++) {
      const [rows, N] = [1 + below(4), 1 + below(12)];
      const stride = N + below(9);
      const table = places(N, stride, below).reverse();
      const x = floats(rows * N, seed);
      agreed((arena) => {
        const at = arena.table(table);
        const to = guarded(arena, floats(rows * stride, 1));
        arena.kernels.scatter(rows, N, arena.keep(x), at, to.at, stride);
        const back = guarded(arena, new Float32Array(rows * N));
        arena.kernels.collect(rows, N, to.at, at, back.at, stride);
        expect(back.read()).toEqual(x);
        return to.read();
      });
    }
  });
});

test("sums and copies of rows and columns, for every size", () => {
  const below = draws(6);
  for (let seed = 0; seed < 60; seed++) {
    const [rows, N] = [1 + below(9), 1 + below(20)];
    const [x, start] = [floats(rows * N, seed), floats(Math.max(rows, N), seed + 1)];
    const found = agreed((arena) => {
      const { kernels } = arena;
      const from = arena.keep(x);
      const [byColumn, byRow] = [guarded(arena, start.slice(0, N)), guarded(arena, start.slice(0, rows))];
      kernels.addColumns(rows, N, from, byColumn.at);
      kernels.addRows(rows, N, from, byRow.at);
      const [filled, copied, scaled] = [1, 2, 3].map(() => guarded(arena, x));
      kernels.fillRows(rows, N, arena.keep(start), filled.at);
      kernels.copyRows(rows, N, arena.keep(start.slice(0, N)), copied.at);
      kernels.addScaled(rows * N, -1.5, from, scaled.at);
      return [byColumn, byRow, filled, copied, scaled].flatMap((one) => [...one.read()]);
    });
    const at = (i: number, j: number): number => x[i * N + j];
    const [R, C] = [[...Array(rows).keys()], [...Array(N).keys()]];
    expectClose(found, [
      ...C.map((j) => R.reduce((sum, i) => sum + at(i, j), start[j])),
      ...R.map((i) => C.reduce((sum, j) => sum + at(i, j), start[i])),
      ...R.flatMap((i) => C.map(() => start[i])),
      ...R.flatMap(() => C.map((j) => start[j])),
      ...[...x].map((value) => -0.5 * value),
    ]);
  }
});

describe("activations", () => {
  const FAR = [1e-45, 1e-40, 1.2e-38, 1e-20, 1e-7, 1e-3, 0.1, 0.149, 0.151, 0.5, 1, 2.5, 6, 10, 16, 17, 30, 50, 80];
  const FARTHER = [86, 87, 87.5, 88, 88.3, 88.5, 88.7, 88.72, 89, 95, 103, 105, 1e3, 1e10, 1e25, 3.4e38, Infinity];
  const ALL = [0, ...FAR, ...FARTHER].flatMap((x) => [x, -x]);

  function activated(kind: number, x: ArrayLike<number>, slope: number, back = false): Float32Array {
    return agreed((arena) => {
      const to = guarded(arena, new Float32Array(x.length), 3);
      const from = arena.keep(x);
      if (back) arena.kernels.activateBack(kind, x.length, from, arena.keep(floats(x.length, 9).fill(1)), to.at, slope);
      else arena.kernels.activate(kind, x.length, from, to.at, slope);
      return to.read();
    });
  }

  test.each([...KERNEL_ACTIVATIONS.entries()])("%i %s holds over all that a number can be", (kind) => {
    activated(kind, ALL, 0.3);
    const nearly = Float32Array.from({ length: 4001 }, (_, i) => (i - 2000) / 100);
    activated(kind, nearly, 0.3);
    expect(activated(kind, [1, Number.NaN, 1, 1, Number.NaN], 0.3).map(Number)).toEqual(
      expect.objectContaining({ 1: Number.NaN, 4: Number.NaN }),
    );
  });

  test("an exponential is right in its last digits, from the smallest number to the largest", () => {
    const x = Float32Array.from({ length: 20_001 }, (_, i) => -87 + (i / 20_000) * (88.72 + 87));
    for (const arena of arenas()) {
      const at = arena.keep(x);
      arena.kernels.activate(KERNEL_ACTIVATIONS.indexOf("exp"), x.length, at, at, 0);
      const found = arena.at(at, x.length);
      const worst = x.reduce((most, value, i) => Math.max(most, Math.abs(found[i] / Math.exp(value) - 1)), 0);
      expect(worst).toBeLessThan(3e-7);
    }
  });

  test.each([...KERNEL_ACTIVATIONS.entries()])("%i %s: its derivative is the limit of differences", (kind) => {
    // none within a step of 0, where some have a corner
    const x = Float32Array.from({ length: 160 }, (_, i) => (i - 79.5) / 10);
    const step = 1 / 128;
    const [up, down] = [1, -1].map((sign) =>
      activated(
        kind,
        x.map((value) => value + sign * step),
        0.3,
      ),
    );
    const wanted = up.map((value, i) => (value - down[i]) / (2 * step));
    expectClose(activated(kind, x, 0.3, true), wanted, 3e-4);
    activated(
      kind,
      [0, ...FAR].flatMap((value) => [value, -value]),
      0.3,
      true,
    );
  });

  test("in place, and on the last numbers alone", () => {
    for (let n = 1; n <= 9; n++)
      for (const kind of KERNEL_ACTIVATIONS.keys()) {
        const x = floats(n, n, 3);
        const inPlace = agreed((arena) => {
          const at = arena.keep(x);
          arena.kernels.activate(kind, n, at, at, 0.3);
          return arena.at(at, n);
        });
        expectClose(activated(kind, x, 0.3), inPlace, 0);
      }
  });
});

describe("learning", () => {
  const SIZES = [1, 2, 3, 4, 5, 255, 256, 257, 1000];

  test.each(SIZES)("the likelihoods of %i pixels and their gradients", (n) => {
    const logits = floats(n, 1, 8).map((value, i) => (i % 7 ? value : 1000 * value));
    const x = floats(n, 2).map((value, i) => (i % 3 ? 0.5 + 0.5 * value : Math.round(0.5 + 0.5 * value)));
    for (const name of ["bernoulli", "squares"] as const) {
      const found = agreed((arena) => {
        const to = guarded(arena, new Float32Array(n), 3);
        const [l, target] = [arena.keep(logits), arena.keep(x)];
        const total = arena.kernels[name](n, l, target, to.at, 0.25);
        expect(arena.kernels[name](n, l, target, 0, 0.25)).toBe(total);
        return [total, ...to.read()];
      });
      const sigmoid = (l: number): number => 1 / (1 + Math.exp(-l));
      const softplus = (l: number): number => Math.max(l, 0) + Math.log1p(Math.exp(-Math.abs(l)));
      const isLogit = name === "bernoulli";
      const term = (l: number, t: number): number => (isLogit ? softplus(l) - t * l : (l - t) ** 2);
      expectClose(found, [
        logits.reduce((sum, l, i) => sum + term(l, x[i]), 0),
        ...[...logits].map((l, i) => 0.25 * ((isLogit ? sigmoid(l) : l) - x[i])),
      ]);
    }
  });

  test("bytes are their part of 255 to the last digit, and no number beyond them changes", () => {
    for (const n of [1, 3, 4, 255, 256]) {
      const bytes = Uint8Array.from({ length: 4 * Math.ceil(n / 4) }, (_, i) => (i + 256 - n) % 256);
      const found = agreed((arena) => {
        const to = guarded(arena, new Float32Array(n), 3);
        arena.kernels.fromBytes(n, arena.table(new Uint32Array(bytes.buffer)), to.at);
        return to.read();
      }, 0);
      expect(found).toEqual(Float32Array.from(bytes.subarray(0, n), (byte) => byte / 255));
    }
  });

  test("a loss of NaN is NaN", () => {
    for (const arena of arenas()) {
      const [bad, x] = [arena.keep([0, 1, Number.NaN, 1, 1]), arena.keep([0, 1, 1, 0, 0])];
      expect(arena.kernels.bernoulli(5, bad, x, 0, 1)).toBeNaN();
      expect(arena.kernels.squares(5, bad, x, 0, 1)).toBeNaN();
    }
  });

  test.each(SIZES)("twenty steps of Adam on %i numbers", (n) => {
    const wanted = Float64Array.from(floats(n, 1));
    const [m, v] = [new Float64Array(n), new Float64Array(n)];
    const steps = Array.from({ length: 20 }, (_, t) => ({
      g: floats(n, t + 2, 10 ** ((t % 5) - 3)),
      first: 1 / (1 - 0.9 ** (t + 1)),
      second: 1 / (1 - 0.999 ** (t + 1)),
    }));
    for (const { g, first, second } of steps)
      for (let i = 0; i < n; i++) {
        m[i] = 0.9 * m[i] + 0.1 * g[i];
        v[i] = 0.999 * v[i] + 0.001 * g[i] ** 2;
        wanted[i] -= (0.01 * m[i] * first) / (Math.sqrt(v[i] * second) + 1e-8);
      }
    const found = agreed((arena) => {
      const [w, ...moments] = [floats(n, 1), new Float32Array(n), new Float32Array(n)].map((values) =>
        guarded(arena, values, 3),
      );
      for (const { g, first, second } of steps) {
        const at = arena.keep(g);
        const [mean, square] = moments;
        arena.kernels.adam(n, w.at, at, mean.at, square.at, 0.01, 0.9, 0.999, 1e-8, first, second);
      }
      return w.read();
    });
    expectClose(found, wanted, 1e-4);
  });
});
