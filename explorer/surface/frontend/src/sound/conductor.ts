/**
 * When does which note begin? One of three things sounds at a time: the first beat of a bar, the bar, or what is decoded along a path, bar after
 * bar, for as long as the path plays.
 *
 * Notes are given to the instrument a little ahead of their time, by the clock of the sound: a frame that comes late is not heard.
 */

import type { PianoRoll } from "../wire/schema";
import { type Cells, frequencyOf, heldFrom, isOn, pitchOf, stepSeconds } from "./roll";

/** What a note is played on. */
export interface Instrument {
  /** Seconds, of the clock of the sound. */
  readonly now: number;
  play(frequency: number, at: number, seconds: number): void;
  /** At once, also what is still to come. */
  silence(): void;
}

export type Piece = "beat" | "bar" | "path";

/** Seconds for which notes are given ahead: longer than a slow frame, shorter than is noticed when the picture changes. */
export const AHEAD = 0.1;
/** Seconds until the first note: it is not to begin in the past. */
export const LEAD = 0.02;

export class Conductor {
  private piece: Piece | null = null;
  private cells: Cells | null = null;
  private startedAt = 0;
  /** The first step that was not yet looked at, counted through all bars. */
  private next = 0;
  /** By row: the step until which its note is held. */
  private heldUntil: number[] = [];
  private roll: PianoRoll | null = null;
  /** Of a step. */
  private seconds = 1;

  constructor(private readonly instrument: Instrument) {}

  get playing(): Piece | null {
    return this.piece;
  }

  /** What is heard: of a path, changed while it plays. */
  get heard(): Cells | null {
    return this.cells;
  }

  begin(piece: Piece, cells: Cells, roll: PianoRoll): void {
    this.stop();
    this.piece = piece;
    this.cells = cells;
    this.roll = roll;
    this.seconds = stepSeconds(roll);
    this.startedAt = this.instrument.now + LEAD;
    this.next = 0;
    this.heldUntil = new Array<number>(cells.rows).fill(0);
    this.tick();
  }

  /** Along a path: from the next step on this is heard. */
  follow(cells: Cells): void {
    if (this.piece === "path") this.cells = cells;
  }

  stop(): void {
    if (this.piece === null) return;
    this.piece = null;
    this.instrument.silence();
  }

  /** Gives the notes that are due. Returns at which step of the bar the sound is, with what is past of it; null when it is over. */
  tick(): number | null {
    const { cells, piece, roll } = this;
    if (!cells || !roll || piece === null) return null;
    const at = Math.max(0, (this.instrument.now - this.startedAt) / this.seconds);
    const end = stepsOf(piece, cells, roll);
    if (at >= end) {
      this.piece = null; // its last note rings out
      return null;
    }
    this.next = Math.max(this.next, Math.floor(at)); // what a page that was put aside has missed is not made up for
    for (; this.next < Math.min(end, at + AHEAD / this.seconds); this.next++) this.give(cells, roll, end);
    return at % cells.steps;
  }

  /** The notes that begin at the next step. */
  private give(cells: Cells, roll: PianoRoll, end: number): void {
    const step = this.next % cells.steps;
    for (let row = 0; row < cells.rows; row++) {
      if (!isOn(cells, row, step) || this.heldUntil[row] > this.next) continue;
      const length = Math.min(heldFrom(cells, row, step), end - this.next);
      this.heldUntil[row] = this.next + length;
      const at = Math.max(this.instrument.now, this.startedAt + this.next * this.seconds);
      this.instrument.play(frequencyOf(pitchOf(roll, cells, row)), at, length * this.seconds);
    }
  }
}

function stepsOf(piece: Piece, { steps }: Cells, { steps_per_beat }: PianoRoll): number {
  if (piece === "path") return Number.POSITIVE_INFINITY;
  return piece === "bar" ? steps : Math.min(steps, steps_per_beat);
}
