/** How does the probe get where it is? By hand, to a code, to a pin, and after the hand on another map of the page. */

import type { Probe } from "../../kernel/state";
import { decodedWords } from "../../ui/format";
import type { PinRecord, Point } from "../../wire/schema";
import type { Context } from "../context";
import { followed, LinkedMaps, type Probed } from "../linked-maps";
import type { Playback } from "./playback";

/** A found image is looked at this much closer. */
const FLY_ZOOM = 6;

export class Probing {
  readonly link: LinkedMaps;
  /** What another surface of the page last said, until the next frame shows it. */
  private heard: Probed | null = null;
  /** The person moved the probe here: the next frame tells the others. */
  private isUntold = false;

  constructor(
    private readonly context: Context,
    private readonly playback: Playback,
  ) {
    this.link = new LinkedMaps((probed) => {
      this.heard = probed;
      context.request();
    });
    context.disposer.add(() => this.link.dispose());
  }

  /** To a place of the map. */
  toPlace(at: Point): void {
    this.playback.pause();
    this.put({ from: "map", at });
  }

  /** To a code chosen number by number: no place of a crooked map need stand for it. */
  toCode(z: readonly number[], heading = "By the sliders"): void {
    this.playback.pause();
    this.put({ from: "code", at: this.context.state.data.placeOf(z), z, heading });
  }

  /** The pin's own code, of which its place on a map may be only the nearest. */
  toPin({ z, map, label }: PinRecord): void {
    this.playback.pause();
    const isOfRun = z.length === this.context.state.data.space.latentDim;
    this.put(isOfRun ? { from: "code", at: map, z, heading: `Pin ${label}` } : { from: "map", at: map });
    this.show(48);
  }

  /** Shares of the visible width. */
  step(dx: number, dy: number): void {
    const { viewport, stage, hint, state } = this.context;
    const unit = stage.plot.width / viewport.camera.scale;
    const [x, y] = state.probe.at;
    this.toPlace([x + dx * unit, y + dy * unit]);
    this.show(24);
    hint.leaveLater();
  }

  /** To a test image by its own code, which the place of its point need not have on a map that is no plane of codes. */
  flyTo(i: number): void {
    const { data } = this.context.state;
    const place = data.place(i);
    this.playback.pause();
    this.put({ from: "code", at: place, z: Array.from(data.muOf(i)), heading: decodedWords(data.numberOf(i)) });
    this.context.viewport.flyTo(place, FLY_ZOOM);
    this.context.cameraMoved();
  }

  /** Brings the probe into view. */
  show(margin: number): void {
    if (this.context.viewport.show(this.context.state.probe.at, margin)) this.context.cameraMoved();
  }

  /** What was asked for lies there: into the middle, where it would be at the edge or outside. */
  bring(place: Point): void {
    if (this.context.viewport.bring(place, 48)) this.context.cameraMoved();
  }

  /** Goes where another surface's hand is; says nothing aloud and tells nobody, or two surfaces would answer each other for ever. */
  follow(): void {
    const { heard, context } = this;
    this.heard = null;
    if (!heard || this.isUntold) return;
    const { data, probe } = context.state;
    const seen = followed(data, heard);
    if (!seen || (probe.from === "linked" && isSame(probe, seen.heading, seen.z))) return; // it is there already
    this.playback.pause();
    const { z, heading, nearest, place } = seen;
    context.store.set({ probe: { from: "linked", at: place ?? probe.at, z, heading, nearest } });
    context.reader.now(""); // what it said last is not what is shown
  }

  tell(): void {
    if (!this.isUntold) return;
    this.isUntold = false;
    const { state, derived } = this.context;
    if (!this.link.isJoined) return;
    const image = derived.marked < 0 ? null : state.data.numberOf(derived.marked);
    this.link.tell({ run: state.data.header.run.id, image, z: Array.from(derived.code) });
  }

  /** Maps that follow this one go there too. */
  put(probe: Probe): void {
    this.isUntold = true;
    this.context.store.set({ probe });
  }
}

function isSame(
  probe: { readonly heading: string; readonly z: readonly number[] },
  heading: string,
  z: readonly number[],
): boolean {
  return probe.heading === heading && probe.z.every((value, k) => value === z[k]);
}
