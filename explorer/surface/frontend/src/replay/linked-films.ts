/** How do the films of one page move together? The one under the hand tells which share of its training it shows, the others go there. */

import { Disposer } from "../ui/dom";

/** Rests, goes on by itself and takes the others along, or is taken along. */
export type Moving = "rests" | "leads" | "follows";

/** Where a film of the page is. */
export interface Standing {
  /** Of the training that is over, 0 … 1. */
  readonly share: number;
  readonly moving: Moving;
}

/** What one film tells the others. */
interface Told extends Standing {
  readonly group: string;
  readonly from: LinkedFilms;
}

const TOLD = "latent-atlas-film";
/** A film that comes to others asks where they are. */
const ASKED = "latent-atlas-which-film";

/** One film's end of the line; events of the window, because a host may load this program once for every film. The empty name is no group. */
export class LinkedFilms {
  private readonly disposer = new Disposer();

  /** now: where this film is, for one that comes later. */
  constructor(
    private readonly group: string,
    hear: (standing: Standing) => void,
    now: () => Standing,
    private readonly page: EventTarget = window,
  ) {
    if (group === "") return;
    this.disposer.listen(page, TOLD, (event: Event) => {
      const { group: of, from, share, moving } = (event as CustomEvent<Told>).detail;
      if (of === group && from !== this) hear({ share, moving });
    });
    this.disposer.listen(page, ASKED, (event: Event) => {
      const { group: of, from } = (event as CustomEvent<Pick<Told, "group" | "from">>).detail;
      if (of === group && from !== this) this.tell(now());
    });
  }

  tell(standing: Standing): void {
    const { group } = this;
    if (group === "") return;
    this.page.dispatchEvent(new CustomEvent<Told>(TOLD, { detail: { ...standing, group, from: this } }));
  }

  /** The others tell where they are, at once. */
  ask(): void {
    if (this.group !== "")
      this.page.dispatchEvent(new CustomEvent(ASKED, { detail: { group: this.group, from: this } }));
  }

  dispose(): void {
    this.disposer.dispose();
  }
}
