/** Where on its path is an interpolation right now? The arithmetic of playing, and what moves the probe by itself. */

import { N_FRAMES } from "../data/interpolation";
import type { PathRecord, Point } from "../wire/schema";

export type PlayMode = "ping-pong" | "loop";

/** A pass from one end to the other at speed 1. */
export const PASS_MS = 4000;
export const FILM_FRAMES = 11;

/** position 0 … 1 along the path; direction +1 or −1. */
export interface PlayHead {
  readonly position: number;
  readonly direction: 1 | -1;
}

/** Where the head is `ms` later. Ping-pong turns round at the ends, a loop starts over; no time is lost at either. */
export function advance(head: PlayHead, ms: number, speed: number, mode: PlayMode): PlayHead {
  const travelled = (ms * speed) / PASS_MS;
  if (mode === "loop") return { position: fraction(head.position + travelled), direction: 1 };
  // ping-pong is a loop of length 2: out from 0 to 1, back from 1 to 2
  const phase = head.direction === 1 ? head.position : 2 - head.position;
  const next = 2 * fraction((phase + travelled) / 2);
  return next <= 1 ? { position: next, direction: 1 } : { position: 2 - next, direction: -1 };
}

function fraction(value: number): number {
  return value - Math.floor(value);
}

/** The frame at a position: where the film rests, it is always one of the path's own z. */
export function frameAt(position: number, nFrames: number): number {
  return Math.min(nFrames - 1, Math.max(0, Math.round(position * (nFrames - 1))));
}

/** While the film runs it is shown as often as the screen is, so between two frames too: straight between their codes or places. */
export function between(rows: readonly (readonly number[])[], position: number): number[] {
  const at = position * (rows.length - 1);
  const i = Math.min(rows.length - 1, Math.max(0, Math.floor(at)));
  const next = rows[Math.min(i + 1, rows.length - 1)];
  return rows[i].map((value, k) => value + (at - i) * (next[k] - value));
}

/** Frames of the filmstrip, evenly spread, both ends included. */
export function filmFrames(nFrames: number, n = FILM_FRAMES): number[] {
  const wanted = Math.min(n, nFrames);
  if (wanted <= 1) return nFrames > 0 ? [0] : [];
  return Array.from({ length: wanted }, (_, i) => Math.round((i * (nFrames - 1)) / (wanted - 1)));
}

/** What moves the probe by itself, and where the played path stands. */
export interface Motion {
  readonly moving: "path" | "random-walk" | null;
  readonly head: PlayHead;
  readonly speed: number;
  readonly mode: PlayMode;
  /** What the person chose; a closed path loops whatever that is. */
  readonly wantedMode: PlayMode;
}

export const START: PlayHead = { position: 0, direction: 1 };
export const AT_REST: Motion = { moving: null, head: START, speed: 1, mode: "ping-pong", wantedMode: "ping-pong" };

/** A path whose frames all have a place. */
export function playable(path: PathRecord | null): PathRecord | null {
  return path && path.z.length > 0 && path.map.length === path.z.length ? path : null;
}

/** Two paths with one key are the same path. */
export function pathKey(path: PathRecord | null): string {
  return path ? JSON.stringify([path.title, path.z, path.map, path.ends, path.stops, path.labels]) : "";
}

/** How many plain paths it is as long as. */
export function legsOf({ z }: PathRecord): number {
  return Math.max(1, (z.length - 1) / (N_FRAMES - 1));
}

/** The head on a frame of the path's own. */
export function headOn({ z }: PathRecord, frame: number): PlayHead {
  return { position: frame / Math.max(1, z.length - 1), direction: 1 };
}

/** Stopped, the film rests on a frame of its own. */
export function atRest(path: PathRecord, motion: Motion): Motion {
  const { head, moving } = motion;
  const position = path.z.length > 1 ? headOn(path, frameAt(head.position, path.z.length)).position : head.position;
  return { ...motion, head: { ...head, position }, moving: moving === "path" ? null : moving };
}

/** What the probe shows: the frame's own code and place, and in a running film what lies between two; the class is the nearer frame's. */
export function probeOn(path: PathRecord, { moving, head: { position } }: Motion) {
  const frame = frameAt(position, path.z.length);
  const isPlaying = moving === "path";
  const [x, y] = isPlaying ? between(path.map, position) : path.map[frame];
  const at: Point = [x, y];
  const z = isPlaying ? between(path.z, position) : path.z[frame];
  return { from: "path" as const, at, z, decodeAs: path.labels?.[frame] ?? null };
}
