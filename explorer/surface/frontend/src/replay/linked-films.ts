/** How do the films of one page move together? The one under the hand tells which share of its training it shows, the others go there. */

import { Disposer } from "../ui/dom";

/** What one film tells the others. */
export interface ToldShare {
  readonly group: string;
  readonly from: LinkedFilms;
  /** Of the training that is over, 0 … 1. */
  readonly share: number;
  /** Whether it goes on by itself, and takes the others along. */
  readonly isPlaying: boolean;
}

const TOLD = "latent-atlas-film";

/** One film's end of the line; events of the window, because a host may load this program once for every film. The empty name is no group. */
export class LinkedFilms {
  private readonly disposer = new Disposer();

  constructor(
    private readonly group: string,
    hear: (share: number, isPlaying: boolean) => void,
    private readonly page: EventTarget = window,
  ) {
    if (group === "") return;
    this.disposer.listen(page, TOLD, (event: Event) => {
      const { group: of, from, share, isPlaying } = (event as CustomEvent<ToldShare>).detail;
      if (of === group && from !== this) hear(share, isPlaying);
    });
  }

  tell(share: number, isPlaying: boolean): void {
    const { group } = this;
    if (group === "") return;
    this.page.dispatchEvent(new CustomEvent<ToldShare>(TOLD, { detail: { group, from: this, share, isPlaying } }));
  }

  dispose(): void {
    this.disposer.dispose();
  }
}
