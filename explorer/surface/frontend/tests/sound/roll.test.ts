/** Which notes are in a decoded roll, and is their pitch that of equal temperament? */

import { expect, test } from "vitest";
import {
  type Cells,
  cellsOf,
  frequencyOf,
  isSame,
  nameOf,
  notesOf,
  pitchOf,
  stepSeconds,
  wordsOf,
} from "../../src/sound/roll";
import { beatsPath, notesPath, soundingAt } from "../../src/sound/roll-picture";

const ROLL = { lowest_pitch: 60, steps_per_beat: 4, beats_per_minute: 100 };

/** Rows as they are seen, the highest pitch first: # sounds. */
function drawn(...rows: readonly string[]): Cells {
  const picture = rows.flatMap((row) => Array.from(row, (sign) => (sign === "#" ? 1 : 0)));
  return cellsOf(picture, rows.length, rows[0].length);
}

test("the A of 69 has 440 Hz, an octave doubles, twelve equal steps make one", () => {
  expect(frequencyOf(69)).toBe(440);
  expect(frequencyOf(81)).toBe(880);
  expect(frequencyOf(57)).toBe(220);
  expect(frequencyOf(60)).toBeCloseTo(261.6255653, 6); // the middle C of every table
  for (let pitch = 40; pitch < 90; pitch++)
    expect((frequencyOf(pitch + 1) / frequencyOf(pitch)) ** 12).toBeCloseTo(2, 10);
});

test("pitches are called as scientific pitch notation has it", () => {
  expect([60, 61, 69, 71, 72, 0, 127].map(nameOf)).toEqual(["C4", "C♯4", "A4", "B4", "C5", "C-1", "G9"]);
});

test("a probability of a half sounds, the next smaller number does not", () => {
  const below = 0.5 - 2 ** -25;
  expect([...cellsOf(Float32Array.of(0.5, below, 1, 0), 2, 2).on]).toEqual([1, 0, 1, 0]);
});

test("the lowest row has the lowest pitch", () => {
  const cells = drawn("....", "....", "#...");
  expect([0, 1, 2].map((row) => pitchOf(ROLL, cells, row))).toEqual([62, 61, 60]);
});

test("cells that follow each other are one note, a gap makes two, notes come in time", () => {
  const cells = drawn(".##.#", "#...#", ".....");
  expect(notesOf(cells)).toEqual([
    { row: 1, step: 0, length: 1 },
    { row: 0, step: 1, length: 2 },
    { row: 0, step: 4, length: 1 },
    { row: 1, step: 4, length: 1 },
  ]);
  const rows = Array.from({ length: 3 }, (_, row) =>
    notesOf(cells)
      .filter((note) => note.row === row)
      .reduce(
        (line, { step, length }) => line.slice(0, step) + "#".repeat(length) + line.slice(step + length),
        ".....",
      ),
  );
  expect(isSame(drawn(...rows), cells)).toBe(true); // written again, it is the same roll
});

test("a step of a quarter of a beat lasts 150 ms at a hundred beats a minute", () => {
  expect(stepSeconds(ROLL)).toBeCloseTo(0.15, 12);
  expect(stepSeconds({ ...ROLL, steps_per_beat: 1 })).toBeCloseTo(0.6, 12);
});

test("the words name what sounds in each beat, or say that nothing does", () => {
  expect(wordsOf(ROLL, drawn("........", "....##..", "##......"))).toBe("beat 1: C4, beat 2: C♯4");
  expect(wordsOf(ROLL, drawn("....", "...."))).toBe("silent");
});

test("what is drawn covers the cells, with lines between the beats alone", () => {
  const cells = drawn("##..............", "....#...........");
  expect(notesPath(notesOf(cells)).match(/M[\d.]+ [\d.]+h[\d.]+/g)).toEqual(["M0 0.08h2", "M4 1.08h1"]);
  expect(beatsPath(cells, 4)).toBe("M4 0V2M8 0V2M12 0V2");
  expect(soundingAt(cells, 1.9)).toHaveLength(1);
  expect(soundingAt(cells, 2)).toHaveLength(0);
  expect(soundingAt(cells, 4.5).map(({ row }) => row)).toEqual([1]);
});
