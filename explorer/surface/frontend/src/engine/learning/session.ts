/**
 * Where does a page's learner run? In a worker of its own; where workers are forbidden, in short slices of the page's time, with the same
 * messages.
 */

import type { FromLearner, ToLearner } from "./messages";
import { type Host, start } from "./work";

export interface Session {
  /** `transfer`: buffers that the page gives away. */
  post(message: ToLearner, transfer?: Transferable[]): void;
  /** Ends it; nothing is heard any more. */
  close(): void;
  /** Known once it says that it is here. */
  readonly where: "worker" | "page" | null;
}

/** Half a frame: the page draws in the other half. */
const PAGE_SLICE_MS = 8;
/** Names the one address that a page with trusted types lets through: that of this worker. */
const POLICY = "latent-atlas-learner";

/** `program`: the text of `learner.js`; an empty one runs in the page. */
export function openSession(program: string, hear: (message: FromLearner) => void): Session {
  return new OpenSession(program, hear);
}

class OpenSession implements Session {
  where: "worker" | "page" | null = null;
  private worker: Worker | null = null;
  private take: ((message: ToLearner) => void) | null = null;
  private isClosed = false;
  /** Until it is known who takes them. */
  private early: { message: ToLearner; transfer: Transferable[] }[] = [];

  constructor(
    program: string,
    private readonly tellPage: (message: FromLearner) => void,
  ) {
    try {
      if (program) this.goThere(program);
      else this.stayHere();
    } catch {
      this.stayHere(); // this page's policy forbids workers
    }
  }

  post(message: ToLearner, transfer: Transferable[] = []): void {
    if (this.where === null) this.early.push({ message, transfer });
    else this.send(message, transfer);
  }

  close(): void {
    this.isClosed = true;
    this.worker?.terminate();
    this.take?.({ kind: "pause" });
  }

  private goThere(program: string): void {
    const address = URL.createObjectURL(new Blob([program], { type: "text/javascript" }));
    const worker = new Worker(trusted(address));
    this.worker = worker;
    worker.onmessage = ({ data }: MessageEvent<FromLearner>) => {
      if (data.kind === "here") {
        URL.revokeObjectURL(address);
        this.begin("worker");
      }
      this.heard(data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      if (this.where === null) this.stayHere();
      else this.heard({ kind: "stopped", term: "", sentence: `The learner failed: ${event.message}` });
    };
  }

  private stayHere(): void {
    this.worker?.terminate();
    this.worker = null;
    const host: Host = {
      sliceMs: PAGE_SLICE_MS,
      post: (message) => queueMicrotask(() => this.heard(message)), // after what it was doing, as a worker's come
      hear: (take) => {
        this.take = take;
      },
      later: (run) => setTimeout(run, PAGE_SLICE_MS),
    };
    // after whoever asked has what it asked for
    setTimeout(() => {
      if (this.isClosed) return;
      start(host);
      this.begin("page");
    });
  }

  private begin(where: "worker" | "page"): void {
    this.where = where;
    for (const { message, transfer } of this.early.splice(0)) this.send(message, transfer);
  }

  private send(message: ToLearner, transfer: Transferable[]): void {
    if (this.worker) this.worker.postMessage(message, transfer);
    else this.take?.(message);
  }

  private heard(message: FromLearner): void {
    if (this.isClosed) return;
    this.tellPage(message);
    if (message.kind === "progress") this.post({ kind: "seen" });
  }
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string };
}

let makeAddress: ((url: string) => string) | null = null;

/** The same address, as a page with trusted types wants it. */
function trusted(address: string): string {
  const types = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;
  if (!types) return address;
  if (!makeAddress) {
    const policy = types.createPolicy(POLICY, { createScriptURL: (url) => url });
    makeAddress = (url) => policy.createScriptURL(url);
  }
  return makeAddress(address);
}
