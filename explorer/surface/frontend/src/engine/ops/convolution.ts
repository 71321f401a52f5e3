/**
 * How are convolutions computed, and their transposes?
 *
 * Both as products of weights with patches of a picture with a margin. A transposed convolution of stride s is s² plain ones: the places of its
 * output whose row and column leave the same remainder see the same weights, and those of the others are never multiplied by the zeros that
 * the textbook puts between the inputs.
 */

import { product } from "../../wire/payload";
import { expectFit, type Gradients, type Maker, type OpOf, type Planned, type Tensor } from "../plan";
import { type Framed, frameFor } from "./framed";

/** A plain convolution of one group: rows of weights, and where a patch's numbers lie. */
interface Patches {
  /** Numbers of a patch. */
  readonly K: number;
  /** Places of the output. */
  readonly N: number;
  readonly taps: number;
  readonly places: number;
}

export function planConv(op: OpOf<"conv2d">, [x]: readonly Tensor[], make: Maker): Planned {
  const { arena, weights } = make;
  const { groups, stride, padding, dilation } = op;
  const [nOut, perGroup, kernelH, kernelW] = weights.shape(op.weight);
  const [channels, height, width] = x.shape;
  const outH = windows(height, kernelH, stride[0], padding[0], dilation[0]);
  const outW = windows(width, kernelW, stride[1], padding[1], dilation[1]);
  const fits = x.shape.length === 3 && channels === perGroup * groups && nOut % groups === 0;
  expectFit(fits && outH >= 1 && outW >= 1 && product(weights.shape(op.bias)) === nOut, "conv2d", x);
  const framed = frameFor(x, { top: padding[0], bottom: padding[0], left: padding[1], right: padding[1] }, make);
  const taps = tapsOf(perGroup, range(kernelH, dilation[0]), range(kernelW, dilation[1]), framed);
  const places = placesOf(range(outH, stride[0]), range(outW, stride[1]), framed.width);
  const patches = { K: taps.length, N: places.length, taps: arena.table(taps), places: arena.table(places) };
  const [w, bias] = [make.weight(op.weight), make.weight(op.bias)];
  const y = make.output([nOut, outH, outW]);
  const { kernels, panel } = arena;
  const M = nOut / groups;
  return {
    y,
    forward: (batch) => {
      for (let i = 0; i < batch; i++) {
        const picture = framed.of(i);
        const to = y.at + 4 * i * y.size;
        kernels.fillRows(nOut, patches.N, bias, to);
        for (let g = 0; g < groups; g++) {
          const from = picture + 4 * g * perGroup * framed.plane;
          const a = w + 4 * g * M * patches.K;
          kernels.convolve(
            M,
            patches.N,
            patches.K,
            a,
            from,
            patches.taps,
            patches.places,
            to + 4 * g * M * patches.N,
            panel,
          );
        }
      }
    },
    learn: (gradients) => {
      const dy = gradients.of(y);
      const [dw, db] = [gradients.ofWeight(op.weight), gradients.ofWeight(op.bias)];
      const learn = learnPatches(gradients, { M, patches, framed, perGroup, x }, make);
      return (batch) => {
        for (let i = 0; i < batch; i++) {
          const from = dy + 4 * i * y.size;
          kernels.addRows(nOut, patches.N, from, db);
          learn.begin(i);
          for (let g = 0; g < groups; g++) {
            const at = 4 * g * M * patches.K;
            learn.group(g, w + at, from + 4 * g * M * patches.N, dw + at);
          }
          learn.end(i);
        }
      };
    },
  };
}

