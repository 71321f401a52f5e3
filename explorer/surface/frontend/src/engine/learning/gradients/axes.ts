/** How do operations learn that go along axes: sums, softmax, products of matrices? */

import { broadcast, flatIndices } from "../../broadcast";
import { linesOf } from "../../ops/elementwise";
import type { LearnOf, OpOf } from "../../plan";

/** ∂x = y·(∂y − Σ ∂y·y). */
export const learnSoftmax: LearnOf<OpOf<"softmax">> = ({ axis }, [x], y, { arena }) => {
  const { starts, places } = linesOf(x.shape, [axis]);
  return (gradients) => {
    const [dx, dy] = [gradients.of(x) / 4, gradients.of(y) / 4];
    return (batch) => {
      if (!dx) return;
      const F = arena.floats;
      for (let i = 0; i < batch; i++)
        for (const start of starts) {
          const base = i * x.size + start;
          let sum = 0;
          for (const place of places) sum += F[dy + base + place] * F[y.at / 4 + base + place];
          for (const place of places) F[dx + base + place] += F[y.at / 4 + base + place] * (F[dy + base + place] - sum);
        }
    };
  };
};

/** Of several that are the largest each gets its share. */
export const learnReduce: LearnOf<OpOf<"reduce">> = ({ kind, axes }, [x], y, { arena }) => {
  const { starts, places } = linesOf(x.shape, axes);
  return (gradients) => {
    const [dx, dy] = [gradients.of(x) / 4, gradients.of(y) / 4];
    return (batch) => {
      if (!dx) return;
      const F = arena.floats;
      for (let i = 0; i < batch; i++)
        for (let s = 0; s < starts.length; s++) {
          const base = i * x.size + starts[s];
          const at = i * y.size + s;
          const isPaid = (place: number): boolean => kind !== "max" || F[x.at / 4 + base + place] === F[y.at / 4 + at];
          const shares = kind === "sum" ? 1 : places.filter(isPaid).length;
          for (const place of places) if (isPaid(place)) F[dx + base + place] += F[dy + at] / shares;
        }
    };
  };
};

/** ∂A = ∂Y Bᵀ, ∂B = Aᵀ ∂Y; what was broadcast gets the sum. */
export const learnMatmul: LearnOf<OpOf<"matmul">> = (_, [a, b], y, { arena }) => {
  const [n, k] = a.shape.slice(-2);
  const m = b.shape[b.shape.length - 1];
  const outer = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2)) ?? [];
  const [ofA, ofB] = [a, b].map(({ shape }) => flatIndices(shape.slice(0, -2), outer));
  const { kernels, panel } = arena;
  return (gradients) => {
    const [da, db, dy] = [gradients.of(a), gradients.of(b), gradients.of(y)];
    return (batch) => {
      for (let i = 0; i < batch; i++)
        for (let o = 0; o < ofA.length; o++) {
          const from = dy + 4 * (i * y.size + o * n * m);
          const atA = 4 * (i * a.size + ofA[o] * n * k);
          const atB = 4 * (i * b.size + ofB[o] * k * m);
          if (da) kernels.product(n, k, m, from, m, 1, b.at + atB, 1, m, da + atA, k, 1, panel);
          if (db) kernels.product(k, m, n, a.at + atA, 1, k, from, m, 1, db + atB, m, 1, panel);
        }
    };
  };
};
