/** What does the one who keeps the screen in the page's address see and do? `hosts/screen/kept-screen.ts` makes it a record and puts it back. */

import type { Plane } from "../../geometry/planes";
import { offerOf } from "../../kernel/layer-choice";
import { type Offered, SCREEN, type ScreenSource, type StrokeRecord, WHICH_SCREEN } from "../../kernel/screen";
import type { Code, LayerChoice, MapState, Probe, Tiles } from "../../kernel/state";
import { TABS } from "../../kernel/tabs";
import { LAYERS } from "../../layers/index";
import type { PathChoice } from "../../wire/payload";
import type { Context } from "../context";
import type { Choices } from "./choices";
import type { Finding } from "./finding";
import type { Maps } from "./maps";
import type { OwnPictures } from "./own-pictures";
import type { Pinning } from "./pinning";
import type { Playback } from "./playback";
import type { Probing } from "./probing";

const TOLD: readonly (keyof MapState)[] = [
  "data",
  "view",
  "layers",
  "colourBy",
  "shown",
  "tab",
  "isSideOpen",
  "selection",
  "groups",
  "pins",
  "path",
  "probe",
  "encoded",
];
/** After a change, with all that changed meanwhile: browsers allow an address about three changes a second. */
const TELL_MS = 400;

export class ScreenPart implements ScreenSource {
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** What was on before a layer was lit. */
  private unlit: LayerChoice | null = null;

  constructor(
    private readonly context: Context,
    private readonly choices: Choices,
    private readonly maps: Maps,
    private readonly pictures: OwnPictures,
    private readonly pinning: Pinning,
    private readonly playback: Playback,
    private readonly probing: Probing,
    private readonly finding: Finding,
  ) {
    const { disposer, store } = context;
    const later = (): void => {
      this.timer ??= setTimeout(() => this.tell(), TELL_MS);
    };
    disposer.add(() => clearTimeout(this.timer));
    disposer.add(store.on(TOLD, later));
    disposer.listen(window, WHICH_SCREEN, () => this.tell());
  }

  /** Only of a map that the page is there for, or of a column of it. */
  tell(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { ownsPage, stage, state } = this.context;
    if (!this.unlit && (ownsPage || state.host.options.column) && stage.plot.width > 0)
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

  looks(z: Code): number {
    const { classifier, model, labels, codes } = this.context.state.data;
    const shares = classifier?.probabilities(model.decodeShared(z));
    return shares ? shares.indexOf(Math.max(...shares)) : (labels[codes.find(z, 1)[0]?.index] ?? -1);
  }

  words(): Offered {
    const { data, layers } = this.context.state;
    const { backgrounds, tiles, colours } = offerOf(LAYERS, data);
    const ids = (all: readonly { readonly id: string }[]): string[] => all.map(({ id }) => id);
    return { bg: ids(backgrounds), over: Object.keys(layers.on), tiles, by: ids(colours), tab: ids(TABS) };
  }

  change(patch: Partial<MapState>): void {
    this.context.store.set(patch);
  }

  aim(probe: Probe): void {
    this.probing.put(probe);
    if (probe.from === "code") this.finding.sayOfHole(probe);
  }

  ground(id: string): void {
    this.choices.setBackground(id);
  }

  tint(id: string): void {
    if (this.words().by.includes(id)) this.choices.setColour(id);
  }

  tile(tiles: Tiles): void {
    this.choices.setTiles(tiles);
  }

  lay(plane: Plane | null): void {
    if (plane) this.maps.layPlane(plane);
    else this.maps.leavePlane();
  }

  rest(position: number): void {
    const { context, playback } = this;
    context.showNow(); // a path that has just come begins to play
    const n = context.derived.path?.z.length ?? 0;
    playback.seek(Math.round(position * (n - 1)));
  }

  take(walk: PathChoice | null): void {
    this.pinning.choosePath(walk);
  }

  ink(strokes: readonly StrokeRecord[]): void {
    this.pictures.pad?.sketch.replace(strokes);
    this.pictures.pad?.work(); // at once: what is looked at may be another place by now
  }

  whole(): void {
    const { viewport, stage, state } = this.context;
    viewport.reset();
    viewport.resize(state.data.header.view_extent, stage.plot);
    this.context.cameraMoved();
  }

  look(x: number, y: number, across: number): void {
    this.context.viewport.put(x, y, this.context.stage.plot.width / across);
    this.context.cameraMoved();
  }

  say(sentence: string): void {
    this.context.say(sentence);
  }

  light(id: string | null): void {
    const { store, state } = this.context;
    const layers = this.unlit ?? state.layers;
    this.unlit = id ? layers : null;
    store.set({ layers: id ? { ...layers, on: { [id]: true } } : layers });
  }
}
