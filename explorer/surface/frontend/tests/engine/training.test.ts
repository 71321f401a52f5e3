/** Does the door to a training do what its verbs say, here in slices of the page's time? Against a learner that is driven by hand. */

import { afterEach, expect, test, vi } from "vitest";
import { dense } from "../../src/engine/learning/architectures";
import { Learner } from "../../src/engine/learning/learner";
import type { Progress } from "../../src/engine/learning/messages";
import { openTraining, type Training, type TrainingEvent, type TrainingPlan } from "../../src/engine/learning/training";

const RECORD = dense({ imageShape: [1, 2, 2], latentDim: 2, hidden: [4], likelihood: "bernoulli" });
const IMAGES = Uint8Array.from({ length: 40 }, (_, i) => (i * 37) % 256);
const PLAN: TrainingPlan = { record: RECORD, seed: 1, batchSize: 4 };

const opened: Training[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one.stop();
});

function open(plan = PLAN): { training: Training; events: TrainingEvent[]; at: (step: number) => Promise<Progress> } {
  const events: TrainingEvent[] = [];
  const training = openTraining("", plan, { images: IMAGES }, (event) => events.push(event));
  opened.push(training);
  const at = (step: number): Promise<Progress> =>
    vi.waitFor(() => {
      const last = events.filter((event) => event.kind === "progress").at(-1);
      if (last?.step !== step || last.isRunning) throw new Error(`at step ${last?.step}`);
      return last;
    });
  return { training, events, at };
}

/** The weights of a learner after so many steps. */
function weightsAfter(steps: number, seed = 1): Float32Array {
  const learner = new Learner(RECORD, IMAGES, { seed, batchSize: 4 });
  for (let i = 0; i < steps; i++) learner.next();
  return learner.vae.parameters.copyOfWeights();
}

test("an epoch ends where it ends, from wherever it was begun", async () => {
  const { training, at } = open();
  training.step();
  await at(1);
  training.epoch();
  const progress = await at(3); // ten images by four
  expect(progress.epoch).toBe(1);
  expect(progress.weights).toEqual(weightsAfter(3));
  training.epoch();
  await at(6);
  expect(training.where).toBe("page");
});

test("after a reset nothing is told of what was before", async () => {
  const { training, events, at } = open();
  training.step(5);
  await at(5);
  training.train();
  training.reset({ ...PLAN, seed: 2 });
  events.length = 0;
  const fresh = await at(0);
  expect(events.map(({ kind }) => kind)).toEqual(["ready", "progress"]);
  expect(fresh.weights).toEqual(weightsAfter(0, 2));
});

test("a snapshot is gone back to, and the path from there is the same", async () => {
  const { training, events, at } = open();
  training.step(4);
  await at(4);
  training.snapshot();
  const kept = await vi.waitFor(() => {
    const found = events.find((event) => event.kind === "snapshot");
    if (!found) throw new Error("no snapshot yet");
    return found.snapshot;
  });
  training.step(3);
  const there = await at(7);
  training.restore(kept);
  await at(4);
  training.step(3);
  expect((await at(7)).weights).toEqual(there.weights);
});

test("what cannot be begun is said, and what can be is begun after it", async () => {
  const { training, events, at } = open({ ...PLAN, batchSize: 4, settings: { beta: -1 } });
  await vi.waitFor(() => expect(events.map(({ kind }) => kind)).toEqual(["stopped"]));
  expect(events[0]).toMatchObject({ sentence: "beta is -1; allowed: a number from 0 on." });
  training.reset(PLAN);
  expect((await at(0)).weights).toEqual(weightsAfter(0));
});
