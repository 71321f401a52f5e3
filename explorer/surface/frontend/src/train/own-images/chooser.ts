/** How does a person bring pictures to learn from? By a button, or dropped on the page; how far they are read is told, and it can be given up. */

import { button, Disposer, h, setText } from "../../ui/dom";
import type { TrainingImages } from "../../wire/training";
import { asTrainingImages, imagesOf } from "./gather";
import { ImagesRefused, type OwnImages } from "./records";

const TITLE = "Pictures, a zip of them (its folders are classes), or a table of pixels (CSV); they stay in this page";

export class ImageChooser {
  readonly element: HTMLElement;
  /** What was left out, or why nothing was taken; "" for nothing to say. */
  readonly words = h("p", { class: "la-small lt-told", role: "status", "data-testid": "own-images", hidden: true });
  private readonly input = h("input", {
    type: "file",
    multiple: true,
    hidden: true,
    "aria-label": "Files of your pictures",
  });
  private readonly open = button("lt-button", { title: TITLE }, () => this.press(), "Your pictures …");
  private readonly back: HTMLButtonElement;
  private readonly disposer = new Disposer();
  private readonly agree = button("la-button", { hidden: true }, () => this.waiting?.(), "End it and take them");
  /** What the person has to agree to; null for nothing. */
  private waiting: (() => void) | null = null;
  /** Of what is read now; another number gives it up. */
  private reading = 0;
  private isReading = false;
  private taken = 0;

  /** root: where files may be dropped · given: the images that the page came with · isTrained: there is a training that would be lost. */
  constructor(
    root: HTMLElement,
    private readonly given: TrainingImages,
    private readonly take: (images: TrainingImages) => void,
    private readonly isTrained: () => boolean,
  ) {
    this.back = button("lt-button", { hidden: true }, () => this.giveBack(), `Back to ${given.header.dataset}`);
    this.element = h("div", { class: "lt-row" }, this.open, this.back, this.agree, this.input);
    this.input.addEventListener("change", () => {
      void this.read([...(this.input.files ?? [])]);
      this.input.value = "";
    });
    this.disposer.listen(root, "dragover", (event) => event.preventDefault());
    this.disposer.listen(root, "drop", (event) => {
      event.preventDefault();
      void this.read([...(event.dataTransfer?.files ?? [])]);
    });
  }

  dispose(): void {
    this.reading++;
    this.disposer.dispose();
  }

  private press(): void {
    if (this.isReading) this.end("");
    else this.input.click();
  }

  private giveBack(): void {
    this.offer("", () => {
      this.back.hidden = true;
      this.take(this.given);
    });
  }

  private async read(files: readonly File[]): Promise<void> {
    if (files.length === 0) return;
    const mine = ++this.reading;
    this.isReading = true;
    this.waiting = null;
    this.agree.hidden = true;
    setText(this.open, "Cancel");
    this.say("Reading …");
    const told = (done: number, of: number): void => {
      if (mine === this.reading) this.say(`Reading picture ${done} of ${of} …`);
    };
    try {
      const own = await imagesOf(files, told, () => mine === this.reading);
      if (own && mine === this.reading) this.found(own);
    } catch (error) {
      if (mine !== this.reading) return;
      // a folder that was dropped, a file that has gone, more than memory holds: the browser’s own words say which
      const why = error instanceof Error ? error.message : String(error);
      this.end(
        error instanceof ImagesRefused
          ? why
          : `These files could not be read (${why}); drop pictures or a zip of them.`,
      );
    }
  }

  private found(own: OwnImages): void {
    const n = own.labels.length;
    const words = [`${n} pictures, ${n - own.nTrain} of them held back.`, ...own.notes].join(" ");
    this.offer(words, () => {
      this.back.hidden = false;
      this.take(asTrainingImages(own, ++this.taken));
    });
  }

  /** At once; where there is a training that would be lost only after the person has agreed. */
  private offer(words: string, act: () => void): void {
    const begin = (): void => {
      this.end(words);
      act();
    };
    if (!this.isTrained()) return begin();
    this.end(`${words} Other images end this training.`.trim());
    this.waiting = begin;
    this.agree.hidden = false;
  }

  private end(words: string): void {
    this.reading++;
    this.isReading = false;
    this.waiting = null;
    this.agree.hidden = true;
    setText(this.open, "Your pictures …");
    this.say(words);
  }

  private say(words: string): void {
    this.words.hidden = words === "";
    setText(this.words, words);
  }
}
