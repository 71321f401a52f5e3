/** Does a network answer the same whatever room its tensors share, and for one input as for many? */

import { describe, expect, test } from "vitest";
import type { Arena } from "../../src/engine/arena";
import { type Graph, planGraph } from "../../src/engine/graph";
import { use } from "../../src/engine/kernels";
import { Network } from "../../src/engine/network";
import type { Shape, Weights } from "../../src/engine/plan";
import { CLASS, INPUT, type Op } from "../../src/wire/schema";
import { floats, random } from "../helpers";
import { arenas, expectClose } from "./arithmetics";

const SHAPE = [3, 4, 5] as const;
const SIZE = 60;

/** As many weights as are asked for, the same ones every time. */
class Made implements Weights {
  private readonly shapes = new Map<string, Shape>();
  private readonly values = new Map<string, Float32Array>();

  make(shape: Shape): string {
    const name = `w${this.shapes.size}`;
    const n = shape.reduce((a, b) => a * b, 1);
    this.shapes.set(name, shape);
    this.values.set(name, floats(n, this.shapes.size, 1 / Math.sqrt(n / shape[0])));
    return name;
  }
  floats(name: string): Float32Array {
    return this.values.get(name) ?? new Float32Array();
  }
  shape(name: string): Shape {
    return this.shapes.get(name) ?? [];
  }
}

const ONE = { padding: [1, 1], stride: [1, 1], dilation: [1, 1], groups: 1 } as const;

/** Each takes a picture of SHAPE and gives one. */
function unary(weights: Made): readonly (() => Op)[] {
  const w = (...shape: number[]): string => weights.make(shape);
  return [
    () => ({ op: "activation", kind: "tanh" }),
    () => ({ op: "activation", kind: "relu" }),
    () => ({ op: "activation", kind: "hard-swish" }),
    () => ({ op: "conv2d", weight: w(3, 3, 3, 3), bias: w(3), ...ONE }),
    () => ({ op: "conv_transpose2d", weight: w(3, 3, 3, 3), bias: w(3), output_padding: [0, 0], ...ONE }),
    () => ({ op: "linear", weight: w(5, 5), bias: w(5) }),
    () => ({ op: "channel_affine", weight: w(3), bias: w(3) }),
    () => ({ op: "prelu", weight: w(3) }),
    () => ({ op: "bias", bias: w(...SHAPE) }),
    () => ({ op: "group_norm", groups: 3, eps: 0.01, weight: w(3), bias: w(3) }),
    () => ({ op: "layer_norm", eps: 0.01, weight: w(4, 5), bias: w(4, 5) }),
    () => ({ op: "softmax", axis: 2 }),
    () => ({ op: "clamp", low: -0.8, high: 0.9 }),
    () => ({ op: "scale", by: -1.5, plus: 0.1 }),
    () => ({ op: "reshape", shape: SHAPE }),
    () => ({ op: "constant", weight: w(...SHAPE) }),
  ];
}

/** Operations that each take one or two that are there, some of them again and again. */
function randomNetwork(seed: number): { ops: Op[]; weights: Made } {
  const weights = new Made();
  const next = random(seed);
  const below = (n: number): number => Math.floor(next() * n);
  const [ops, numbers]: [Op[], number[]] = [[], [INPUT]];
  const one = (): number => numbers[Math.max(numbers.length - 1 - below(4), 0)];
  const add = (op: Op, ...inputs: number[]): number => ops.push({ ...op, inputs }) - 1;
  const kinds = unary(weights);
  for (let i = 0; i < 16; i++) {
    const choice = below(10);
    if (choice < 3)
      numbers.push(add({ op: "combine", kind: (["add", "multiply", "maximum"] as const)[choice] }, one(), one()));
    else if (choice === 3) {
      const both = add({ op: "concat", axis: 1 }, one(), one());
      numbers.push(add({ op: "slice", axis: 1, start: 1 + below(2), stop: 8, step: 2 }, both));
      const isShort = (ops.at(-1) as { start: number }).start === 2;
      if (isShort)
        numbers[numbers.length - 1] = add(
          { op: "pad", left: 0, right: 0, top: 1, bottom: 0, kind: "replicate" },
          numbers.at(-1) ?? 0,
        );
    } else if (choice === 4) {
      const turned = add({ op: "permute", axes: [2, 0, 1] }, one());
      numbers.push(add({ op: "permute", axes: [1, 2, 0] }, add({ op: "activation", kind: "silu" }, turned)));
    } else numbers.push(add(kinds[below(kinds.length)](), one()));
  }
  add({ op: "combine", kind: "add" }, one(), one());
  return { ops, weights };
}

