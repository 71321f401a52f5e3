/** How does a person bring pictures to learn from? By a button, or dropped on the page; how far they are read is told, and it can be given up. */

import { button, Disposer, h, setText } from "../../ui/dom";
import type { TrainingImages } from "../../wire/training";
import { asTrainingImages, imagesOf } from "./gather";
import { ImagesRefused } from "./records";

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
  /** Of what is read now; another number gives it up. */
  private reading = 0;
  private isReading = false;
  private taken = 0;

  /** root: where files may be dropped · given: the images that the page came with. */
  constructor(
    root: HTMLElement,
    private readonly given: TrainingImages,
    private readonly take: (images: TrainingImages) => void,
  ) {
    this.back = button("lt-button", { hidden: true }, () => this.giveBack(), `Back to ${given.header.dataset}`);
    this.element = h("div", { class: "lt-row" }, this.open, this.back, this.input);
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
    this.end("");
    this.back.hidden = true;
    this.take(this.given);
  }

  private async read(files: readonly File[]): Promise<void> {
    if (files.length === 0) return;
    const mine = ++this.reading;
    this.isReading = true;
    setText(this.open, "Cancel");
    this.say("Reading …");
    try {
      const own = await imagesOf(
        files,
        (done, of) => mine === this.reading && this.say(`Reading picture ${done} of ${of} …`),
        () => mine === this.reading,
      );
      if (!own || mine !== this.reading) return;
      this.take(asTrainingImages(own, ++this.taken));
      this.back.hidden = false;
      const n = own.labels.length;
      this.end([`${n} pictures, ${n - own.nTrain} of them held back.`, ...own.notes].join(" "));
    } catch (error) {
      if (mine !== this.reading) return;
      if (!(error instanceof ImagesRefused)) throw error;
      this.end(error.message);
    }
  }

  private end(words: string): void {
    this.reading++;
    this.isReading = false;
    setText(this.open, "Your pictures …");
    this.say(words);
  }

  private say(words: string): void {
    this.words.hidden = words === "";
    setText(this.words, words);
  }
}
