/** How is a piano roll drawn, and the line that goes over it? As shapes in units of steps and rows; the style sheet gives size and colours. */

import { svg } from "../ui/dom";
import type { PianoRoll } from "../wire/schema";
import { type Cells, isOn, type Note, notesOf, wordsOf } from "./roll";

/** Of a row, left free above and below a note. */
const GAP = 0.08;

/** The outline of notes as a path. */
export function notesPath(notes: readonly Note[]): string {
  return notes.map(({ row, step, length }) => `M${step} ${row + GAP}h${length}v${1 - 2 * GAP}h${-length}z`).join("");
}

/** Lines between the beats. */
export function beatsPath({ rows, steps }: Cells, stepsPerBeat: number): string {
  const n = Math.ceil(steps / stepsPerBeat) - 1;
  return Array.from({ length: Math.max(0, n) }, (_, i) => `M${(i + 1) * stepsPerBeat} 0V${rows}`).join("");
}

/** What sounds at a step. */
export function soundingAt(cells: Cells, step: number): readonly Note[] {
  const at = Math.min(cells.steps - 1, Math.floor(step));
  return notesOf(cells).filter((note) => isOn(cells, note.row, at) && note.step <= at && at < note.step + note.length);
}

export class RollPicture {
  readonly element = svg(
    "0 0 1 1",
    [{ class: "la-roll-beats" }, { class: "la-roll-notes" }, { class: "la-roll-now" }, { class: "la-roll-line" }],
    {
      class: "la-roll",
      role: "img",
      preserveAspectRatio: "none",
      "aria-hidden": "false",
      "data-testid": "piano-roll",
    },
  );
  private readonly parts = [...this.element.children] as SVGPathElement[];
  private cells: Cells | null = null;

  show(cells: Cells, roll: PianoRoll): void {
    if (cells === this.cells) return;
    const [beats, notes, now, line] = this.parts;
    this.cells = cells;
    this.element.setAttribute("viewBox", `0 0 ${cells.steps} ${cells.rows}`);
    this.element.setAttribute("aria-label", `Piano roll of the decoded bar, ${wordsOf(roll, cells)}`);
    beats.setAttribute("d", beatsPath(cells, roll.steps_per_beat));
    notes.setAttribute("d", notesPath(notesOf(cells)));
    now.setAttribute("d", "");
    line.setAttribute("d", `M0 0V${cells.rows}`);
  }

  /** isCalm: the line goes from step to step instead of gliding. */
  showLine(step: number | null, isCalm: boolean): void {
    const [, , now, line] = this.parts;
    line.toggleAttribute("hidden", step === null);
    if (step === null || !this.cells) {
      now.setAttribute("d", "");
      return;
    }
    line.setAttribute("transform", `translate(${(isCalm ? Math.floor(step) : step).toFixed(3)} 0)`);
    now.setAttribute("d", notesPath(soundingAt(this.cells, step)));
  }
}