function answers(graph: Graph, arena: Arena, x: Float32Array, batch: number): Float32Array {
  arena.at(graph.input.at, batch * SIZE).set(x.subarray(0, batch * SIZE));
  graph.forward(batch);
  return arena.at(graph.output.at, batch * graph.output.size).slice();
}

test("tensors that share their room answer as those do that keep their own", () => {
  const CAPACITY = 4;
  for (let seed = 0; seed < 150; seed++) {
    const { ops, weights } = randomNetwork(seed);
    const found = arenas().flatMap((arena) =>
      [true, false].map((learns) => {
        const options = { arena, weights, addresses: new Map<string, number>(), capacity: CAPACITY, learns };
        const graph = planGraph(ops, SHAPE, options);
        // what was there before must not be seen again
        return [1, 4, 3, 1].map((batch, i) => answers(graph, arena, floats(CAPACITY * SIZE, seed + i), batch));
      }),
    );
    const word = JSON.stringify(ops.map(({ op, inputs }) => [op, inputs]));
    for (const other of found.slice(1))
      for (const [i, wanted] of found[0].entries()) expectClose(other[i], wanted, 2e-4, word);
  }
});

test("a row of layers shares two rooms, and one of activations none at all", () => {
  const weights = new Made();
  const ops = Array.from({ length: 30 }, (): Op[] => [
    { op: "linear", weight: weights.make([400, 400]), bias: weights.make([400]) },
    { op: "activation", kind: "relu" },
  ]).flat();
  const arena = arenas()[0];
  const graph = planGraph(ops, [400], { arena, weights, addresses: new Map(), capacity: 64 });
  expect(new Set(graph.planned.map(({ y }) => y.at)).size).toBe(2);
});

describe("an arena", () => {
  test("keeps what it has while it grows, at the addresses that it gave", () => {
    for (const arena of arenas()) {
      const given = Array.from({ length: 40 }, (_, i) => ({ values: floats(1 + 31 * i * i, i), at: 0 }));
      for (const one of given) one.at = arena.keep(one.values);
      const table = arena.table([1, 2, 0xffffffff]);
      const room = arena.floatsOf(500_000);
      expect(arena.at(room, 500_000).every((value) => value === 0)).toBe(true);
      arena.at(room, 500_000).fill(5);
      for (const { values, at } of given)
        expect(values.every((value, i) => value === arena.floats[at / 4 + i])).toBe(true);
      expect([...new Uint32Array(arena.floats.buffer, table, 3)]).toEqual([1, 2, 0xffffffff]);
      expect(given.every(({ at }) => at > 0 && at % 16 === 0)).toBe(true);
    }
  });
});

