/** What do all parts of the editor have in common? The state and its door, the canvas and its camera, the voice. */

import { Derived } from "../kernel/derive";
import type { Panel } from "../kernel/extension";
import type { MapState } from "../kernel/state";
import { Store } from "../kernel/store";
import { Stage } from "../layers/canvas";
import { Disposer, Stillness } from "../ui/dom";
import { Hint } from "./hint";
import type { Callbacks } from "./host-events";
import type { ScreenReader } from "./screen-reader";
import { Viewport } from "./viewport";

/** Something that is told of the state, and may work between frames. */
export type Watcher = Pick<Panel, "reads" | "update"> & Partial<Pick<Panel, "work" | "dispose">>;

export class Context {
  readonly store: Store<MapState>;
  readonly derived: Derived;
  readonly disposer = new Disposer();
  readonly stillness = new Stillness(this.disposer);
  readonly viewport = new Viewport(() => !this.stillness.isWanted);
  readonly stage = new Stage();
  readonly hint = new Hint(this.stage.hint);

  constructor(
    first: MapState,
    readonly reader: ScreenReader,
    readonly callbacks: Callbacks,
    /** Asks for a frame. */
    readonly request: () => void,
    /** A frame now: what was asked for by its number must not wait for the screen. */
    readonly showNow: () => void,
  ) {
    this.store = new Store(first);
    this.derived = new Derived(() => this.store.get());
    this.disposer.add(() => this.hint.dispose());
    this.disposer.add(this.store.on(Object.keys(first) as (keyof MapState)[], request));
  }

  /** The page is there for this map, whose keys then work without a click on it first. In a notebook, or beside other maps, they do not. */
  get ownsPage(): boolean {
    const { height, options } = this.state.host;
    return height === 0 && !options.compact;
  }

  get state(): MapState {
    return this.store.get();
  }

  /** One sentence to everyone, where the hand is. */
  say(sentence: string): void {
    this.hint.say(sentence);
    this.reader.now(sentence);
  }

  /** The camera, or the canvas, may be another one. */
  cameraMoved(): void {
    const { camera, zoom } = this.viewport;
    const { plot, ratio } = this.stage;
    const { view } = this.state;
    if (view.camera !== camera || view.plot !== plot || view.ratio !== ratio || view.zoom !== zoom)
      this.store.set({ view: { camera, zoom, plot, ratio } });
    this.request(); // a glide begins with the next frame
  }

  /** What was pressed may be far below the map. */
  scrollToMap(): void {
    this.stage.element.scrollIntoView({ block: "nearest" });
  }
}
