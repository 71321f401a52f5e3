/** What does the map do in a frame, and what when the host sends something new? The parts do the work; here is the order. */

import { RunOnMap } from "../data/run-on-map";
import type { Frame } from "../kernel/extension";
import { setHidden, setText } from "../ui/dom";
import type { Payload } from "../wire/payload";
import { Context } from "./context";
import { firstState } from "./first-state";
import { Stats } from "./frame-stats";
import type { Callbacks } from "./host-events";
import { makeParts, type Parts } from "./parts/index";
import { FrameLoop, Watchers } from "./scheduler";
import type { ScreenReader } from "./screen-reader";

export class MapEditor {
  readonly context: Context;
  readonly parts: Parts;
  readonly stats = new Stats();
  private readonly loop = new FrameLoop((now) => this.frame(now));
  private readonly watchers: Watchers;
  private isFirst = true;
  /** The probe of the last frame. */
  private shown: Frame["state"]["probe"] | null = null;

  constructor(root: HTMLElement, body: HTMLElement, reader: ScreenReader, callbacks: Callbacks, payload: Payload) {
    this.context = new Context(firstState(root, callbacks, payload), reader, callbacks, this.loop.request, () =>
      this.loop.run(performance.now()),
    );
    this.parts = makeParts(this.context, root, body);
    this.watchers = new Watchers(this.parts.watchers);
  }

  update(payload: Payload): void {
    const { dynamic, header } = payload;
    const { context, parts, isFirst } = this;
    const isNew = isFirst || header.id !== context.state.data.header.id;
    // the first payload's map is in the state already
    const loaded = isNew ? parts.maps.load(isFirst ? context.state.data : new RunOnMap(payload), isFirst) : null;
    this.isFirst = false;
    parts.hostUpdates.apply(dynamic, loaded);
    if (!loaded) return;
    this.loadOriginalsLater(context.state.data);
  }

  /** The first picture does not wait for a frame. */
  showNow(): void {
    this.parts.layout.retheme();
    this.parts.layout.measure();
    this.loop.run(performance.now());
    if (this.parts.layout.measure()) this.loop.run(performance.now()); // a panel that has just appeared takes its room
  }

  dispose(): void {
    this.loop.end();
    this.watchers.dispose();
    this.context.disposer.dispose();
  }

  /** Never before the first picture: inflating 10 000 images takes a while. */
  private loadOriginalsLater(data: RunOnMap): void {
    const load = (): void =>
      void data.loadOriginals().then(
        (isNew) => isNew && this.redraw(),
        () => undefined, // damaged originals: the reconstruction stays, labelled as such
      );
    const timer = setTimeout(load, 400);
    this.context.disposer.add(() => clearTimeout(timer));
  }

  /** Something beside the state is another one. */
  private redraw(): void {
    this.parts.compositor.invalidate();
    this.context.request();
  }

  private frameAt(now: number): Frame {
    const { state, derived, stillness } = this.context;
    return { state, derived, now, isStill: stillness.isWanted };
  }

  private frame(now: number): void {
    const { context, parts } = this;
    const { compositor } = parts;
    if (parts.layout.width === 0) return;
    const start = performance.now();
    const before = this.shown;
    if (context.viewport.tick(now)) context.cameraMoved();
    parts.playback.tick(now);
    parts.probing.follow();
    this.watchers.update(() => this.frameAt(now));
    parts.probing.tell();
    const frame = this.frameAt(now);
    const { probe } = frame.state;
    compositor.draw(frame);
    this.shown = probe;
    if (probe !== before && probe.from !== "path" && probe.from !== "random-walk")
      this.stats.record(start, performance.now() - start);
    const isWorking = [compositor.work(frame), this.watchers.work(frame)].some(Boolean);
    const note = compositor.note(frame);
    setHidden(context.stage.shown, note === "");
    setText(context.stage.shown, note);
    if (isWorking || compositor.isDue || context.viewport.isGliding || context.state.motion.moving) context.request();
  }
}
