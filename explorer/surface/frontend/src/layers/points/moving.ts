/**
 * Which of a million points are drawn now, so that the hand is never kept waiting, and what is said of it?
 *
 * A map that is dragged moves its pixels and draws what comes into view: exactly what a new picture would show. A map that is zoomed is
 * drawn anew; where all points would take longer than a frame has, a fixed sample of them is drawn while it moves. Once it rests all of
 * them are drawn, in slices, and then shown.
 */

import { nearestRank } from "../../data/quantities";
import type { Crowd, PixelTransform, PointRaster } from "./raster";
import type { Sprite } from "./sprites";

/** What decides the pixels of the points. */
export interface Drawing {
  readonly points: Float32Array;
  readonly slots: Uint8Array | Uint16Array;
  /** Names everything but the points' places: colours, sizes, who is hidden. */
  readonly look: string;
  /** Sprites as large as suits so many points. */
  readonly spritesFor: (nPoints: number) => readonly (Sprite | null)[];
  readonly transform: PixelTransform;
}

/** Milliseconds of a frame that points may take while the map moves, from the empty picture to the canvas. */
const BUDGET_MS = 8;
/** Of these for stamping at least: what the canvas's size costs does not shrink with the number of points. */
const LEAST_MS = 3;
const SLICE_MS = 7;
/** The map rests when nothing has moved for so long: between two notches of a wheel it does not. */
const REST_MS = 140;
/** What one point costs until it was measured: milliseconds. */
const FIRST_GUESS = 50e-6;
const MEASURED = 7;
/** A sample has about so many points at least. */
const LEAST = 10_000;
/** Pixels: what lies further from its place is drawn anew when the map rests. */
const EXACT = 0.01;

type Content = Pick<Drawing, "points" | "slots" | "look">;

interface Drawn extends Content {
  readonly crowd: Crowd;
  readonly sprites: readonly (Sprite | null)[];
  readonly transform: PixelTransform;
}

export class MovingPoints {
  /** What the picture shows, or null while it is nothing whole. */
  private drawn: Drawn | null = null;
  /** The picture that is being made. */
  private filling: { readonly drawing: Drawing; readonly drawn: Drawn; next: number; spent: number } | null = null;
  private wanted: Drawing | null = null;
  private changedAt = -Infinity;
  private measured: number[] = [FIRST_GUESS];
  private cost = FIRST_GUESS;
  /** Milliseconds of a picture that do not depend on its points: to empty, to straighten and to show it. */
  private overheads: number[] = [0];
  /** Of how many points one was drawn last while the map moved, and the samples by that number. */
  private lastStep = 1;
  private readonly samples = new Map<number, Uint32Array>();
  /** What the canvas shows, also while the next picture is being made. */
  private onCanvas: Uint32Array | null = null;

  /** `show`: the raster's pixels have changed. */
  constructor(
    private readonly raster: PointRaster,
    private readonly show: () => void,
  ) {}

  /** Another scene. */
  reset(): void {
    this.drawn = this.filling = this.wanted = this.onCanvas = null;
    this.lastStep = 1;
    this.samples.clear();
  }

  /** The points that are drawn while not all are; null when nothing is missing. */
  get sampled(): Uint32Array | null {
    return this.onCanvas;
  }

  /** Shows the points as well as a frame allows; `fill` does the rest. */
  draw(drawing: Drawing, now: number): void {
    const isSame = this.wanted !== null && same(this.wanted, drawing);
    const hasMoved = !isSame || !equal(this.wanted!.transform, drawing.transform);
    this.wanted = drawing;
    if (!hasMoved && (this.filling || this.isExact())) return;
    this.filling = null;
    if (hasMoved && isSame) this.changedAt = now;
    if (this.slide(drawing)) return;
    const step = this.step(drawing.slots.length);
    const isLook =
      this.drawn !== null &&
      this.drawn.points === drawing.points &&
      !isSame &&
      equal(this.drawn.transform, drawing.transform);
    if (step > 1 && isLook) return this.beginFill(drawing); // the old look stays until the new one is whole
    this.drawAtOnce(drawing, step);
  }

  /** The size of the canvas has changed, which has emptied it. */
  forget(): void {
    this.drawn = this.filling = null;
  }

  /** Works on the whole picture once the map rests; true while there is something left to do. */
  fill(now: number): boolean {
    if (!this.wanted) return false;
    if (!this.filling) {
      if (this.isExact()) return false;
      if (now - this.changedAt < REST_MS) return true;
      this.beginFill(this.wanted);
    }
    this.goOn();
    return this.filling !== null;
  }

  private isExact(): boolean {
    const { drawn, wanted } = this;
    if (!drawn || !wanted) return false;
    return drawn.crowd.chosen === null && same(drawn, wanted) && equal(drawn.transform, wanted.transform, EXACT);
  }

