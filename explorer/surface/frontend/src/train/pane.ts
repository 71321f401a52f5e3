/**
 * How is one network that learns followed on a map? A pane holds its training: it turns wishes into the training's verbs, and its events into
 * the record, the run and the map that are shown.
 */

import { plain } from "../charts/chart";
import { Dial } from "../charts/dial";
import type { Kept, Progress, Ready } from "../engine/learning/messages";
import { openTraining, type Training, type TrainingEvent } from "../engine/learning/training";
import { button, h, setHidden } from "../ui/dom";
import type { Theme } from "../ui/theme";
import type { TrainingImages } from "../wire/training";
import type { BenchHost } from "./bench-host";
import { keptOf } from "./film";
import { KeepMenu } from "./keep/menu";
import { LiveRun, planeOf } from "./live-run";
import { TrainMap } from "./map";
import { withAxesOf } from "./pair";
import { backAt, type StoredTraining, storedTraining } from "./restore/records";
import { begun, heard, lookedAt, planOf, type TrainState, type Wish, wished } from "./state";

/** Images held back are many, and asked about a few times a second. */
const BETWEEN_ASKED_MS = 500;

/** What the page does for each of its panes. */
export interface PaneHost {
  /** The text of `learner.js`. */
  readonly program: string;
  readonly images: TrainingImages;
  keep(): BenchHost["keep"];
  theme(): Theme;
  /** The record of the training beside it; null where there is none. */
  beside(pane: Pane): TrainState | null;
  /** Something is known, or was asked for, that was not before. */
  changed(pane: Pane, event: TrainingEvent | null): void;
  /** The pointer is elsewhere on its map. */
  pointed(pane: Pane, at: TrainMap["pointedAt"]): void;
  /** It alone is wanted. */
  only(pane: Pane): void;
}

export class Pane {
  readonly element = h("div", { class: "lt-pane" });
  /** Under the map, where there are two. */
  readonly foot = h("div", { class: "lt-foot", hidden: true });
  /** Of the picture under the cursor. */
  readonly pointed = h("div", { class: "lt-pointed-room" });
  readonly keeping: KeepMenu;
  readonly beta: HTMLElement;
  /** Where weights lie, of this beginning; null until it is ready. */
  ready: Ready | null = null;
  /** Null until there is something to be seen. */
  map: TrainMap | null = null;
  /** What was told last; null until there is something. */
  progress: Progress | null = null;
  /** Where the network is now, as a run; null until it is ready. */
  private live: LiveRun | null = null;
  /** performance.now() of the last questions: about the images held back, for a moment to keep. */
  private askedAt = 0;
  private keptAt = 0;
  /** The step that it was set back to, until it says that it is there; then it goes on. */
  private restored: number | null = null;
  /** The snapshot that came last, of this beginning, and whether one was asked for that is no moment of the film. */
  private newest: Kept | null = null;
  private isStoring = false;
  /** Which of two it is; "" where it is alone. */
  private side = "";
  private readonly only = button("lt-button", {}, () => this.host.only(this), "Only this one");
  state: TrainState;
  /** From what it goes on after a reload, until it is there; null else. */
  private before: StoredTraining | null;
  private readonly training: Training;

  /** first: how it begins, or what was kept of it before the page was reloaded; then it rests there. */
  constructor(
    private readonly host: PaneHost,
    first: TrainState | StoredTraining,
  ) {
    this.before = "kept" in first ? first : null;
    this.state = "kept" in first ? begun(first.choice, first.settings) : first;
    const { state } = this;
    const { header, train, test } = host.images;
    this.keeping = new KeepMenu(host.images, () => host.keep());
    this.beta = betaDial(state.settings.beta, (beta) => this.ask({ kind: "set", settings: { beta } }));
    this.element.append(this.foot);
    this.training = openTraining(
      host.program,
      planOf(state, header.image_shape),
      { images: train, shown: test },
      (event) => this.hear(event),
    );
  }

  /** Where it learns; null until that is known. */
  get where(): Training["where"] {
    return this.training.where;
  }

  /** It is not yet where it was before a reload. */
  get isComingBack(): boolean {
    return this.before !== null;
  }

  /** What outlives a reload; null for nothing. */
  stored(): StoredTraining | null {
    return storedTraining(this.state, this.newest);
  }

  /** A snapshot for that, where it runs; where it rests the newest is that of now. */
  askToStore(): void {
    if (this.state.phase !== "running" || this.isStoring) return;
    this.isStoring = true;
    this.training.snapshot();
  }

  ask(wish: Wish): void {
    const from = lookedAt(this.state);
    this.state = wished(this.state, wish);
    switch (wish.kind) {
      case "look":
        if (this.state.phase === "running") this.training.pause();
        this.showMoment();
        break;
      case "set":
        this.training.set(wish.settings);
        break;
      case "reset":
      case "choose":
        this.ready = this.progress = this.newest = this.before = null;
        this.isStoring = false;
        this.training.reset(planOf(this.state, this.host.images.header.image_shape));
        break;
      case "pause":
        this.training.pause();
        break;
      default:
        if (from) this.goBack(keptOf(from));
        if (wish.kind === "step") this.training.step(wish.steps);
        else this.training[wish.kind]();
    }
    this.host.changed(this, null);
  }

