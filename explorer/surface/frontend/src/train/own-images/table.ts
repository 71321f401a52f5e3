/**
 * Which pictures are in a table? A row is a picture: a column for each pixel, square, and one of labels where its name says so.
 *
 * Commas, semicolons or tabs. Which of 65 unnamed columns holds the label is not guessed: a wrong guess is a shifted picture.
 */

import { classesOf, type Gathered, ImagesRefused, MOST_IMAGES, MOST_SIDE, type OnShare } from "./records";

const LABELS: ReadonlySet<string> = new Set(["label", "labels", "class", "category", "target", "y"]);
const WANTED = "a row for each picture, a column for each pixel of a square, and one that is named label";
/** Rows between two looks at whether the table is still wanted. */
const AT_ONCE = 200;
/** Numbers that count up: fewer may be pixels. */
const LEAST_COUNTED = 10;

interface Columns {
  /** Of the labels; −1 for none. */
  readonly label: number;
  readonly width: number;
  readonly side: number;
}

/** Null where it is not wanted any more. Raises `ImagesRefused`. */
export async function readTable(
  text: string,
  told: OnShare = () => undefined,
  isWanted: () => boolean = () => true,
): Promise<Gathered | null> {
  const rows = text
    .replace(/^\ufeff/, "")
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "");
  if (rows.length - 1 > MOST_IMAGES)
    throw new ImagesRefused(`The table has ${rows.length} rows; allowed: at most ${MOST_IMAGES} pictures.`);
  const first = rows[0] ?? "";
  const delimiter = [",", ";", "\t"].reduce((a, b) => (count(first, b) > count(first, a) ? b : a));
  const names = headerOf(first.split(delimiter));
  const body = names ? rows.slice(1) : rows;
  if (body.length === 0) throw new ImagesRefused(`The table has no row of numbers; allowed: ${WANTED}.`);
  const columns = columnsOf(names ?? [], body[0].split(delimiter).length);
  const size = columns.side ** 2;
  const values = new Float64Array(body.length * size);
  const keys: string[] = [];
  for (const [i, row] of body.entries()) {
    if (i % AT_ONCE === 0) {
      await new Promise((resolve) => setTimeout(resolve));
      if (!isWanted()) return null;
      told(i, body.length);
    }
    const cells = row.split(delimiter);
    writeRow(cells, columns, i + (names ? 2 : 1), values.subarray(i * size, (i + 1) * size));
    keys.push(columns.label < 0 ? "" : unquoted(cells[columns.label]));
  }
  const { pixels, note } = bytesOf(values);
  const notes = note ? [note] : [];
  return { imageShape: [1, columns.side, columns.side], pixels, ...classesOf(keys, notes), notes };
}

/** Names of columns: texts, or, as pandas writes them, 0, 1, 2, …; null for a row of pixels. */
function headerOf(cells: readonly string[]): string[] | null {
  const numbers = cells.map((cell) => (isNumber(cell) ? Number(cell) : Number.NaN));
  const counts =
    cells.length >= LEAST_COUNTED && [0, 1].some((start) => numbers.every((value, i) => value === start + i));
  const isNamed = numbers.some(Number.isNaN) && cells.every((cell) => !isNumber(cell) || /^\d+$/.test(cell.trim()));
  return counts || isNamed ? cells.map((cell) => unquoted(cell).toLowerCase()) : null;
}

function columnsOf(names: readonly string[], width: number): Columns {
  const label = names.findIndex((name) => LABELS.has(name));
  const side = Math.sqrt(label < 0 ? width : width - 1);
  if (Number.isInteger(side) && side >= 2 && side <= MOST_SIDE) return { label, width, side };
  throw new ImagesRefused(
    `The table has ${width} columns${label < 0 ? ", none of them named label" : " with that of the labels"}; allowed: ${WANTED}, ` +
      `from 2 to ${MOST_SIDE} pixels a side.`,
  );
}

function writeRow(cells: readonly string[], { label, width }: Columns, line: number, values: Float64Array): void {
  if (cells.length !== width)
    throw new ImagesRefused(`Line ${line} of the table has ${cells.length} columns, the first has ${width}.`);
  let at = 0;
  cells.forEach((cell, column) => {
    if (column === label) return;
    const value = Number(cell);
    if (cell.trim() === "" || !Number.isFinite(value) || value < 0)
      throw new ImagesRefused(
        `Line ${line}, column ${column + 1} of the table is “${cell.slice(0, 40)}”; allowed: numbers from 0 on.`,
      );
    values[at++] = value;
  });
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