export function planTransposed(op: OpOf<"conv_transpose2d">, [x]: readonly Tensor[], make: Maker): Planned {
  const { arena, weights } = make;
  const { groups, stride, padding, dilation, output_padding } = op;
  const [nIn, M, kernelH, kernelW] = weights.shape(op.weight);
  const [channels, height, width] = x.shape;
  const nOut = M * groups;
  const outH = (height - 1) * stride[0] - 2 * padding[0] + dilation[0] * (kernelH - 1) + output_padding[0] + 1;
  const outW = (width - 1) * stride[1] - 2 * padding[1] + dilation[1] * (kernelW - 1) + output_padding[1] + 1;
  const fits = x.shape.length === 3 && channels === nIn && nIn % groups === 0;
  expectFit(fits && outH >= 1 && outW >= 1 && product(weights.shape(op.bias)) === nOut, "conv_transpose2d", x);
  const perGroup = nIn / groups;
  const rows = phasesOf(height, outH, {
    kernel: kernelH,
    stride: stride[0],
    padding: padding[0],
    dilation: dilation[0],
  });
  const columns = phasesOf(width, outW, {
    kernel: kernelW,
    stride: stride[1],
    padding: padding[1],
    dilation: dilation[1],
  });
  const margin = { top: rows.before, bottom: rows.after, left: columns.before, right: columns.after };
  const framed = frameFor(x, margin, make);
  const y = make.output([nOut, outH, outW]);
  const plane = outH * outW;
  const [w, bias] = [make.weight(op.weight), make.weight(op.bias)];
  const phases = rows.phases.flatMap((row) =>
    columns.phases.map((column) =>
      planPhase(row, column, { M, perGroup, kernelH, kernelW, groups, outW, nIn }, framed, make),
    ),
  );
  const most = Math.max(...phases.map(({ patches }) => patches.N));
  const part = make.scratch(nOut * most);
  const { kernels, panel } = arena;
  const isWhole = phases.length === 1 && phases[0].patches.N === plane;
  for (const { layOut } of phases) layOut(w);
  return {
    y,
    forward: (batch) => {
      if (make.learns) for (const { layOut } of phases) layOut(w);
      for (let i = 0; i < batch; i++) {
        const picture = framed.of(i);
        for (const { patches, a, to } of phases) {
          const out = isWhole ? y.at + 4 * i * y.size : part;
          kernels.fillRows(nOut, patches.N, bias, out);
          for (let g = 0; g < groups && patches.K; g++) {
            const from = picture + 4 * g * perGroup * framed.plane;
            const own = a + 4 * g * M * patches.K;
            kernels.convolve(
              M,
              patches.N,
              patches.K,
              own,
              from,
              patches.taps,
              patches.places,
              out + 4 * g * M * patches.N,
              panel,
            );
          }
          if (!isWhole) kernels.scatter(nOut, patches.N, part, to, y.at + 4 * i * y.size, plane);
        }
      }
    },
    learn: (gradients) => {
      const dy = gradients.of(y);
      const [dw, db] = [gradients.ofWeight(op.weight), gradients.ofWeight(op.bias)];
      const own = phases.map(({ patches }) => ({
        learn: learnPatches(gradients, { M, patches, framed, perGroup, x }, make),
        da: make.scratch(nOut * patches.K),
      }));
      return (batch) => {
        const size = (p: number): number => nOut * phases[p].patches.K;
        phases.forEach((_, p) => arena.at(own[p].da, size(p)).fill(0));
        for (let i = 0; i < batch; i++) {
          kernels.addRows(nOut, plane, dy + 4 * i * y.size, db);
          for (const { learn } of own) learn.begin(i);
          phases.forEach(({ patches, a, to }, p) => {
            kernels.collect(nOut, patches.N, dy + 4 * i * y.size, to, part, plane);
            for (let g = 0; g < groups && patches.K; g++) {
              const at = 4 * g * M * patches.K;
              own[p].learn.group(g, a + at, part + 4 * g * M * patches.N, own[p].da + at);
            }
          });
          own[0].learn.end(i);
        }
        phases.forEach(({ weightPlaces }, p) => kernels.spread(1, size(p), own[p].da, weightPlaces, dw, 0));
      };
    },
  };
}

/** Along one axis: the places whose positions leave one remainder, and which kernel numbers they see where. */
interface AxisPhase {
  /** Places of the output. */
  readonly out: readonly number[];
  /** Numbers of the kernel. */
  readonly kernel: readonly number[];
  /** For each of them, how far from the first input of a place it looks; the places' first inputs follow each other. */
  readonly offsets: readonly number[];
  /** The first place's first input, counted in the padded picture with `offsets`. */
  readonly first: number;
}

interface AxisSize {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
}

function phasesOf(
  length: number,
  outLength: number,
  { kernel, stride, padding, dilation }: AxisSize,
): { phases: AxisPhase[]; before: number; after: number } {
  const found: AxisPhase[] = [];
  let before = 0;
  let after = 0;
  for (let remainder = 0; remainder < stride; remainder++) {
    const out = range(outLength).filter((o) => (o + padding) % stride === remainder);
    if (!out.length) continue;
    const seen = range(kernel).filter((k) => mod(remainder - k * dilation, stride) === 0);
    const offsets = seen.map((k) => (remainder - k * dilation) / stride);
    const first = Math.floor((out[0] + padding) / stride);
    const last = first + out.length - 1;
    if (seen.length) {
      before = Math.max(before, -(first + Math.min(...offsets)));
      after = Math.max(after, last + Math.max(...offsets) - (length - 1));
    }
    found.push({ out, kernel: seen, offsets, first });
  }
  return { phases: found, before, after };
}

