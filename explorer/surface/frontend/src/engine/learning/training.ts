/**
 * What does a page ask of a training, and what is it told? The one door of the app, of the file and of the notebook: verbs in, events out.
 *
 * It learns in a worker, or in slices of the page's time where workers are forbidden. After `reset` nothing is told any more of what was
 * before, although a worker may still have been telling it.
 */

import type { FromLearner, Start } from "./messages";
import type { Pixels, Settings, Snapshot } from "./records";
import { openSession, type Session } from "./session";

/** What is trained, and from which seed. */
export type TrainingPlan = Pick<Start, "record" | "seed" | "batchSize" | "settings" | "isExact">;

/** To learn from, and those whose codes are told. */
export type TrainingData = Pick<Start, "images" | "shown">;

/** `ready` once after every beginning, then `progress`; `snapshot` and `evaluation` answer; `stopped` says in a sentence what went wrong. */
export type TrainingEvent = Exclude<FromLearner, { readonly kind: "here" }>;

export interface Training {
  /** Until it is paused. */
  train(): void;
  pause(): void;
  step(steps?: number): void;
  /** To the end of the epoch. */
  epoch(): void;
  /** From the next step on. */
  set(changes: Partial<Settings>): void;
  snapshot(): void;
  restore(snapshot: Snapshot): void;
  /** The terms of other images. */
  evaluate(images: Pixels): void;
  /** Begins anew. */
  reset(plan: TrainingPlan): void;
  /** Ends it for good. */
  stop(): void;
  /** Null until it is known. */
  readonly where: Session["where"];
}

/** `program`: the text of `learner.js`; an empty one learns in the page. */
export function openTraining(
  program: string,
  plan: TrainingPlan,
  data: TrainingData,
  hear: (event: TrainingEvent) => void,
): Training {
  /** Beginnings whose answer has not come. */
  let unanswered = 0;
  const session = openSession(program, (message) => {
    if (message.kind === "here") return;
    if (message.kind === "ready" || (message.kind === "stopped" && message.isStart)) unanswered--;
    if (unanswered === 0) hear(message);
  });
  const begin = (next: TrainingPlan): void => {
    unanswered++;
    session.post({ kind: "start", ...next, ...data });
  };
  begin(plan);
  return {
    train: () => session.post({ kind: "train" }),
    pause: () => session.post({ kind: "pause" }),
    step: (steps = 1) => session.post({ kind: "step", steps }),
    epoch: () => session.post({ kind: "epoch" }),
    set: (settings) => session.post({ kind: "set", settings }),
    snapshot: () => session.post({ kind: "snapshot" }),
    restore: (snapshot) => session.post({ kind: "restore", snapshot }),
    evaluate: (images) => session.post({ kind: "evaluate", images }),
    reset: begin,
    stop: () => session.close(),
    get where() {
      return session.where;
    },
  };
}
