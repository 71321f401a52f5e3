/** How does a person keep a training? As a file that becomes a run, and as a script of PyTorch with its images. */

import { zipSync } from "fflate";
import type { Progress, Ready } from "../../engine/learning/messages";
import { button, h } from "../../ui/dom";
import { save } from "../../ui/save";
import type { TrainingImages } from "../../wire/training";
import type { BenchHost } from "../bench-host";
import type { Moment } from "../film";
import type { TrainState } from "../state";
import { gathered, isOwn, momentToKeep, scriptFiles } from "./gather";
import { packTraining } from "./kept-training";

const IN_APP =
  "The app makes a run of it, evaluated and examined as any other; pictures of your own go to the app for that, and stay with the run";
const RUN = "A zip: “atlas import FILE.zip” makes a run of it that the app opens, evaluated and examined as any other";
const SCRIPT = "A zip: a script that trains the same network in PyTorch, and the images that it reads";
const MOST_TIMES = 2000;
const WHEN = "Pause after the first step to keep it";

export class KeepMenu {
  readonly element: HTMLElement;
  private readonly run = button("lt-button", { title: RUN }, () => this.keepRun(), "Keep as a run");
  private readonly script = button(
    "lt-button",
    { title: SCRIPT },
    () => this.give(this.scriptFile),
    "The same in PyTorch",
  );
  private moment: Moment | null = null;
  private state: TrainState | null = null;
  private ready: Ready | null = null;
  /** Seconds of work until some steps, rising; what was given up by going back is not in them. */
  private times: { readonly step: number; readonly seconds: number }[] = [];
  /** When it was told of last, performance.now(); null while it rests. */
  private since: number | null = null;

  /** keep: how the host makes a run, where it can. */
  constructor(
    private readonly images: TrainingImages,
    private readonly keep: () => BenchHost["keep"],
  ) {
    this.element = h("div", { class: "lt-row lt-keep" }, this.run, this.script);
  }

  begin(ready: Ready): void {
    this.ready = ready;
    this.times = [];
    this.since = null;
  }

  hear({ isRunning, step }: Progress): void {
    const now = performance.now();
    const more = this.since === null ? 0 : (now - this.since) / 1000;
    this.since = isRunning ? now : null;
    this.times = this.times.filter((time) => time.step < step);
    this.times.push({ step, seconds: (this.times.at(-1)?.seconds ?? 0) + more });
    if (this.times.length > MOST_TIMES)
      this.times = this.times.filter((_, i, all) => i % 2 === 0 || i === all.length - 1);
  }

  show(state: TrainState): void {
    this.state = state;
    this.moment = momentToKeep(state);
    for (const [one, words] of [
      [this.run, this.keep() ? IN_APP : RUN],
      [this.script, SCRIPT],
    ] as const) {
      one.disabled = this.moment === null;
      one.title = this.moment ? words : WHEN;
    }
  }

  private get stem(): string {
    const { dataset } = this.images.header;
    return isOwn(dataset) ? "own" : dataset;
  }

  private keepRun(): void {
    const { state, moment, ready } = this;
    const keep = this.keep();
    if (!keep) return this.give(this.keptFile);
    if (!state || !moment || !ready) return;
    keep(`${this.stem}-${state.choice.latentDim}d-page`, this.keptFile(state, moment, ready)[1]);
  }

  private give(
    make: (state: TrainState, moment: Moment, ready: Ready) => readonly [string, Uint8Array<ArrayBuffer>],
  ): void {
    const { state, moment, ready } = this;
    if (!state || !moment || !ready) return;
    const [name, bytes] = make(state, moment, ready);
    save(name, new Blob([bytes], { type: "application/zip" }));
  }

  /** A single step may round to nothing, and nothing takes no time. */
  private secondsAt(step: number): number {
    return Math.max(this.times.filter((time) => time.step <= step).at(-1)?.seconds ?? 0, 1e-3);
  }

  private readonly keptFile = (
    state: TrainState,
    moment: Moment,
    ready: Ready,
  ): readonly [string, Uint8Array<ArrayBuffer>] => [
    `${this.stem}-${state.choice.latentDim}d-page.zip`,
    packTraining(gathered(state, moment, ready, this.images, this.secondsAt(moment.step))),
  ];

  private readonly scriptFile = (
    state: TrainState,
    moment: Moment,
    ready: Ready,
  ): readonly [string, Uint8Array<ArrayBuffer>] => [
    `${this.stem}-${state.choice.latentDim}d-pytorch.zip`,
    zipSync(scriptFiles(state, moment, ready, this.images)) as Uint8Array<ArrayBuffer>,
  ];
}
