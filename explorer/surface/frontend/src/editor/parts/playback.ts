/** What moves by itself? The path that is played, and the random walk; the probe goes along with either. */

import { RandomWalk, type Stationary, stationaryOf } from "../../data/random-walk";
import { isLow } from "../../geometry/support";
import type { Frame } from "../../kernel/extension";
import type { MapState } from "../../kernel/state";
import { type Look, PathPlayer } from "../../panels/path-player/panel";
import { chip, prefersReducedMotion, setText } from "../../ui/dom";
import type { Context, Watcher } from "../context";

export class Playback implements Watcher {
  readonly reads: readonly (keyof MapState)[] = ["data", "host", "path", "pins", "theme"];
  readonly player: PathPlayer;
  readonly walkButton = chip("Random walk", () => this.toggleWalk(), {
    class: "la-chip la-all la-wander",
    title:
      "A smooth random walk whose codes are, in the long run, samples from the prior N(0, I); of a model without one, distributed as its codes (w)",
  });
  private readonly walk = new RandomWalk(prefersReducedMotion);
  private stationary: Stationary = { mean: [], std: [] };
  private lastFrame = 0;
  private model: MapState["data"]["model"] | null = null;
  private shown: readonly unknown[] = [];

  /** rested: playing has stopped · pathChanged: the player needs more or less room. */
  constructor(
    private readonly context: Context,
    private readonly events: { rested(): void; pathChanged(): void },
  ) {
    this.player = new PathPlayer({
      seek: () => {
        this.followPath();
        context.showNow();
      },
      playing: (isPlaying) => this.onPlaying(isPlaying),
      className: (label) => context.state.data.className(label) ?? "",
    });
    this.player.element.after(this.walkButton);
  }

  get isMoving(): boolean {
    return this.player.isPlaying || this.walk.isWalking;
  }

  pause(): void {
    this.stopWalk();
    if (this.player.isPlaying) this.player.setPlaying(false);
  }

  togglePlaying(): void {
    if (this.player.current) this.player.setPlaying(!this.player.isPlaying);
  }

  tick(now: number): void {
    const ms = now - this.lastFrame;
    this.lastFrame = now;
    if (this.player.tick(ms)) this.followPath();
    const z = this.walk.tick(ms, this.stationary);
    if (z) this.context.store.set({ probe: { from: "random-walk", at: this.context.state.data.placeOf(z), z } });
  }

  /** The host's path, or the one through pins; a new one plays at once, and the same one is painted anew by another decoder. */
  update({ state, derived: { path } }: Frame): void {
    const { data, theme } = state;
    const shown = [data, theme, path];
    if (shown.every((one, i) => one === this.shown[i])) return;
    this.shown = shown;
    const shape = data.header.run.image_shape;
    const look: Look = {
      paint: (picture, z, label) => picture.paint(data.model.decodeAsShared(z, label ?? data.model.label)),
      isLow: (z) => isLow(data.support.of(z)),
    };
    const isNewDecoder = data.model !== this.model;
    this.model = data.model;
    this.player.retheme(theme.isDark);
    const isNewPath = this.player.setPath(path, shape, look, theme.isDark);
    if (isNewDecoder && !isNewPath) this.player.repaint(shape, look, theme.isDark);
    if (!path && state.probe.from === "path") this.context.store.set({ probe: { from: "map", at: state.probe.at } });
    if (!isNewPath) return;
    this.events.pathChanged();
    this.context.store.set({ path: { ...this.context.state.path, since: path ? performance.now() : 0, trail: [] } });
    if (path) this.followPath();
  }

  /** Starts the random walk from the code that is shown, or stops it. */
  toggleWalk(): void {
    if (this.walk.isWalking) return this.stopWalk();
    this.pause();
    const { data } = this.context.state;
    const { latentDim } = data.space;
    this.stationary = data.logvar
      ? { mean: new Array<number>(latentDim).fill(0), std: new Array<number>(latentDim).fill(1) }
      : stationaryOf(data.mu, latentDim);
    this.walk.start(this.context.derived.code, this.stationary);
    this.lastFrame = performance.now();
    setText(this.walkButton, "Stop the random walk");
    this.context.reader.now("Random walk");
    this.context.request();
  }

  private stopWalk(): void {
    if (!this.walk.isWalking) return;
    this.walk.stop();
    setText(this.walkButton, "Random walk");
  }

  private onPlaying(isPlaying: boolean): void {
    this.lastFrame = performance.now();
    if (isPlaying) this.stopWalk();
    else if (this.player.current && this.context.state.probe.from === "path") this.followPath(); // the film rests on a frame of its own
    if (!isPlaying) this.events.rested();
    this.context.request();
  }

  /** The probe stands where the path's frame is, and has exactly the path's z. */
  private followPath(): void {
    const { current, place, code, label } = this.player;
    if (current) this.context.store.set({ probe: { from: "path", at: place, z: code, decodeAs: label } });
  }
}
