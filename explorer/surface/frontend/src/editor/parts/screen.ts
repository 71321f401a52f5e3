/** What does the one who keeps the screen in the page's address see and do? `hosts/kept-screen.ts` makes it a record and puts it back. */

import type { Plane } from "../../geometry/planes";
import { SCREEN, type ScreenSource, type StrokeRecord, WHICH_SCREEN } from "../../kernel/screen";
import type { MapState, Tiles } from "../../kernel/state";
import type { Context } from "../context";
import type { Choices } from "./choices";
import type { Maps } from "./maps";
import type { OwnPictures } from "./own-pictures";

/** After the last change: a camera that moves is one change. */
const TELL_MS = 300;

export class ScreenPart implements ScreenSource {
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly context: Context,
    private readonly choices: Choices,
    private readonly maps: Maps,
    private readonly pictures: OwnPictures,
  ) {
    const { disposer, store } = context;
    const later = (): void => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.tell(), TELL_MS);
    };
    disposer.add(() => clearTimeout(this.timer));
    disposer.add(
      store.on(["data", "view", "layers", "colourBy", "shown", "tab", "isSideOpen", "selection", "encoded"], later),
    );
    disposer.listen(window, WHICH_SCREEN, () => this.tell());
  }

  /** Only of a map that the page is there for. */
  tell(): void {
    if (this.context.ownsPage && this.context.stage.plot.width > 0)
      dispatchEvent(new CustomEvent(SCREEN, { detail: this }));
  }

  state(): MapState {
    return this.context.state;
  }

  showsAll(): boolean {
    return this.context.viewport.isAtHome;
  }

  strokes(): readonly StrokeRecord[] {
    return this.pictures.pad?.sketch.strokes ?? [];
  }

  change(patch: Partial<MapState>): void {
    this.context.store.set(patch);
  }

  ground(id: string): void {
    this.choices.setBackground(id);
  }

  tint(id: string): void {
    this.choices.setColour(id);
  }

  tile(tiles: Tiles): void {
    this.choices.setTiles(tiles);
  }

  lay(plane: Plane): void {
    this.maps.layPlane(plane);
  }

  ink(strokes: readonly StrokeRecord[]): void {
    this.pictures.pad?.sketch.replace(strokes);
    this.pictures.pad?.later();
  }

  look(x: number, y: number, across: number): void {
    this.context.viewport.put(x, y, this.context.stage.plot.width / across);
    this.context.cameraMoved();
  }

  say(sentence: string): void {
    this.context.say(sentence);
  }
}
