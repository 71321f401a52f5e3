/** What moves by itself? The path that is played, and the random walk; the probe goes along with either. */

import type { Frame } from "../../kernel/extension";
import {
  advance,
  atRest,
  headOn,
  legsOf,
  type Motion,
  pathKey,
  playable,
  probeOn,
  START,
} from "../../kernel/path-playback";
import type { MapState } from "../../kernel/state";
import { WanderingProbe } from "../../tools/random-walk";
import { prefersReducedMotion } from "../../ui/dom";
import type { PathRecord } from "../../wire/schema";
import type { Context, Watcher } from "../context";

export class Playback implements Watcher {
  readonly reads: readonly (keyof MapState)[] = ["data", "host", "path", "pins"];
  private readonly walk = new WanderingProbe();
  private path: PathRecord | null = null;
  private key = "";
  private lastFrame = 0;

  constructor(private readonly context: Context) {}

  pause(): void {
    const { moving } = this.context.state.motion;
    if (moving === "path") this.setPlaying(false);
    else if (moving) this.move(null);
  }

  /** Returns whether there is a path. */
  togglePlaying(): boolean {
    this.setPlaying(this.context.state.motion.moving !== "path");
    return this.path !== null;
  }

  setPlaying(isPlaying: boolean): void {
    const { path, context } = this;
    if (!path) return;
    if (isPlaying) return this.move("path");
    const { motion, probe } = context.state;
    const still = atRest(path, motion);
    context.store.set({ motion: still, probe: probe.from === "path" ? probeOn(path, still) : probe });
  }

  /** What was asked for by its number is seen at once. */
  seek(frame: number): void {
    const { path, context } = this;
    if (!path) return;
    this.goTo(path, { ...context.state.motion, head: headOn(path, frame), moving: null });
    context.showNow();
  }

  tick(now: number): void {
    const ms = now - this.lastFrame;
    this.lastFrame = now;
    const { path, context } = this;
    const { motion, data } = context.state;
    const { moving, head, speed, mode } = motion;
    if (moving === "path" && path) this.goTo(path, { ...motion, head: advance(head, ms, speed / legsOf(path), mode) });
    const probe = moving === "random-walk" && this.walk.tick(data, ms);
    if (probe) context.store.set({ probe });
  }

  /** The host's path, or the one through pins; a new one plays at once. */
  update({ state, derived }: Frame): void {
    const { store } = this.context;
    const path = playable(derived.path);
    if (path === this.path) return;
    this.path = path;
    if (!path && state.probe.from === "path") store.set({ probe: { from: "map", at: state.probe.at } });
    const key = pathKey(path);
    if (key === this.key) return;
    this.key = key;
    const { motion } = state;
    const isPlaying = path !== null && path.z.length > 1 && !prefersReducedMotion();
    const moving = isPlaying ? "path" : motion.moving === "path" ? null : motion.moving;
    const mode = path?.is_loop ? "loop" : motion.wantedMode;
    this.lastFrame = performance.now();
    store.set({ path: { ...state.path, since: path ? this.lastFrame : 0, trail: [] } });
    const begun: Motion = { ...motion, head: START, moving, mode };
    if (path) this.goTo(path, begun);
    else store.set({ motion: begun });
  }

  /** Starts the random walk from the code that is shown, or stops it. */
  toggleWalk(): void {
    const { state, derived, reader } = this.context;
    if (state.motion.moving === "random-walk") return this.move(null);
    this.pause();
    this.walk.start(state.data, derived.code);
    this.move("random-walk");
    reader.now("Random walk");
  }

  private move(moving: Motion["moving"]): void {
    const { store, state } = this.context;
    this.lastFrame = performance.now();
    store.set({ motion: { ...state.motion, moving } });
  }

  /** The probe stands where the path's head is, and has exactly the path's z. */
  private goTo(path: PathRecord, motion: Motion): void {
    this.context.store.set({ motion, probe: probeOn(path, motion) });
  }
}