  /** Moves the picture by whole pixels and draws the border that appears; false where that does not do. */
  private slide(drawing: Drawing): boolean {
    const { drawn, raster } = this;
    if (!drawn || !same(drawn, drawing)) return false;
    const [from, to] = [drawn.transform, drawing.transform];
    if (from.scaleX !== to.scaleX || from.scaleY !== to.scaleY) return false;
    const dx = Math.round(to.offsetX - from.offsetX);
    const dy = Math.round(to.offsetY - from.offsetY);
    if (Math.abs(dx) >= raster.width || Math.abs(dy) >= raster.height) return false;
    if (dx === 0 && dy === 0) return true;
    const transform = { ...from, offsetX: from.offsetX + dx, offsetY: from.offsetY + dy };
    for (const part of raster.shift(dx, dy)) {
      raster.stamp(drawn.crowd, drawn.sprites, transform, part, 0, Infinity);
      raster.finish(part);
    }
    this.bring({ ...drawn, transform });
    return true;
  }

  private drawAtOnce(drawing: Drawing, step: number): void {
    const { raster } = this;
    this.lastStep = step;
    const crowd = this.crowd(drawing, step);
    const n = crowd.chosen?.length ?? drawing.slots.length;
    const sprites = drawing.spritesFor(n);
    const start = performance.now();
    raster.clear();
    const cleared = performance.now();
    raster.stamp(crowd, sprites, drawing.transform, raster.all, 0, Infinity);
    const spent = performance.now() - cleared;
    this.learn(spent, n);
    raster.finish(raster.all);
    this.bring({ ...contentOf(drawing), crowd, sprites, transform: drawing.transform });
    remember(this.overheads, performance.now() - start - spent);
  }

  private bring(drawn: Drawn): void {
    this.drawn = drawn;
    this.onCanvas = drawn.crowd.chosen;
    this.show();
  }

  private beginFill(drawing: Drawing): void {
    const crowd = this.crowd(drawing, 1);
    const sprites = drawing.spritesFor(drawing.slots.length);
    const drawn = { ...contentOf(drawing), crowd, sprites, transform: drawing.transform };
    this.raster.clear(); // the canvas keeps what it shows
    this.drawn = null;
    this.filling = { drawing, drawn, next: 0, spent: 0 };
  }

  private goOn(): void {
    const { raster, filling } = this;
    if (!filling) return;
    const { crowd, sprites, transform } = filling.drawn;
    const start = performance.now();
    filling.next = raster.stamp(crowd, sprites, transform, raster.all, filling.next, start + SLICE_MS);
    filling.spent += performance.now() - start;
    if (filling.next < crowd.slots.length) return;
    this.learn(filling.spent, crowd.slots.length);
    raster.finish(raster.all);
    this.filling = null;
    this.bring(filling.drawn);
  }

  /** The median of the last ones: any one of them may have been interrupted. */
  private learn(spent: number, n: number): void {
    if (n < 1000) return;
    remember(this.measured, spent / n);
    this.cost = nearestRank(this.measured, 0.5);
  }

  /** Of how many points one is drawn while the map moves: a power of two, that does not change for a little more or less time. */
  private step(n: number): number {
    const fits = (step: number, budget: number): boolean => (n / step) * this.cost <= budget || n / step < 2 * LEAST;
    const before = this.lastStep;
    const budget = Math.max(LEAST_MS, BUDGET_MS - nearestRank(this.overheads, 0.5));
    if (fits(before, 1.3 * budget) && (before === 1 || !fits(before / 2, 0.7 * budget))) return before;
    let step = 1;
    while (!fits(step, budget)) step *= 2;
    return step;
  }

  private crowd({ points, slots }: Drawing, step: number): Crowd {
    if (step === 1) return { points, slots, chosen: null };
    const chosen = this.samples.get(step) ?? sampleOf(slots.length, step);
    this.samples.set(step, chosen);
    return { points, slots, chosen };
  }
}

function remember(values: number[], value: number): void {
  values.push(value);
  if (values.length > MEASURED) values.shift();
}

function same(a: Content, b: Content): boolean {
  return a.points === b.points && a.slots === b.slots && a.look === b.look;
}

function contentOf({ points, slots, look }: Drawing): Content {
  return { points, slots, look };
}

function equal(a: PixelTransform, b: PixelTransform, within = 0): boolean {
  return (
    a.scaleX === b.scaleX &&
    a.scaleY === b.scaleY &&
    Math.abs(a.offsetX - b.offsetX) <= within &&
    Math.abs(a.offsetY - b.offsetY) <= within
  );
}

/** One of `step` numbers below n, always the same ones, in order; those of a coarser sample are among those of a finer one. */
export function sampleOf(n: number, step: number): Uint32Array {
  const chosen = new Uint32Array(n);
  let count = 0;
  for (let i = 0; i < n; i++) if (scattered(i) % step === 0) chosen[count++] = i;
  return chosen.slice(0, count);
}

/** A number as if drawn by lot (the last mixing of MurmurHash3): the order of a data set must not show in a sample. */
function scattered(i: number): number {
  let h = i + 0x9e3779b9;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
