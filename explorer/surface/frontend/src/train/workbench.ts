/** What does a person train on? The images that the page came with, others that its host has, or their own; other images begin another training. */

import { h } from "../ui/dom";
import type { TrainingImages } from "../wire/training";
import { type BenchHost, NO_HOST } from "./bench-host";
import { ImageChooser } from "./own-images/chooser";
import { TrainPage } from "./page";

export class Workbench {
  readonly element = h("div", { class: "lt-bench" });
  private readonly chooser: ImageChooser;
  private page: TrainPage;

  /** program: the text of `learner.js` · given: the images that the page came with. */
  constructor(
    private readonly program: string,
    given: TrainingImages,
    private host: BenchHost = NO_HOST,
  ) {
    const bench = this;
    this.chooser = new ImageChooser(this.element, given, {
      get offers() {
        return bench.host.offers;
      },
      choose: (name) => this.host.choose(name),
      take: (images) => this.take(images),
      isTrained: () => this.steps > 0,
    });
    this.page = this.shown(given);
  }

  /** That would be lost with the page. */
  get steps(): number {
    return Math.max(...this.page.all.map(({ state }) => state.step));
  }

  get dataset(): string {
    return this.page.images.header.dataset;
  }

  say(words: string): void {
    this.chooser.say(words);
  }

  /** The same host at another time, and what it gives now. */
  update(given: TrainingImages, host: BenchHost): void {
    this.host = host;
    this.chooser.giveAgain(given);
  }

  retheme(): void {
    this.page.retheme();
  }

  destroy(): void {
    this.chooser.dispose();
    this.page.destroy();
    this.element.remove();
  }

  private take(images: TrainingImages): void {
    this.page.destroy();
    this.page = this.shown(images);
    this.page.retheme();
  }

  private shown(images: TrainingImages): TrainPage {
    const page = new TrainPage(this.program, images, () => this.host.keep, [
      this.chooser.element,
      this.chooser.words,
      this.chooser.pad.element,
    ]);
    this.element.append(page.element);
    return page;
  }
}
