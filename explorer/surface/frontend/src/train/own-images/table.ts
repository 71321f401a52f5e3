/**
 * Which pictures are in a table? A row is a picture: a column for each pixel, square, and one of labels where its name says so.
 *
 * Commas, semicolons or tabs. Which of 65 unnamed columns holds the label is not guessed: a wrong guess is a shifted picture.
 */

import { classesOf, type Gathered, ImagesRefused, MOST_IMAGES, MOST_SIDE } from "./records";

const LABELS: ReadonlySet<string> = new Set(["label", "labels", "class", "category", "target", "y"]);
const WANTED = "a row for each picture, a column for each pixel of a square, and one that is named label";

export function readTable(text: string): Gathered {
  const rows = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  const delimiter = [",", ";", "\t"].reduce((a, b) => (count(rows[0] ?? "", b) > count(rows[0] ?? "", a) ? b : a));
  const cells = rows.map((row) => row.replace(/^\ufeff/, "").split(delimiter));
  const hasHeader =
    cells.length > 0 &&
    cells[0].some((cell) => !isNumber(cell)) &&
    cells[0].every((cell) => !isNumber(cell) || /^\d+$/.test(cell.trim()));
  const names = hasHeader ? cells[0].map((cell) => unquoted(cell).toLowerCase()) : [];
  const body = hasHeader ? cells.slice(1) : cells;
  if (body.length === 0) throw new ImagesRefused(`The table has no row of numbers; allowed: ${WANTED}.`);
  if (body.length > MOST_IMAGES)
    throw new ImagesRefused(`The table has ${body.length} rows; allowed: at most ${MOST_IMAGES} pictures.`);
  const label = names.findIndex((name) => LABELS.has(name));
  const width = body[0].length;
  const side = Math.sqrt(label < 0 ? width : width - 1);
  if (!Number.isInteger(side) || side < 2 || side > MOST_SIDE)
    throw new ImagesRefused(
      `The table has ${width} columns${label < 0 ? ", none of them named label" : " with that of the labels"}; allowed: ${WANTED}, ` +
        `from 2 to ${MOST_SIDE} pixels a side.`,
    );
  const values = numbersOf(body, label, side * side, width, hasHeader ? 2 : 1);
  const { pixels, note } = bytesOf(values);
  const keys = body.map((row) => (label < 0 ? "" : unquoted(row[label])));
  return { imageShape: [1, side, side], pixels, ...classesOf(keys), notes: note ? [note] : [] };
}

function numbersOf(body: readonly string[][], label: number, size: number, width: number, first: number): Float64Array {
  const values = new Float64Array(body.length * size);
  body.forEach((row, i) => {
    if (row.length !== width)
      throw new ImagesRefused(`Line ${i + first} of the table has ${row.length} columns, the first has ${width}.`);
    let at = i * size;
    row.forEach((cell, column) => {
      if (column === label) return;
      const value = Number(cell);
      if (cell.trim() === "" || !Number.isFinite(value) || value < 0)
        throw new ImagesRefused(
          `Line ${i + first}, column ${column + 1} of the table is “${cell.slice(0, 40)}”; allowed: numbers from 0 on.`,
        );
      values[at++] = value;
    });
  });
  return values;
}

/** Grey levels from 0 to 255 as they are; smaller ranges are stretched to white, which the note says. */
function bytesOf(values: Float64Array): { pixels: Uint8Array; note: string } {
  const most = values.reduce((a, b) => Math.max(a, b), 0);
  if (most > 255) throw new ImagesRefused(`The table has a pixel of ${most}; allowed: from 0 to 1, or from 0 to 255.`);
  const isWhole = values.every(Number.isInteger);
  // 16 is white in the digits of scikit-learn
  const white = most <= 1 ? 1 : isWhole && most <= 16 ? 16 : 255;
  const pixels = Uint8Array.from(values, (value) => Math.round((255 * value) / white));
  return { pixels, note: white === 255 ? "" : `A pixel of ${white} was taken for white.` };
}

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}

function isNumber(cell: string): boolean {
  return cell.trim() !== "" && Number.isFinite(Number(cell));
}

function unquoted(cell: string): string {
  return cell
    .trim()
    .replace(/^"(.*)"$/, "$1")
    .slice(0, 80);
}
