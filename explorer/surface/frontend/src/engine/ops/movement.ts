/**
 * Which operations only put numbers elsewhere? Each has a table that says of every number of its output where it comes from; one loop does the
 * rest, and its transpose the gradients.
 */

import { product } from "../../wire/payload";
import { indicesOf, strides } from "../broadcast";
import { NOWHERE } from "../kernels";
import { expectFit, type Maker, type OpOf, type Planned, reshaped, type Shape, type Tensor } from "../plan";

/** `places`: for every number of the output its place in the input, NOWHERE for a zero. */
function moved(x: Tensor, shape: Shape, places: Uint32Array, make: Maker): Planned {
  const { kernels } = make.arena;
  const table = make.arena.table(places.map((place) => (place === NOWHERE ? NOWHERE : 4 * place)));
  const y = make.output(shape);
  return {
    y,
    forward: (batch) => kernels.collect(batch, y.size, x.at, table, y.at, x.size),
    learn: (gradients) => {
      const [dx, dy] = [gradients.of(x), gradients.of(y)];
      return (batch) => {
        if (dx) kernels.spread(batch, y.size, dy, table, dx, x.size);
      };
    },
  };
}

function withSide(shape: Shape, axis: number, length: number): number[] {
  return shape.map((side, i) => (i === axis ? length : side));
}

export function planFlatten(_: OpOf<"flatten">, [x]: readonly Tensor[]): Planned {
  return reshaped(x, [x.size]);
}

export function planReshape(op: OpOf<"reshape" | "unflatten">, [x]: readonly Tensor[]): Planned {
  return reshaped(x, op.shape);
}

export function planPermute({ axes }: OpOf<"permute">, [x]: readonly Tensor[], make: Maker): Planned {
  const fits = axes.length === x.shape.length && x.shape.every((_, axis) => axes.includes(axis));
  expectFit(fits, "permute", x);
  const shape = axes.map((axis) => x.shape[axis]);
  const steps = strides(x.shape);
  return moved(
    x,
    shape,
    indicesOf(shape, (axis) => steps[axes[axis]]),
    make,
  );
}

export function planSlice({ axis, start, stop, step }: OpOf<"slice">, [x]: readonly Tensor[], make: Maker): Planned {
  expectFit(axis < x.shape.length && start < stop && stop <= x.shape[axis] && step >= 1, "slice", x);
  const shape = withSide(x.shape, axis, Math.ceil((stop - start) / step));
  const steps = strides(x.shape);
  const places = indicesOf(shape, (a) => (a === axis ? step : 1) * steps[a]);
  return moved(
    x,
    shape,
    places.map((place) => place + start * steps[axis]),
    make,
  );
}

export function planCrop({ height, width }: OpOf<"crop">, [x]: readonly Tensor[], make: Maker): Planned {
  expectFit(x.shape.length === 3 && height <= x.shape[1] && width <= x.shape[2], "crop", x);
  return ofPixels(x, [height, width], (row, column) => row * x.shape[2] + column, make);
}

export function planUpsample({ scale }: OpOf<"upsample">, [x]: readonly Tensor[], make: Maker): Planned {
  expectFit(x.shape.length === 3 && scale >= 1, "upsample", x);
  const [, height, width] = x.shape;
  const from = (row: number, column: number): number => Math.floor(row / scale) * width + Math.floor(column / scale);
  return ofPixels(x, [height * scale, width * scale], from, make);
}

/** Nearest neighbour at another size, its factor in single precision as torch has it. */
export function planNearest({ height, width }: OpOf<"resize">, [x]: readonly Tensor[], make: Maker): Planned {
  const [, h, w] = x.shape;
  const rows = nearest(h, height);
  const columns = nearest(w, width);
  return ofPixels(x, [height, width], (row, column) => rows(row) * w + columns(column), make);
}

function nearest(from: number, to: number): (i: number) => number {
  if (to === 2 * from) return (i) => i >> 1;
  const factor = Math.fround(from / to);
  return (i) => Math.min(Math.floor(Math.fround(i * factor)), from - 1);
}

export function planPad(op: OpOf<"pad">, [x]: readonly Tensor[], make: Maker): Planned {
  const { left, right, top, bottom, kind } = op;
  expectFit(x.shape.length === 3, "pad", x);
  const [, height, width] = x.shape;
  const around = AROUND[kind];
  const from = (row: number, column: number): number => {
    const r = around(row - top, height);
    const c = around(column - left, width);
    return r < 0 || c < 0 ? NOWHERE : r * width + c;
  };
  return ofPixels(x, [height + top + bottom, width + left + right], from, make);
}

