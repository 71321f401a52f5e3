/**
 * Which parts does the Train page have, and who tells whom? The page alone holds the training: it turns wishes into the training's verbs and
 * its events into the record that all parts show, at most once a frame.
 */

import { FrameLoop } from "../editor/scheduler";
import type { Kept, Progress, Ready } from "../engine/learning/messages";
import { openTraining, type Training, type TrainingEvent } from "../engine/learning/training";
import { Disposer, h } from "../ui/dom";
import type { TrainingImages } from "../wire/training";
import { Charts } from "./charts";
import { Controls } from "./controls";
import { FilmSlider } from "./film-slider";
import { KeepMenu } from "./keep/menu";
import { LiveRun, planeOf } from "./live-run";
import { STYLES, themed, themeOf } from "./look";
import { TrainMap } from "./map";
import { firstState, heard, lookedAt, planOf, type TrainState, type Wish, wished } from "./state";

/** Images held back are many, and asked about a few times a second. */
const BETWEEN_ASKED_MS = 500;

export class TrainPage {
  readonly element = h("section", { class: "la-root lt-root", "data-testid": "train", "aria-label": "Training" });
  state: TrainState = firstState();
  /** Where weights lie, of this beginning; null until it is ready. */
  ready: Ready | null = null;
  /** Where the network is now, as a run; null until it is ready. */
  private live: LiveRun | null = null;
  /** Null until there is something to be seen. */
  map: TrainMap | null = null;
  /** What was told last; null until there is something. */
  progress: Progress | null = null;
  private readonly disposer = new Disposer();
  private readonly loop = new FrameLoop(() => this.show());
  private readonly controls = new Controls((wish) => this.ask(wish));
  /** Map; beside it picture and charts. */
  private readonly side = h("div", { class: "lt-side" });
  private readonly body = h("div", { class: "lt-body" }, this.side);
  private readonly charts = new Charts();
  /** performance.now() of the last questions: about the images held back, for a moment to keep. */
  private askedAt = 0;
  private keptAt = 0;
  private readonly film = new FilmSlider((wish) => this.ask(wish));
  private readonly keeping: KeepMenu;
  private readonly training: Training;

  /** program: the text of `learner.js` · chooser: by which other images are chosen. */
  constructor(
    program: string,
    readonly images: TrainingImages,
    chooser: readonly HTMLElement[] = [],
  ) {
    const { header, train, test } = images;
    this.keeping = new KeepMenu(images);
    this.training = openTraining(
      program,
      planOf(this.state, header.image_shape),
      { images: train, shown: test },
      (event) => this.hear(event),
    );
    const styles = STYLES.map((text) => h("style", {}, text));
    this.controls.buttons.append(this.keeping.element, ...chooser);
    this.element.append(...styles, this.controls.element, this.body);
    this.side.append(...this.charts.elements);
    Object.defineProperty(this.element, "training", { value: this }); // a handle for hosts and browser tests
    this.disposer.add(() => this.training.stop());
    this.disposer.listen(matchMedia("(prefers-color-scheme: dark)"), "change", () => this.retheme());
    const observer = new ResizeObserver(() => this.loop.request());
    observer.observe(this.side);
    this.disposer.add(() => observer.disconnect());
    this.show();
  }

  /** Where it learns; null until that is known. */
  get where(): Training["where"] {
    return this.training.where;
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
        this.ready = this.progress = null;
        this.training.reset(planOf(this.state, this.images.header.image_shape));
        break;
      case "pause":
        this.training.pause();
        break;
      default:
        if (from) this.goBack(from);
        this.training[wish.kind]();
    }
    this.loop.request();
  }

  /** The page around it has other colours. */
  retheme(): void {
    const theme = themed(this.element);
    this.map?.retheme(theme);
  }

  destroy(): void {
    this.loop.stop();
    this.map?.dispose();
    this.disposer.dispose();
    this.element.remove();
  }

  private hear(event: TrainingEvent): void {
    this.state = heard(this.state, event);
    if (event.kind === "ready") this.begin(event);
    if (event.kind === "progress") this.follow(event);
    this.loop.request();
  }

  private begin(ready: Ready): void {
    this.ready = ready;
    this.keeping.begin(ready);
    this.charts.reset();
    const { header, labels } = this.images;
    const { record } = planOf(this.state, header.image_shape);
    this.live = new LiveRun(header, record, ready, labels.subarray(header.n_train));
    this.map?.begin();
  }

  /** With the dials as they are now, not as they were then. */
  private goBack({ snapshot }: Kept): void {
    this.training.restore(snapshot);
    this.training.set(this.state.settings);
  }

  private follow(progress: Progress): void {
    this.progress = progress;
    this.keeping.hear(progress);
    this.askAboutOthers(progress);
    this.keep(progress);
    this.showMoment();
  }

  /** The moment that is looked at, or the present. */
  private showMoment(): void {
    const { choice, axes } = this.state;
    const moment = lookedAt(this.state);
    const shown = moment ? { ...moment, weights: moment.snapshot.blocks[0] } : this.progress;
    const data = shown && this.live?.take(shown, planeOf(choice.latentDim, ...axes));
    if (!data) return;
    if (this.map) return this.map.show(data);
    this.map = new TrainMap(data, themeOf(this.element));
    this.map.element.append(this.film.element);
    this.body.prepend(this.map.element);
    this.side.prepend(this.map.pointed.element);
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
    this.training.evaluate(this.images.test);
  }

  private show(): void {
    this.controls.show(this.state);
    this.film.show(this.state);
    this.keeping.show(this.state);
    this.charts.draw(this.state, this.side.clientWidth);
  }
}
