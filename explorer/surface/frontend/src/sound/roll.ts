/**
 * Which notes does a decoded piano roll hold, and what are they called? A column is a step of time, a row a pitch, the highest first.
 *
 * Nothing here knows of a page or of sound: pitches are counted in semitones as MIDI does, times in steps or seconds.
 */

import type { PianoRoll } from "../wire/schema";

/** A pitch sounds whose probability is this or more. */
export const SOUNDS_FROM = 0.5;
/** The A that instruments are tuned to. */
const A4 = 69;
const A4_HZ = 440;
const OCTAVE = 12;
const LETTERS = ["C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B"];

/** What sounds: 1 or 0 for each row and step, row by row. */
export interface Cells {
  readonly rows: number;
  readonly steps: number;
  readonly on: Uint8Array;
}

export interface Note {
  readonly row: number;
  readonly step: number;
  /** For how many steps it is held. */
  readonly length: number;
}

/** Of probabilities (C·H·W); of several channels the first is heard. */
export function cellsOf(picture: ArrayLike<number>, rows: number, steps: number): Cells {
  const on = Uint8Array.from({ length: rows * steps }, (_, i) => (picture[i] >= SOUNDS_FROM ? 1 : 0));
  return { rows, steps, on };
}

export function isOn({ on, steps }: Cells, row: number, step: number): boolean {
  return on[row * steps + step] === 1;
}

export function isSame(a: Cells, b: Cells): boolean {
  return a.rows === b.rows && a.steps === b.steps && a.on.every((value, i) => value === b.on[i]);
}

/** Cells that follow each other in a row are one note. In the order in which they begin, of several the highest first. */
export function notesOf(cells: Cells): readonly Note[] {
  const found: Note[] = [];
  for (let step = 0; step < cells.steps; step++)
    for (let row = 0; row < cells.rows; row++)
      if (isOn(cells, row, step) && (step === 0 || !isOn(cells, row, step - 1)))
        found.push({ row, step, length: heldFrom(cells, row, step) });
  return found;
}

/** For how many steps the pitch goes on, from a step at which it sounds. */
export function heldFrom(cells: Cells, row: number, step: number): number {
  let end = step + 1;
  while (end < cells.steps && isOn(cells, row, end)) end++;
  return end - step;
}

export function pitchOf({ lowest_pitch }: PianoRoll, { rows }: Cells, row: number): number {
  return lowest_pitch + rows - 1 - row;
}

/** Hz, in equal temperament. */
export function frequencyOf(pitch: number): number {
  return A4_HZ * 2 ** ((pitch - A4) / OCTAVE);
}

/** As scientific pitch notation has it: A4. */
export function nameOf(pitch: number): string {
  return `${LETTERS[((pitch % OCTAVE) + OCTAVE) % OCTAVE]}${Math.floor(pitch / OCTAVE) - 1}`;
}

export function stepSeconds({ beats_per_minute, steps_per_beat }: PianoRoll): number {
  return 60 / (beats_per_minute * steps_per_beat);
}

/** The notes by name, for those who do not see them. */
export function wordsOf(roll: PianoRoll, cells: Cells): string {
  const beats = new Map<number, string[]>();
  for (const { row, step } of notesOf(cells)) {
    const beat = Math.floor(step / roll.steps_per_beat) + 1;
    beats.set(beat, [...(beats.get(beat) ?? []), nameOf(pitchOf(roll, cells, row))]);
  }
  if (beats.size === 0) return "silent";
  return [...beats].map(([beat, names]) => `beat ${beat}: ${names.join(" ")}`).join(", ");
}