describe("many at once", () => {
  test.each(["scalar", "simd", null] as const)("are answered as one by one (%s)", (kind) => {
    use(kind);
    // of 30 000 numbers no more than 16 fit; of 60 as many as are taken at once
    for (const [shape, counts] of [
      [SHAPE, [1, 2, 127, 128, 129, 300, 5]],
      [
        [3, 100, 100],
        [1, 16, 37, 3],
      ],
      [
        [1, 900, 700],
        [1, 2],
      ],
    ] as const) {
      const weights = new Made();
      const ops: Op[] = [
        { op: "conv2d", weight: weights.make([2, shape[0], 3, 3]), bias: weights.make([2]), ...ONE, stride: [2, 2] },
        { op: "activation", kind: "silu" },
      ];
      const network = new Network(ops, shape, weights);
      for (const n of counts) {
        const x = floats(n * network.inputSize, n);
        const many = network.runMany(x, n).slice();
        for (let i = 0; i < n; i++) {
          const size = network.outputSize;
          const one = network.run(x.subarray(i * network.inputSize, (i + 1) * network.inputSize));
          expectClose(many.subarray(i * size, (i + 1) * size), one, 1e-6, `${n}: ${i} of`);
        }
      }
    }
    use(null);
  });

  test("are told the same class, also where they were told before they were first asked", () => {
    const weights = new Made();
    const [classes, bias] = [4, weights.make([6])];
    const ops: Op[] = [
      { op: "linear", weight: weights.make([5, classes]), bias: weights.make([5]), inputs: [CLASS] },
      { op: "concat", axis: 0, inputs: [INPUT, 0] },
      { op: "linear", weight: weights.make([6, 7]), bias, biases: weights.make([6, classes]) },
    ];
    const network = new Network(ops, [2], weights, classes);
    const x = floats(10, 1);
    const told = [2, 0, 3].map((label) => {
      const many = network.runMany(x, 5, undefined, label).slice();
      for (let i = 0; i < 5; i++)
        expectClose(many.subarray(6 * i, 6 * i + 6), network.run(x.subarray(2 * i, 2 * i + 2), undefined, label), 1e-6);
      return many;
    });
    expect(Math.abs(told[0][0] - told[1][0])).toBeGreaterThan(1e-3);
    expectClose(network.runMany(x, 5, undefined, 2), told[0], 0);
  });

  test.each(["scalar", "simd", null] as const)("are told a class each, or none (%s)", (kind) => {
    use(kind);
    const weights = new Made();
    const classes = 4;
    const rows = (name: string): Op => ({
      op: "linear",
      weight: weights.make([5, 2]),
      bias: weights.make([5]),
      biases: name,
    });
    const ops: Op[] = [
      { op: "reshape", shape: [3, 2], inputs: [INPUT] },
      { ...rows(weights.make([5, classes])), inputs: [0] },
      { op: "linear", weight: weights.make([15, classes]), bias: weights.make([15]), inputs: [CLASS] },
      { op: "flatten", inputs: [1] },
      { op: "combine", kind: "add", inputs: [3, 2] },
    ];
    const network = new Network(ops, [6], weights, classes);
    const next = random(5);
    for (const n of [1, 3, 128, 300, 4]) {
      const x = floats(n * 6, n);
      const labels = Int32Array.from({ length: n }, () => Math.floor(next() * (classes + 1)) - 1);
      const many = network.runMany(x, n, undefined, labels).slice();
      for (let i = 0; i < n; i++) {
        const own = new Network(ops, [6], weights, classes).run(x.subarray(6 * i, 6 * i + 6), undefined, labels[i]);
        expectClose(many.subarray(15 * i, 15 * i + 15), own, 1e-6, `${n}: ${i} of`);
        if (n < 10) expectClose(network.run(x.subarray(6 * i, 6 * i + 6), undefined, labels[i]), own, 0);
      }
    }
    use(null);
  });
});

describe("what is not there is refused", () => {
  test.each([[[1]], [[5]], [[CLASS]], [[-3]]])("an input numbered %j", (inputs) => {
    const ops: Op[] = [
      { op: "scale", by: 2, plus: 0 },
      { op: "flatten", inputs },
    ];
    const options = { arena: arenas()[0], weights: new Made(), addresses: new Map<string, number>(), capacity: 1 };
    expect(() => planGraph(ops, [2], options)).toThrow(/takes what is not there/);
  });
});
