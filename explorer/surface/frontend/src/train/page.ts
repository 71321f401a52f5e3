/**
 * Which parts does the Train page have, and who tells whom? The page alone holds the training: it turns wishes into the training's verbs and
 * its events into the record that all parts show, at most once a frame.
 */

import sheet from "../charts/clinic.css";
import { colourCharts } from "../charts/colours";
import { FrameLoop } from "../editor/scheduler";
import type { Progress, Ready } from "../engine/learning/messages";
import { openTraining, type Training, type TrainingEvent } from "../engine/learning/training";
import { Disposer, h, setText } from "../ui/dom";
import { STYLE } from "../ui/style";
import { applyTheme, readTheme, type Theme } from "../ui/theme";
import type { TrainingImages } from "../wire/training";
import { unpackText } from "../wire/unpack";
import { Controls, standing } from "./controls";
import { LiveRun, planeOf } from "./live-run";
import { TrainMap } from "./map";
import { firstState, heard, planOf, type TrainState, type Wish, wished } from "./state";
import own from "./train.css";

/** The styles of the page, in this order, an element each: a page's policy names them by their hashes. */
export const STYLES: readonly string[] = [STYLE, unpackText(sheet), unpackText(own)];
const LABEL_PX = 14;

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
  private readonly words = h("p", { class: "lt-words", role: "status", "data-testid": "standing" });
  /** Map and picture. */
  private readonly body = h("div", { class: "lt-body" });
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
    this.element.append(...styles, this.controls.element, this.words, this.body);
    Object.defineProperty(this.element, "training", { value: this }); // a handle for hosts and browser tests
    this.disposer.add(() => this.training.stop());
    this.disposer.listen(matchMedia("(prefers-color-scheme: dark)"), "change", () => this.retheme());
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
    const { header, labels } = this.images;
    const { record } = planOf(this.state, header.image_shape);
    this.live = new LiveRun(header, record, ready, labels.subarray(header.n_train));
    this.map?.begin();
  }

  private follow(progress: Progress): void {
    this.progress = progress;
    const { latentDim } = this.state.choice;
    const data = this.live?.take(progress, planeOf(latentDim, 0, 1));
    if (!data) return;
    if (this.map) return this.map.show(data);
    this.map = new TrainMap(data, this.theme());
    this.body.append(this.map.element, this.map.pointed.element);
  }

  private theme(): Theme {
    return readTheme(this.element, matchMedia("(prefers-color-scheme: dark)").matches, LABEL_PX);
  }

  private show(): void {
    this.controls.show(this.state);
    setText(this.words, standing(this.state));
  }
}
