/** What does a person train on? The images that the page came with, or their own; other images begin another training. */

import { h } from "../ui/dom";
import type { TrainingImages } from "../wire/training";
import { ImageChooser } from "./own-images/chooser";
import { TrainPage } from "./page";

export class Workbench {
  readonly element = h("div", { class: "lt-bench" });
  private readonly chooser: ImageChooser;
  private page: TrainPage;

  /** program: the text of `learner.js` · given: the images that the page came with. */
  constructor(
    private readonly program: string,
    readonly given: TrainingImages,
  ) {
    this.chooser = new ImageChooser(
      this.element,
      given,
      (images) => this.take(images),
      () => this.page.state.step > 0,
    );
    this.page = this.shown(given);
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
    const page = new TrainPage(this.program, images, [this.chooser.element, this.chooser.words]);
    this.element.append(page.element);
    return page;
  }
}
