/**
 * How do the surfaces of one page show the same image? The one under the hand tells, the others listen.
 *
 * A host gives one group name to the surfaces that are to move together: runs with the same test images. They talk through events of
 * the window, because a host may load this bundle once for every surface, and modules that are loaded apart share nothing else.
 */

import type { RunOnMap } from "../data/run-on-map";
import { Disposer } from "../ui/dom";
import { decodedWords } from "../ui/format";
import type { Point } from "../wire/schema";

/** What the hand is on. */
export interface Probed {
  readonly run: string;
  /** The number of the nearest shown test image; null where every class is hidden. */
  readonly image: number | null;
  /** (K,), of that run. */
  readonly z: readonly number[];
}

/** What another surface shows for it. */
export interface Followed {
  readonly z: readonly number[];
  /** Where on its own map; null: where the probe is. */
  readonly place: Point | null;
  readonly heading: string;
  /** The point of the image here; −1: none. */
  readonly nearest: number;
}

interface Told {
  readonly group: string;
  readonly from: LinkedMaps;
  readonly probed: Probed;
}

interface Asked {
  readonly group: string;
  answer(probed: Probed): void;
}

const TOLD = "latent-atlas-told";
const ASKED = "latent-atlas-asked";

/** One surface's end of the line. `hear` must only note what it is given: it runs within the frame of the one who tells. */
export class LinkedMaps {
  private group = "";
  private last: Probed | null = null;
  private readonly disposer = new Disposer();

  constructor(
    private readonly hear: (probed: Probed) => void,
    private readonly page: EventTarget = window,
  ) {
    this.listen<Told>(TOLD, ({ from, probed }) => {
      if (from === this) return;
      this.last = probed;
      this.hear(probed);
    });
    this.listen<Asked>(ASKED, ({ answer }) => this.last && answer(this.last));
  }

  get isJoined(): boolean {
    return this.group !== "";
  }

  /** The empty name is no group. Another group's last word means nothing here. */
  join(group: string): void {
    if (group === this.group) return;
    this.group = group;
    this.last = null;
  }

  tell(probed: Probed): void {
    if (!this.isJoined) return;
    this.last = probed;
    this.send<Told>(TOLD, { group: this.group, from: this, probed });
  }

  /** Hears what the others show already: for a surface, or a map in it, that came later. */
  catchUp(): void {
    if (!this.isJoined) return;
    this.send<Asked>(ASKED, { group: this.group, answer: (probed) => (this.last = probed) });
    if (this.last) this.hear(this.last);
  }

  /** The host has chosen anew: what was told before is over. */
  forget(): void {
    this.last = null;
  }

  dispose(): void {
    this.disposer.dispose();
  }

  private listen<T extends { readonly group: string }>(name: string, act: (message: T) => void): void {
    this.disposer.listen(this.page, name, (event: Event) => {
      const message = (event as CustomEvent<T>).detail;
      if (this.isJoined && message.group === this.group) act(message);
    });
  }

  private send<T>(name: string, detail: T): void {
    this.page.dispatchEvent(new CustomEvent<T>(name, { detail }));
  }
}

/** The same code where it is the same run, else this run's own code of the same image; null: nothing here stands for it. */
export function followed(scene: RunOnMap, { run, image, z }: Probed): Followed | null {
  const i = image === null ? -1 : scene.pointOf(image);
  const isSameRun = run === scene.header.run.id && z.length === scene.space.latentDim;
  if (isSameRun) return { z, place: scene.placeOf(z), heading: "The same code here", nearest: i };
  return i < 0
    ? null
    : {
        z: Array.from(scene.muOf(i)),
        place: scene.place(i),
        heading: decodedWords(scene.numberOf(i)),
        nearest: i,
      };
}
