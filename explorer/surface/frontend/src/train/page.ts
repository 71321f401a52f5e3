/**
 * Which parts does the Train page have, and who tells whom? One training, or two beside each other with one pointer; buttons and dials tell
 * their wishes to both, and all parts show their records, at most once a frame.
 */

import { FrameLoop } from "../editor/scheduler";
import type { Progress, Ready } from "../engine/learning/messages";
import type { TrainingEvent } from "../engine/learning/training";
import { Disposer, h } from "../ui/dom";
import type { TrainingImages } from "../wire/training";
import type { BenchHost } from "./bench-host";
import { Charts } from "./charts/charts";
import { Controls } from "./controls";
import { FilmSlider } from "./film-slider";
import { STYLES, themed, themeOf } from "./look";
import type { TrainMap } from "./map";
import { behind, otherBeta, phaseOf, wishBeside } from "./pair";
import { Pane, type PaneHost } from "./pane";
import type { StoredTraining } from "./restore/records";
import { begun, firstState, type TrainState, type Wish } from "./state";

export class TrainPage {
  readonly element = h("section", { class: "la-root lt-root", "data-testid": "train", "aria-label": "Training" });
  private readonly disposer = new Disposer();
  private readonly loop = new FrameLoop(() => this.show());
  private readonly controls: Controls;
  private readonly panes = h("div", { class: "lt-panes" });
  /** Maps; beside them picture and charts. */
  private readonly side = h("div", { class: "lt-side" });
  private readonly charts: Charts;
  private readonly film = new FilmSlider((wish) => this.ask(wish));
  private readonly host: PaneHost;
  private first: Pane;
  /** What is compared with it; null for nothing. */
  private second: Pane | null = null;
  /** The one that is behind is on its way to the other's step. */
  private isEvening = false;
  /** They stay apart, because they run or the way was cut short. */
  private staysApart = false;
  /** Both go on once they are at the same step. */
  private goesOn = false;

  /**
   * program: the text of `learner.js` · keep: how the host of now makes a run · chooser: by which other images are chosen · stored: one or two
   * trainings that go on from before a reload, or a model to begin with.
   */
  constructor(
    program: string,
    readonly images: TrainingImages,
    keep: () => BenchHost["keep"],
    chooser: readonly HTMLElement[] = [],
    stored: readonly (StoredTraining | TrainState)[] = [],
  ) {
    this.host = {
      program,
      images,
      keep,
      theme: () => themeOf(this.element),
      beside: (pane) => this.besides(pane)?.state ?? null,
      changed: (pane, event) => this.changed(pane, event),
      pointed: (pane, at) => this.besides(pane)?.map?.point(at),
      only: (pane) => this.keepOnly(pane),
    };
    this.charts = new Charts(images, this.loop.request);
    this.disposer.add(() => this.charts.stop());
    this.disposer.add(() => this.controls.dispose());
    const styles = STYLES.map((text) => h("style", {}, text));
    this.controls = new Controls(
      (wish) => this.ask(wish),
      () => this.compare(),
      stored[0]?.settings,
    );
    this.controls.choosing.append(...chooser);
    const left = h("div", { class: "lt-left" }, this.panes, this.film.element);
    const body = h("div", { class: "lt-body" }, left, this.side);
    this.element.append(...styles, this.controls.element, body);
    this.first = this.opened(stored[0] ?? firstState());
    if (stored[1]) this.second = this.opened(stored[1]);
    this.arrange();
    Object.defineProperty(this.element, "training", { value: this }); // a handle for hosts and browser tests
    this.disposer.listen(matchMedia("(prefers-color-scheme: dark)"), "change", () => this.retheme());
    const observer = new ResizeObserver(() => this.loop.request());
    observer.observe(this.side);
    this.disposer.add(() => observer.disconnect());
    this.show();
  }

  /** Of the first training; `all` has both. */
  get state(): TrainState {
    return this.first.state;
  }

  get ready(): Ready | null {
    return this.first.ready;
  }

  get progress(): Progress | null {
    return this.first.progress;
  }

  get map(): TrainMap | null {
    return this.first.map;
  }

  /** Where it learns; null until that is known. */
  get where(): Pane["where"] {
    return this.first.where;
  }

  get all(): readonly Pane[] {
    return this.second ? [this.first, this.second] : [this.first];
  }

  ask(wish: Wish): void {
    if (wish.kind === "pause") [this.staysApart, this.goesOn] = [this.isEvening, false];
    else if (wish.kind !== "set")
      [this.staysApart, this.isEvening, this.goesOn] = [wish.kind === "train", false, false];
    // two autoencoders have no β by which they could differ
    if (wish.kind === "choose" && wish.choice.isDeterministic) this.keepOnly(this.first);
    const { second } = this;
    this.first.ask(wish);
    second?.ask(wishBeside(wish, second.state));
  }

  /** Another one beside it, from the same first weights, with another β. */
  compare(): void {
    if (this.second) return;
    const { choice, settings, phase } = this.first.state;
    const wasRunning = phase === "running";
    this.ask(wasRunning ? { kind: "pause" } : { kind: "look", at: null });
    this.goesOn = wasRunning;
    this.second = this.opened(begun(choice, { ...settings, beta: otherBeta(settings.beta) }));
    this.arrange();
  }

  /** The page around it has other colours. */
  retheme(): void {
    const theme = themed(this.element);
    for (const { map } of this.all) map?.retheme(theme);
  }

  destroy(): void {
    this.loop.end();
    for (const pane of this.all) pane.destroy();
    this.disposer.dispose();
    this.element.remove();
  }

  private opened(first: TrainState | StoredTraining): Pane {
    const pane = new Pane(this.host, first);
    this.panes.append(pane.element);
    return pane;
  }

  private besides(pane: Pane): Pane | null {
    return this.all.find((one) => one !== pane) ?? null;
  }

  private keepOnly(pane: Pane): void {
    this.besides(pane)?.destroy();
    this.first = pane;
    this.second = null;
    this.isEvening = this.goesOn = false;
    this.arrange();
  }

  /** Everything in its place for one, or for two. */
  private arrange(): void {
    const { first, second } = this;
    this.element.classList.toggle("lt-two", second !== null);
    first.stand(second ? "left" : "");
    second?.stand("right");
    if (!second) {
      this.controls.dials.prepend(first.beta);
      this.side.prepend(first.pointed);
    }
    this.controls.keeping.replaceChildren(first.keeping.element);
    this.side.append(...this.charts.elements);
    this.loop.request();
  }

  private changed(pane: Pane, event: TrainingEvent | null): void {
    if (event?.kind === "ready" && pane === this.first) this.charts.reset();
    if (event?.kind === "progress" && this.second) {
      this.second.follow(this.first);
      this.first.follow(this.second);
      this.even();
    }
    this.loop.request();
  }

  /** Where both rest they come to the same step, and go on where they were running when it was asked for. */
  private even(): void {
    if (this.all.some(({ isComingBack }) => isComingBack)) return;
    const late = behind(this.all.map(({ state }) => state));
    if (late && !this.staysApart) {
      this.isEvening = true;
      this.all[late.place].ask({ kind: "step", steps: late.steps });
    } else if (!late && this.all.every(({ state }) => state.phase === "paused")) {
      this.isEvening = false;
      if (this.goesOn) this.ask({ kind: "train" });
    }
  }

  private show(): void {
    const states = this.all.map(({ state }) => state);
    this.controls.show(this.state, phaseOf(states), states);
    this.film.show(this.state);
    for (const pane of this.all) pane.show();
    this.charts.draw(states, this.side.clientWidth);
  }
}
