/**
 * How does a person choose what is learned from? From a list where the host has more; their own pictures by a button, or dropped on the page. How
 * far they are read is told, and it can be given up; a training is ended only when that is agreed.
 */

import { Select } from "../../ui/chooser";
import { button, Disposer, h, setHidden, setText } from "../../ui/dom";
import type { TrainingImages } from "../../wire/training";
import type { Offer } from "../bench-host";
import { DrawingPad } from "./drawing";
import { asTrainingImages, imagesOf, OWN } from "./gather";
import { ImagesRefused, type OwnImages } from "./records";

const TITLE =
  "Pictures, a zip of them (its folders are classes), or a table of pixels (CSV); they stay in this browser, for a reload at most a day";

/** Points that leave a map nearly empty. */
const FEW = 60;

export interface ChooserHost {
  readonly offers: readonly Offer[];
  /** Images of that name are wanted: they come later. */
  choose(name: string): void;
  take(images: TrainingImages): void;
  /** Whether there is a training that would be lost. */
  isTrained(): boolean;
}

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
  /** Where a person draws. */
  readonly pad = new DrawingPad((own) => this.found(own));
  private readonly draw = button(
    "lt-button",
    { "aria-expanded": "false" },
    () => this.toggleDrawing(),
    "Draw your own",
  );
  private readonly select = new Select("Images", (name) => this.choose(name), "la");
  private readonly back: HTMLButtonElement;
  private readonly disposer = new Disposer();
  private readonly agree = button("la-button", { hidden: true }, () => this.waiting?.(), "End it");
  /** What the person has to agree to; null for nothing. */
  private waiting: (() => void) | null = null;
  /** Of what is read now; another number gives it up. */
  private reading = 0;
  private isReading = false;
  private taken = 0;
  /** By name: what is learned from, and what was asked for and has not come. */
  private current: string;
  private awaited: string | null = null;

  /** root: where files may be dropped · given: the images that the host gave last. */
  constructor(
    root: HTMLElement,
    private given: TrainingImages,
    private readonly host: ChooserHost,
  ) {
    this.current = given.header.dataset;
    this.back = button("lt-button", { hidden: true }, () => this.choose(this.given.header.dataset));
    this.element = h(
      "div",
      { class: "lt-row" },
      this.select.element,
      this.open,
      this.draw,
      this.back,
      this.agree,
      this.input,
    );
    this.input.addEventListener("change", () => {
      void this.read([...(this.input.files ?? [])]);
      this.input.value = "";
    });
    this.disposer.listen(root, "dragover", (event) => event.preventDefault());
    this.disposer.listen(root, "drop", (event) => {
      event.preventDefault();
      void this.read([...(event.dataTransfer?.files ?? [])]);
    });
    this.show();
  }

  dispose(): void {
    this.reading++;
    this.disposer.dispose();
  }

  say(words: string): void {
    this.words.hidden = words === "";
    setText(this.words, words);
  }

  /** The host gives these now: taken where they were asked for, or where nothing is lost by it. */
  giveAgain(given: TrainingImages): void {
    this.show();
    if (given.header.id === this.given.header.id) return;
    const { dataset } = given.header;
    if (dataset !== this.awaited && this.host.isTrained()) return;
    this.given = given;
    this.awaited = null;
    this.current = dataset;
    this.end("");
    this.show();
    this.host.take(given);
  }

  private show(): void {
    const { offers } = this.host;
    const isOwn = this.current === OWN;
    const own = isOwn ? [{ value: OWN, text: "Your pictures" }] : [];
    setHidden(this.select.element, offers.length === 0);
    this.select.show([...offers.map(({ name, title }) => ({ value: name, text: title })), ...own], this.current);
    setHidden(this.back, offers.length > 0 || !isOwn);
    setText(this.back, `Back to ${this.given.header.dataset}`);
  }

  private toggleDrawing(): void {
    this.pad.toggle();
    this.draw.setAttribute("aria-expanded", String(!this.pad.element.hidden));
  }

  private press(): void {
    if (this.isReading) this.end("");
    else this.input.click();
  }

  /** A person's own, from before a reload. */
  takeAgain(own: TrainingImages): void {
    this.current = OWN;
    this.show();
    this.host.take({ ...own, header: { ...own.header, id: `${OWN}-${++this.taken}` } });
  }

  /** Of the host, by name. */
  choose(name: string): void {
    if (name === this.current) return;
    const title = this.host.offers.find((offer) => offer.name === name)?.title ?? name;
    this.offer("", title, () => {
      if (name === this.given.header.dataset) {
        this.current = name;
        this.host.take(this.given);
      } else {
        this.awaited = name;
        this.say("These images are fetched …");
        this.host.choose(name);
      }
      this.show();
    });
    this.show(); // until it is agreed, and has come
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
    const held = n - own.nTrain;
    const few = held < FEW ? " The map shows only these: more pictures give more points." : "";
    const words = [`${n} pictures, ${held} of them held back.${few}`, ...own.notes].join(" ");
    this.offer(words, "your pictures", () => {
      this.current = OWN;
      this.awaited = null;
      this.show();
      this.host.take(asTrainingImages(own, ++this.taken));
    });
  }

  /** At once; where there is a training that would be lost only after the person has agreed. */
  private offer(words: string, title: string, act: () => void): void {
    const begin = (): void => {
      this.end(words);
      this.pad.element.hidden = true; // the map has the room
      this.draw.setAttribute("aria-expanded", "false");
      act();
    };
    if (!this.host.isTrained()) return begin();
    this.end(`${words} Other images end this training.`.trim());
    this.waiting = begin;
    setText(this.agree, `End it and take ${title}`);
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
}
