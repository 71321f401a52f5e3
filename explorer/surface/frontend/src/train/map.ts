/**
 * Where are the images now? The surface's own canvas, camera, layers, tools and legend over a run that learns; no panels, pins or paths, because
 * what a place decodes to is another thing a moment later.
 */

import { Context } from "../editor/context";
import { FrameLoop, Watchers } from "../editor/scheduler";
import { ScreenReader } from "../editor/screen-reader";
import type { Frame } from "../kernel/extension";
import { restState } from "../kernel/rest-state";
import type { MapState } from "../kernel/state";
import { Compositor } from "../layers/compositor";
import { Legend } from "../panels/legend";
import { h } from "../ui/dom";
import type { Theme } from "../ui/theme";
import { DEFAULT_DYNAMIC, type Extent, type Point } from "../wire/schema";
import { LAYERS } from "./layers";
import { extentFor, FIRST_EXTENT } from "./live-run";
import { MapInput } from "./map-input";
import { PointedPicture } from "./pointed-picture";

const KEYS =
  "Arrow keys move the probe and decode its code, Shift for big steps, plus and minus zoom, 0 shows everything.";

export class TrainMap {
  readonly element: HTMLElement;
  readonly pointed = new PointedPicture();
  /** How often the map was drawn: for tests and benchmarks. */
  drawn = 0;
  private readonly context: Context;
  private readonly loop = new FrameLoop((now) => this.frame(now));
  private readonly compositor: Compositor;
  private readonly watchers: Watchers;

  /** pointed: told where the pointer is · extent: what is seen where nobody has zoomed. */
  constructor(
    data: MapState["data"],
    theme: Theme,
    pointed: (at: Point) => void = () => undefined,
    public extent: Extent = FIRST_EXTENT,
  ) {
    const host = { ...DEFAULT_DYNAMIC, walk: null };
    const first = restState({ data, theme, layers: LAYERS, host, pinnable: false });
    const showNow = (): void => this.loop.run(performance.now());
    this.context = new Context(first, new ScreenReader(), {}, this.loop.request, showNow);
    const { stage, store } = this.context;
    const legend = new Legend({ state: () => store.get(), set: (patch) => store.set(patch) });
    this.compositor = new Compositor(stage, LAYERS);
    this.watchers = new Watchers([legend, this.pointed]);
    this.call("");
    this.element = h("div", { class: "lt-map" }, stage.element, legend.element);
    new MapInput(this.context);
    const observer = new ResizeObserver(() => this.measure());
    observer.observe(stage.element);
    this.context.disposer.add(() => observer.disconnect());
    this.context.disposer.add(store.on(["probe"], () => pointed(this.pointedAt)));
  }

  get pointedAt(): Point {
    const { at } = this.context.state.probe;
    return [at[0], at[1]];
  }

  /** As the pointer would. */
  point([x, y]: Point): void {
    const [left, top] = this.pointedAt;
    if (left !== x || top !== y) this.context.store.set({ probe: { from: "map", at: [x, y] } });
  }

  /** words: which of two maps it is; "" where there is one. */
  call(words: string): void {
    this.context.stage.map.setAttribute("aria-label", `Map of the codes${words}. ${KEYS}`);
    this.pointed.call(words);
  }

  /** The images are elsewhere, and places decode to something else. */
  show(data: MapState["data"]): void {
    this.see(extentFor(this.extent, data.points));
    this.context.store.set({ data });
  }

  seeAtLeast(extent: Extent): void {
    if (extent[1] - extent[0] > this.extent[1] - this.extent[0]) this.see(extent);
  }

  /** A training begins: what is seen is what was seen at first. */
  begin(): void {
    this.see(FIRST_EXTENT);
  }

  retheme(theme: Theme): void {
    if (JSON.stringify(theme) !== JSON.stringify(this.context.state.theme)) this.context.store.set({ theme });
  }

  dispose(): void {
    this.loop.end();
    this.watchers.dispose();
    this.context.disposer.dispose();
  }

  private see(extent: Extent): void {
    if (extent === this.extent) return;
    this.extent = extent;
    this.context.viewport.resize(extent, this.context.stage.plot);
    this.context.cameraMoved();
  }

  private measure(): void {
    const { stage, viewport, state } = this.context;
    const { clientWidth, clientHeight } = stage.element;
    const isNarrow = clientWidth < 520;
    if (!stage.resize(clientWidth, clientHeight, window.devicePixelRatio || 1, isNarrow, state.theme.labelPx)) return;
    viewport.resize(this.extent, stage.plot);
    this.context.cameraMoved();
    this.context.showNow(); // a canvas of another size is empty until it is drawn
  }

  private frame(now: number): void {
    const { context, compositor } = this;
    if (context.stage.plot.width === 0) return;
    if (context.viewport.tick(now)) context.cameraMoved();
    const frame: Frame = { state: context.state, derived: context.derived, now, isStill: context.stillness.isWanted };
    this.watchers.update(() => frame);
    compositor.draw(frame);
    this.drawn++;
    if (compositor.work(frame) || compositor.isDue || context.viewport.isGliding) context.request();
  }
}
