/** What does a person train on? The images that the page came with, others that its host has, or their own; other images begin another training. */

import { h } from "../ui/dom";
import type { TrainingImages } from "../wire/training";
import { type BenchHost, NO_HOST } from "./bench-host";
import { ImageChooser } from "./own-images/chooser";
import { TrainPage } from "./page";
import { isOf, otherImagesWords, restoredWords, type StoredPage, type StoredTraining } from "./restore/records";
import { begun, type TrainState } from "./state";

export class Workbench {
  readonly element = h("div", { class: "lt-bench" });
  /** The page of now: other images are another one. */
  page: TrainPage;
  private readonly chooser: ImageChooser;
  /** What goes on from before a reload, once its images are here; null for nothing. */
  private awaited: StoredPage | null = null;

  /** program: the text of `learner.js` · given: the images that the page came with · first: how one training or two begin. */
  constructor(
    private readonly program: string,
    private given: TrainingImages,
    private host: BenchHost = NO_HOST,
    first: readonly TrainState[] = [],
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
    this.page = this.shown(given, first);
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

  /** What was kept before a reload goes on; false where its images are not to be had. */
  restore(stored: StoredPage): boolean {
    const { dataset, own } = stored;
    const isHere = isOf(stored, this.given);
    if (!own && !isHere && !this.host.offers.some(({ name }) => name === dataset)) return false;
    this.awaited = stored;
    if (own) this.chooser.takeAgain(own);
    else if (isHere) this.take(this.given);
    else this.chooser.choose(dataset);
    return true;
  }

  /** The same host at another time, and what it gives now. */
  update(given: TrainingImages, host: BenchHost): void {
    [this.given, this.host] = [given, host];
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
    const { awaited } = this;
    this.awaited = null;
    const stored = awaited && isOf(awaited, images) ? awaited : null;
    const { choice, settings } = this.page.state;
    this.page.destroy();
    this.page = this.shown(images, stored?.trainings ?? [begun(choice, settings)]);
    this.page.retheme();
    if (stored) this.say(restoredWords(stored));
    else if (awaited) this.say(otherImagesWords(awaited));
  }

  private shown(images: TrainingImages, stored: readonly (StoredTraining | TrainState)[] = []): TrainPage {
    const chooser = [this.chooser.element, this.chooser.words, this.chooser.pad.element];
    const page = new TrainPage(this.program, images, () => this.host.keep, chooser, stored);
    this.element.append(page.element);
    return page;
  }
}
