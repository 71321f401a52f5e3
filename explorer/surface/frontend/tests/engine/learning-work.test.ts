/** Does a learner that takes messages do what they say? Here with the page's own slices of time, without a worker. */

import { describe, expect, test } from "vitest";
import { dense } from "../../src/engine/learning/architectures";
import type { FromLearner, Progress, Start, ToLearner } from "../../src/engine/learning/messages";
import { Random } from "../../src/engine/learning/random";
import { start } from "../../src/engine/learning/work";

const RECORD = dense({ imageShape: [1, 2, 2], latentDim: 2, hidden: [4], likelihood: "bernoulli" });
const IMAGES = Uint8Array.from({ length: 40 }, (_, i) => (i * 37) % 256);
const START: Start = { kind: "start", record: RECORD, seed: 1, batchSize: 4, images: IMAGES };

/** A host whose time passes only when it is told. */
class Bench {
  readonly told: FromLearner[] = [];
  private take: (message: ToLearner) => void = () => {};
  private waiting: (() => void)[] = [];

  constructor() {
    start({
      sliceMs: 0, // one step
      post: (message) => this.told.push(message),
      hear: (take) => {
        this.take = take;
      },
      later: (run) => this.waiting.push(run),
    });
  }

  send(message: ToLearner): void {
    this.take(message);
  }

  pass(slices: number): void {
    for (let i = 0; i < slices; i++) for (const run of this.waiting.splice(0)) run();
  }

  last(): Progress {
    return this.told.filter((message) => message.kind === "progress").at(-1) as Progress;
  }

  kinds(): string[] {
    return this.told.map(({ kind }) => kind);
  }
}

function started(): Bench {
  const bench = new Bench();
  bench.send(START);
  return bench;
}

test("it says that it is here, then what it has", () => {
  const bench = started();
  expect(bench.kinds()).toEqual(["here", "ready", "progress"]);
  expect(bench.told[1]).toMatchObject({ nImages: 10, stepsPerEpoch: 3 });
  const { step, isRunning, terms, mu, logvar } = bench.last();
  expect([step, isRunning, terms, mu.length, logvar.length]).toEqual([0, false, null, 20, 20]);
});

test("weights lie where its answer says", () => {
  const bench = started();
  const ready = bench.told[1];
  if (ready.kind !== "ready") throw new Error(ready.kind);
  expect(ready.places.map(({ name }) => name)).toEqual(Object.keys(RECORD.shapes));
  const last = ready.places.at(-1);
  expect(last && last.at + last.size).toBeLessThanOrEqual(bench.last().weights.length);
});

test("steps are counted, and what it tells is the state after the last", () => {
  const bench = started();
  bench.send({ kind: "step", steps: 4 });
  bench.pass(10);
  expect(bench.last()).toMatchObject({ step: 4, epoch: 4 / 3, isRunning: false });
  expect(bench.last().terms?.loss).toBeGreaterThan(0);
});

test("it goes on until it is paused", () => {
  const bench = started();
  bench.send({ kind: "train" });
  bench.pass(25);
  bench.send({ kind: "pause" });
  expect(bench.last()).toMatchObject({ step: 25, isRunning: false });
  bench.pass(5);
  bench.send({ kind: "pause" });
  expect(bench.last().step).toBe(25);
});

test("nothing more is told until the page has seen the last", async () => {
  const bench = started();
  bench.send({ kind: "train" });
  await new Promise((resolve) => setTimeout(resolve, 40));
  bench.pass(3);
  const before = bench.told.length;
  bench.send({ kind: "seen" });
  bench.pass(3);
  expect(bench.told.length).toBe(before + 1);
  await new Promise((resolve) => setTimeout(resolve, 40));
  bench.pass(3);
  expect(bench.told.length).toBe(before + 1);
});

test("settings count from the next step on", () => {
  const bench = started();
  const before = bench.last().weights;
  bench.send({ kind: "set", settings: { learningRate: 0 } });
  bench.send({ kind: "step", steps: 2 });
  bench.pass(5);
  expect(bench.last().weights).toEqual(before);
  expect(bench.last().settings.learningRate).toBe(0);
});

test("a snapshot that is restored goes on as before", () => {
  const bench = started();
  bench.send({ kind: "step", steps: 5 });
  bench.pass(9);
  bench.send({ kind: "snapshot" });
  const kept = bench.told.at(-1);
  if (kept?.kind !== "snapshot") throw new Error("no snapshot");
  const ahead = (): Progress => {
    bench.send({ kind: "step", steps: 3 });
    bench.pass(9);
    return bench.last();
  };
  const first = ahead();
  bench.send({ kind: "restore", snapshot: kept.snapshot });
  expect(bench.last().step).toBe(5);
  expect(ahead()).toEqual(first);
});

test("an evaluation is of the images that it is given", () => {
  const bench = started();
  bench.send({ kind: "evaluate", images: new Float32Array(12).fill(0.5) });
  expect(bench.told.at(-1)).toMatchObject({ kind: "evaluation", step: 0 });
});

describe("what goes wrong", () => {
  test("a term that is no number", () => {
    const bench = new Bench();
    bench.send({ ...START, images: new Float32Array(8).fill(3e38) });
    bench.send({ kind: "train" });
    bench.pass(5);
    const stopped = bench.told.find(({ kind }) => kind === "stopped");
    expect(stopped).toMatchObject({ term: expect.stringMatching(/KL|reconstruction/) });
    expect(bench.last()).toMatchObject({ step: 0, isRunning: false });
  });

  test("settings that no step can be taken with", () => {
    const bench = started();
    bench.send({ kind: "set", settings: { beta: -1 } });
    expect(bench.told.at(-1)).toMatchObject({
      kind: "stopped",
      term: "",
      sentence: expect.stringMatching("beta is -1"),
    });
  });

  test("a layer that cannot learn", () => {
    const bench = new Bench();
    const table = { op: "gallery", pictures: "p", codes: "c", shape: [1, 2, 2] } as const;
    const encoder = [...RECORD.encoder, table];
    bench.send({ ...START, record: { ...RECORD, encoder } });
    expect(bench.told.at(-1)).toMatchObject({ sentence: "This page cannot learn the layer “gallery”." });
  });
});

test("draws come from the state that a snapshot keeps", () => {
  const random = new Random(2);
  random.fillNormal(new Float32Array(5));
  const again = new Random(7);
  again.state = random.state;
  expect(again.bits()).toBe(random.bits());
});
