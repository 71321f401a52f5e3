/**
 * How does a page without a server show the film of a training? The film's program is beside it, in the file or in the notebook's model, and
 * begins when it is asked for; the film stands in the map's place until the map is wanted again.
 */

import { button, h, setText } from "../ui/dom";
import { PayloadError } from "../wire/errors";

/** A film that stands on the page. */
export interface ShownFilm {
  /** The colours around it may be others. */
  refresh(): void;
  destroy(): void;
}

export interface FilmPlace {
  readonly element: HTMLElement;
  /** Name of the map that it is seen on. */
  readonly map: string;
  /** Of the map, CSS pixels; 0 for as much as the window has. */
  readonly height: number;
  /** The person wants the map back. */
  leave(): void;
}

/** What the film's program offers to a page. Raises `PayloadError` for bytes that are no film. */
export type ShowFilm = (bytes: Uint8Array, place: FilmPlace) => Promise<ShownFilm>;

/** Where the film's program of a file puts itself. */
export const FILM_PROGRAM = Symbol.for("latent-atlas-film-program");

/** Of a host that has a film: brings the program, with the film's bytes. */
export type BringFilm = (place: FilmPlace) => Promise<ShownFilm>;

export class FilmSwitch {
  readonly button = button("lp-share", { title: "The film of the training in the map's place (f)" }, () =>
    this.toggle(),
  );
  readonly element = h("div", { hidden: true });
  private shown: ShownFilm | null = null;
  private isOn = false;
  /** Of the films that were asked for: one that comes late is not shown any more. */
  private asked = 0;

  constructor(
    private readonly bring: BringFilm | null,
    private readonly page: { readonly stage: HTMLElement; readonly height: number; map(): string; mapIsBack(): void },
  ) {
    this.button.hidden = bring === null;
    this.say();
  }

  get isOffered(): boolean {
    return this.bring !== null;
  }

  toggle(): void {
    this.isOn = !this.isOn && this.isOffered;
    this.say();
    this.page.stage.hidden = this.isOn;
    this.element.hidden = !this.isOn;
    if (this.isOn) void this.show();
    else this.clear();
    if (!this.isOn) this.page.mapIsBack();
  }

  /** Another map, or other colours. */
  refresh(isOtherMap: boolean): void {
    if (!this.isOn) return;
    if (isOtherMap) void this.show();
    else this.shown?.refresh();
  }

  destroy(): void {
    this.clear();
  }

  private async show(): Promise<void> {
    this.clear();
    const { asked, page, element } = this;
    const leave = (): void => {
      if (this.isOn) this.toggle();
    };
    try {
      const shown = await this.bring?.({ element, map: page.map(), height: page.height, leave });
      if (!shown) return;
      if (asked === this.asked) this.shown = shown;
      else shown.destroy();
    } catch (error) {
      if (!(error instanceof Error) || !isSaid(error)) console.error(error);
      const sentence = error instanceof Error && isSaid(error) ? error.message : "The film cannot be shown.";
      if (asked === this.asked) element.replaceChildren(h("p", { class: "lp-error", role: "alert" }, sentence));
    }
  }

  private clear(): void {
    this.asked++;
    this.shown?.destroy();
    this.shown = null;
    this.element.replaceChildren();
  }

  private say(): void {
    setText(this.button, this.isOn ? "Back to the map" : "Film");
  }
}

/** The film's program has a class of errors of its own: names tell them apart. */
function isSaid({ name }: Error): boolean {
  return name === new PayloadError("").name;
}
