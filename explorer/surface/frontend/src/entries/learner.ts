/** What does the learner's program do? In a worker it takes messages; in a page it offers the same to tests and benchmarks. */

import type { ToLearner } from "../engine/learning/messages";
import { start } from "../engine/learning/work";

export { use } from "../engine/kernels";
export { dense } from "../engine/learning/architectures";
export { Learner } from "../engine/learning/learner";
export { openSession } from "../engine/learning/session";
export { start };

/** Long beside a step of a small network, short beside what a hand notices. */
const SLICE_MS = 12;

interface WorkerScope {
  postMessage(message: unknown, transfer: Transferable[]): void;
  onmessage: ((event: MessageEvent<ToLearner>) => void) | null;
}

if (typeof document === "undefined" && "importScripts" in globalThis) {
  const scope = globalThis as unknown as WorkerScope;
  // a timer would wait four milliseconds
  const { port1, port2 } = new MessageChannel();
  let waiting: (() => void) | null = null;
  port1.onmessage = () => waiting?.();
  start({
    sliceMs: SLICE_MS,
    post: (message, transfer) => scope.postMessage(message, transfer),
    hear: (take) => {
      scope.onmessage = ({ data }) => take(data);
    },
    later: (run) => {
      waiting = run;
      port2.postMessage(null);
    },
  });
}
