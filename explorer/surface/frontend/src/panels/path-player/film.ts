/** Which frames does a path have? A strip of some of them; a click on one goes there. */

import { filmFrames } from "../../kernel/path-playback";
import { button, h } from "../../ui/dom";
import { newPicture } from "../../ui/picture";
import type { ImageShape, PathRecord } from "../../wire/schema";
import type { Look } from "./look";

export class Film {
  readonly element = h("div", { class: "la-film", role: "group", "aria-label": "Filmstrip" });
  private cells: HTMLButtonElement[] = [];

  constructor(private readonly seek: (frame: number) => void) {}

  show({ z, labels }: PathRecord, shape: ImageShape, look: Look): void {
    const frames = filmFrames(z.length);
    const pictures = frames.map(() => newPicture());
    for (const picture of pictures) picture.setShape(shape);
    look.paintAll(
      pictures,
      frames.map((frame) => z[frame]),
      frames.map((frame) => labels?.[frame] ?? null),
    );
    this.cells = frames.map((frame, i) => {
      const picture = pictures[i];
      const isLow = look.isLow(z[frame]);
      picture.canvas.toggleAttribute("data-low", isLow);
      const label = `Frame ${frame + 1} of ${z.length}${isLow ? ", low density of encoded images" : ""}`;
      return button("la-film-cell", { "aria-label": label }, () => this.seek(frame), picture.canvas);
    });
    this.element.replaceChildren(...this.cells);
  }

  /** The frame that is shown, of so many. */
  at(frame: number, nFrames: number): void {
    const n = this.cells.length;
    const active = n > 1 ? Math.round((frame / (nFrames - 1)) * (n - 1)) : 0;
    this.cells.forEach((cell, i) => cell.toggleAttribute("data-current", i === active));
  }
}