  /** Shows the same dimensions and at least as much of the map as the one beside it, and points where that one points. */
  follow({ state, map }: Pane): void {
    if (state.axes !== this.state.axes) {
      this.state = { ...this.state, axes: state.axes };
      this.showMoment();
    }
    if (!map || !this.map) return;
    this.map.seeAtLeast(map.extent);
    this.map.point(map.pointedAt);
  }

  /** side: left or right of another one; "" where it is alone, and others have its dial and its picture. */
  stand(side: "left" | "right" | ""): void {
    this.side = side;
    setHidden(this.foot, side === "");
    this.element.role = side ? "group" : null;
    if (!side) this.element.ariaLabel = null;
    if (side) this.foot.replaceChildren(this.pointed, h("div", { class: "lt-foot-side" }, this.beta, this.only));
    this.nameParts();
  }

  show(): void {
    this.keeping.show(this.state);
    setHidden(this.beta, this.state.choice.isDeterministic);
    if (this.side) this.element.ariaLabel = `Training at the ${this.side}, β = ${plain(this.state.settings.beta)}`;
  }

  destroy(): void {
    this.training.stop();
    this.map?.dispose();
    this.element.remove();
    this.pointed.remove();
    this.beta.remove();
    this.keeping.element.remove();
  }

  private hear(told: TrainingEvent): void {
    const event = this.isOnTheWay(told) ? { ...told, isRunning: true } : told;
    if (event.kind === "snapshot" && this.isForStoring(event)) return;
    const { before } = this;
    const state = heard(this.state, event);
    const back = before && backAt(state, before, event);
    if (back || event.kind === "stopped") this.before = null;
    this.state = withAxesOf(back ?? state, this.host.beside(this));
    if (event.kind === "ready") this.begin(event);
    if (event.kind === "progress") this.take(event);
    this.host.changed(this, event);
  }

  /** It was set back and rests for that moment only: what was asked for comes next. */
  private isOnTheWay(event: TrainingEvent): event is Progress {
    if (event.kind !== "progress" || this.restored !== event.step || event.isRunning) return false;
    this.restored = null;
    return true;
  }

  private isForStoring(kept: Kept): boolean {
    this.newest = kept;
    const { isStoring } = this;
    this.isStoring = false;
    return isStoring;
  }

  private begin(ready: Ready): void {
    this.ready = ready;
    this.restored = null;
    this.keeping.begin(ready);
    const { header, labels } = this.host.images;
    const { record } = planOf(this.state, header.image_shape);
    this.live = new LiveRun(header, record, ready, labels.subarray(header.n_train));
    this.map?.begin();
    if (!this.before) return;
    this.training.restore(this.before.kept.snapshot);
    this.training.set(this.state.settings);
  }

  /** With the dials as they are now, not as they were then. */
  private goBack({ snapshot }: Kept): void {
    this.restored = snapshot.step;
    this.training.restore(snapshot);
    this.training.set(this.state.settings);
  }

  private take(progress: Progress): void {
    this.progress = progress;
    this.keeping.hear(progress);
    this.askAboutOthers(progress);
    this.keep(progress);
    this.showMoment();
  }

  /** The moment that is looked at, or the present. */
  private showMoment(): void {
    const { choice, axes } = this.state;
    const looked = lookedAt(this.state);
    const moment = looked && keptOf(looked);
    const shown = moment ? { ...moment, weights: moment.snapshot.blocks[0] } : this.progress;
    const data = shown && this.live?.take(shown, planeOf(choice.latentDim, ...axes));
    if (!data) return;
    if (this.map) return this.map.show(data);
    this.map = new TrainMap(data, this.host.theme(), (at) => this.host.pointed(this, at));
    this.element.prepend(this.map.element);
    this.pointed.append(this.map.pointed.element);
    this.nameParts();
  }

  private nameParts(): void {
    this.map?.call(this.side && ` of the training at the ${this.side}`);
  }

  /** Asks for a moment to look back at. */
  private keep({ isRunning }: Progress): void {
    const now = performance.now();
    if (isRunning && now - this.keptAt < this.state.film.everyMs) return;
    this.keptAt = now;
    this.training.snapshot();
  }

  /** How well does it do on images that it does not learn from? */
  private askAboutOthers({ step, isRunning }: Progress): void {
    const now = performance.now();
    if (step === 0 || (isRunning && now - this.askedAt < BETWEEN_ASKED_MS)) return;
    this.askedAt = now;
    this.training.evaluate(this.host.images.test);
  }
}

function betaDial(value: number, change: (beta: number) => void): HTMLElement {
  const dial: Dial = new Dial(
    {
      name: "β, weight of the KL",
      title: "The loss is −log p(x|z) + β KL; from the next step on.",
      low: 0.01,
      high: 100,
      value,
      isLog: true,
      words: plain,
    },
    () => change(dial.value),
  );
  return dial.element;
}