interface Phase {
  readonly patches: Patches;
  /** Address of the weights as this phase multiplies with them. */
  readonly a: number;
  /** Table: where its places lie in a plane of the output. */
  readonly to: number;
  /** Table: where its weights lie in the layer's own. */
  readonly weightPlaces: number;
  layOut(w: number): void;
}

interface TransposedSize {
  readonly M: number;
  readonly perGroup: number;
  readonly kernelH: number;
  readonly kernelW: number;
  readonly groups: number;
  readonly outW: number;
  readonly nIn: number;
}

function planPhase(row: AxisPhase, column: AxisPhase, size: TransposedSize, framed: Framed, make: Maker): Phase {
  const { M, perGroup, kernelH, kernelW, groups, outW } = size;
  const { arena } = make;
  const taps: number[] = [];
  const own: number[] = [];
  for (let c = 0; c < perGroup; c++)
    for (let r = 0; r < row.kernel.length; r++)
      for (let s = 0; s < column.kernel.length; s++) {
        const y = framed.margin.top + row.first + row.offsets[r];
        const x = framed.margin.left + column.first + column.offsets[s];
        taps.push(4 * (c * framed.plane + y * framed.width + x));
        own.push(c * M * kernelH * kernelW + row.kernel[r] * kernelW + column.kernel[s]);
      }
  const places = placesOf(range(row.out.length), range(column.out.length), framed.width);
  const to = row.out.flatMap((r) => column.out.map((s) => 4 * (r * outW + s)));
  const weightPlaces: number[] = [];
  for (let g = 0; g < groups; g++)
    for (let m = 0; m < M; m++)
      for (const at of own) weightPlaces.push(4 * ((g * perGroup * M + m) * kernelH * kernelW + at));
  const table = arena.table(weightPlaces);
  const a = arena.floatsOf(weightPlaces.length);
  return {
    patches: { K: taps.length, N: places.length, taps: arena.table(taps), places: arena.table(places) },
    a,
    to: arena.table(to),
    weightPlaces: table,
    layOut: (w) => arena.kernels.collect(1, weightPlaces.length, w, table, a, 0),
  };
}

interface Learned {
  readonly M: number;
  readonly patches: Patches;
  readonly framed: Framed;
  readonly perGroup: number;
  readonly x: Tensor;
}

/** ∂W = ∂y · patchesᵀ, and ∂x as the patches of Wᵀ · ∂y, each number put back where it was taken from. */
function learnPatches(gradients: Gradients, { M, patches, framed, perGroup, x }: Learned, make: Maker) {
  const { kernels, panel } = make.arena;
  const { K, N, taps, places } = patches;
  const dx = gradients.of(x);
  const columns = make.scratch(K * N);
  let picture = 0;
  let into = 0;
  return {
    begin: (i: number): void => {
      picture = framed.of(i);
      into = dx ? framed.gradientOf(i, dx) : 0;
    },
    group: (g: number, w: number, dy: number, dw: number): void => {
      const shift = 4 * g * perGroup * framed.plane;
      kernels.patches(N, K, picture + shift, taps, places, columns);
      kernels.product(M, K, N, dy, N, 1, columns, 1, N, dw, K, 1, panel);
      if (!dx) return;
      kernels.product(K, N, M, w, 1, K, dy, N, 1, columns, N, 0, panel);
      kernels.unpatch(N, K, columns, taps, places, into + shift);
    },
    end: (i: number): void => {
      if (dx) framed.endGradient(i, dx);
    },
  };
}

/** Bytes from a patch's beginning to each of its numbers. */
function tapsOf(channels: number, rows: readonly number[], columns: readonly number[], framed: Framed): number[] {
  return range(channels).flatMap((c) =>
    rows.flatMap((r) => columns.map((s) => 4 * (c * framed.plane + r * framed.width + s))),
  );
}

/** Bytes from a picture's beginning to the patch of each place. */
function placesOf(rows: readonly number[], columns: readonly number[], width: number): number[] {
  return rows.flatMap((r) => columns.map((s) => 4 * (r * width + s)));
}

function range(n: number, step = 1): number[] {
  return Array.from({ length: n }, (_, i) => i * step);
}

function mod(a: number, n: number): number {
  return ((a % n) + n) % n;
}

/** How many windows fit along an axis. */
export function windows(length: number, kernel: number, stride: number, padding: number, dilation: number): number {
  return Math.floor((length + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1;
}