/** Which of n a place beyond the edges repeats; −1 for none. */
const AROUND: Record<OpOf<"pad">["kind"], (i: number, n: number) => number> = {
  zeros: (i, n) => (i < 0 || i >= n ? -1 : i),
  reflect: (i, n) => (i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i),
  replicate: (i, n) => Math.min(Math.max(i, 0), n - 1),
  circular: (i, n) => ((i % n) + n) % n,
};

/** The same for every channel; `from` gives the place in a plane. */
function ofPixels(
  x: Tensor,
  [height, width]: readonly [number, number],
  from: (row: number, column: number) => number,
  make: Maker,
): Planned {
  const [channels, h, w] = x.shape;
  const places = new Uint32Array(channels * height * width);
  for (let row = 0, at = 0; row < height; row++)
    for (let column = 0; column < width; column++, at++) {
      const place = from(row, column);
      for (let c = 0; c < channels; c++)
        places[c * height * width + at] = place === NOWHERE ? NOWHERE : c * h * w + place;
    }
  return moved(x, [channels, height, width], places, make);
}

/** (C·r², H, W) to (C, H·r, W·r): channel c·r² + i·r + j gives row i and column j of every block. */
export function planShuffle({ factor: r }: OpOf<"pixel_shuffle">, [x]: readonly Tensor[], make: Maker): Planned {
  const [channels, height, width] = x.shape;
  expectFit(x.shape.length === 3 && channels % (r * r) === 0, "pixel_shuffle", x);
  return moved(x, [channels / (r * r), height * r, width * r], shuffled(channels / (r * r), height, width, r), make);
}

export function planUnshuffle({ factor: r }: OpOf<"pixel_unshuffle">, [x]: readonly Tensor[], make: Maker): Planned {
  const [channels, height, width] = x.shape;
  expectFit(x.shape.length === 3 && height % r === 0 && width % r === 0, "pixel_unshuffle", x);
  const forward = shuffled(channels, height / r, width / r, r);
  const back = new Uint32Array(forward.length);
  forward.forEach((from, to) => {
    back[from] = to;
  });
  return moved(x, [channels * r * r, height / r, width / r], back, make);
}

function shuffled(channels: number, height: number, width: number, r: number): Uint32Array {
  const plane = height * width;
  // axes of the output: channel, row, row in the block, column, column in the block
  const steps = [r * r * plane, width, r * plane, 1, plane];
  return indicesOf([channels, height, r, width, r], (axis) => steps[axis]);
}

/** Its inputs one after the other along an axis: rows of all axes before it, blocks of those behind. */
export function planConcat({ axis }: OpOf<"concat">, inputs: readonly Tensor[], make: Maker): Planned {
  const [first] = inputs;
  const fits = inputs.every(
    ({ shape }) => shape.length === first.shape.length && shape.every((n, i) => i === axis || n === first.shape[i]),
  );
  expectFit(fits && axis < first.shape.length, "concat", ...inputs);
  const shape = withSide(
    first.shape,
    axis,
    inputs.reduce((sum, x) => sum + x.shape[axis], 0),
  );
  const y = make.output(shape);
  const outer = product(shape.slice(0, axis));
  const row = y.size / outer;
  const parts = inputs.map((x) => x.size / outer);
  const { arena } = make;
  return {
    y,
    forward: (batch) => {
      const F = arena.floats;
      for (let i = 0; i < batch * outer; i++) {
        let to = y.at / 4 + i * row;
        inputs.forEach((x, p) => {
          const from = x.at / 4 + i * parts[p];
          F.copyWithin(to, from, from + parts[p]);
          to += parts[p];
        });
      }
    },
    learn: (gradients) => {
      const dy = gradients.of(y);
      const dx = inputs.map((x) => gradients.of(x));
      return (batch) => {
        const F = arena.floats;
        for (let i = 0; i < batch * outer; i++) {
          let from = dy / 4 + i * row;
          dx.forEach((into, p) => {
            if (into) for (let j = 0; j < parts[p]; j++) F[into / 4 + i * parts[p] + j] += F[from + j];
            from += parts[p];
          });
        }
      };
    },
  };
}

/** The same for every picture and code: written once for all of a batch. */
export function planConstant({ weight }: OpOf<"constant">, _: readonly Tensor[], make: Maker): Planned {
  const shape = make.weights.shape(weight);
  const y = make.output(shape);
  const values = make.weight(weight);
  const { arena, capacity } = make;
  return {
    y,
    // its room may have served another operation in between
    forward: (batch) => {
      const F = arena.at(y.at, Math.min(batch, capacity) * y.size);
      for (let i = 0; i < F.length; i += y.size) F.set(arena.at(values, y.size), i);
    },
  };
}
