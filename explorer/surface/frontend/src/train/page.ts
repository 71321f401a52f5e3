/**
 * Which parts does the Train page have, and who tells whom? The page alone holds the training: it turns wishes into the training's verbs and
 * its events into the record that all parts show, at most once a frame.
 */

import sheet from "../charts/clinic.css";
import { colourCharts } from "../charts/colours";
import { FrameLoop } from "../editor/scheduler";
import type { Progress, Ready } from "../engine/learning/messages";
import { openTraining, type Training, type TrainingEvent } from "../engine/learning/training";
import { Disposer, h } from "../ui/dom";
import { STYLE } from "../ui/style";
import { applyTheme, readTheme, type Theme } from "../ui/theme";
import type { TrainingImages } from "../wire/training";
import { unpackText } from "../wire/unpack";
import { BoundChart } from "./bound-chart";
import { Controls } from "./controls";
import { KlChart } from "./kl-chart";
import { LiveRun, planeOf } from "./live-run";
import { TrainMap } from "./map";
import { firstState, heard, planOf, type TrainState, type Wish, wished } from "./state";
import own from "./train.css";

/** The styles of the page, in this order, an element each: a page's policy names them by their hashes. */
export const STYLES: readonly string[] = [STYLE, unpackText(sheet), unpackText(own)];
const LABEL_PX = 14;
/** Charts are read, not watched for every step; and the images held back are many. */
const BETWEEN_DRAWN_MS = 100;
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
  private readonly bound = new BoundChart();
  private readonly kl = new KlChart();
  /** performance.now() of the last charts, and of the last question about the images held back. */
  private drawnAt = 0;
  private askedAt = 0;
  private readonly training: Training;

  /** program: the text of `learner.js`. */
  constructor(
    program: string,
    readonly images: TrainingImages,
  ) {
    const { header, train, test } = images;
    this.training = openTraining(
      program,
      planOf(this.state, header.image_shape),
      { images: train, shown: test },
      (event) => this.hear(event),
    );
    const styles = STYLES.map((text) => h("style", {}, text));
    this.element.append(...styles, this.controls.element, this.body);
    this.side.append(this.bound.element, this.kl.element);
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
    this.state = wished(this.state, wish);
    switch (wish.kind) {
      case "set":
        this.training.set(wish.settings);
        break;
      case "reset":
      case "choose":
        this.ready = this.progress = null;
        this.training.reset(planOf(this.state, this.images.header.image_shape));
        break;
      default:
        this.training[wish.kind]();
    }
    this.loop.request();
  }

  /** The page around it has other colours. */
  retheme(): void {
    const theme = this.theme();
    applyTheme(this.element, theme);
    colourCharts(this.element, theme);
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
    this.kl.reset();
    const { header, labels } = this.images;
    const { record } = planOf(this.state, header.image_shape);
    this.live = new LiveRun(header, record, ready, labels.subarray(header.n_train));
    this.map?.begin();
  }

  private follow(progress: Progress): void {
    this.progress = progress;
    const { choice, axes } = this.state;
    const data = this.live?.take(progress, planeOf(choice.latentDim, ...axes));
    this.askAboutOthers(progress);
    if (!data) return;
    if (this.map) return this.map.show(data);
    this.map = new TrainMap(data, this.theme());
    this.body.prepend(this.map.element);
    this.side.prepend(this.map.pointed.element);
  }

  /** How well does it do on images that it does not learn from? */
  private askAboutOthers({ step, isRunning }: Progress): void {
    const now = performance.now();
    if (step === 0 || (isRunning && now - this.askedAt < BETWEEN_ASKED_MS)) return;
    this.askedAt = now;
    this.training.evaluate(this.images.test);
  }

  private theme(): Theme {
    return readTheme(this.element, matchMedia("(prefers-color-scheme: dark)").matches, LABEL_PX);
  }

  private show(): void {
    this.controls.show(this.state);
    const now = performance.now();
    if (this.state.phase === "running" && now - this.drawnAt < BETWEEN_DRAWN_MS) return;
    this.drawnAt = now;
    const width = this.side.clientWidth;
    if (width === 0) return;
    this.bound.draw(this.state, width);
    this.kl.draw(this.state, width);
  }
}
