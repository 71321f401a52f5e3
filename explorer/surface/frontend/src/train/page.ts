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
import { applyTheme, readTheme } from "../ui/theme";
import type { TrainingImages } from "../wire/training";
import { unpackText } from "../wire/unpack";
import { Controls, standing } from "./controls";
import { firstState, heard, planOf, type TrainState, type Wish, wished } from "./state";
import own from "./train.css";

/** The styles of the page, in this order, an element each: a page's policy names them by their hashes. */
export const STYLES: readonly string[] = [STYLE, unpackText(sheet), unpackText(own)];
const LABEL_PX = 14;

export class TrainPage {
  readonly element = h("section", { class: "la-root lt-root", "data-testid": "train", "aria-label": "Training" });
  state: TrainState = firstState();
  /** Of this beginning; null until it is ready. */
  ready: Ready | null = null;
  /** What was told last; null until there is something. */
  progress: Progress | null = null;
  private readonly disposer = new Disposer();
  private readonly loop = new FrameLoop(() => this.show());
  private readonly controls = new Controls((wish) => this.ask(wish));
  private readonly words = h("p", { class: "lt-words", role: "status", "data-testid": "standing" });
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
    this.element.append(...STYLES.map((text) => h("style", {}, text)), this.controls.element, this.words);
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
    const theme = readTheme(this.element, matchMedia("(prefers-color-scheme: dark)").matches, LABEL_PX);
    applyTheme(this.element, theme);
    colourCharts(this.element, theme);
  }

  destroy(): void {
    this.loop.stop();
    this.disposer.dispose();
    this.element.remove();
  }

  private hear(event: TrainingEvent): void {
    this.state = heard(this.state, event);
    if (event.kind === "ready") this.ready = event;
    if (event.kind === "progress") this.progress = event;
    this.loop.request();
  }

  private show(): void {
    this.controls.show(this.state);
    setText(this.words, standing(this.state));
  }
}
