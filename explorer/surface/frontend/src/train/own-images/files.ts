/**
 * Which pictures are in what was dropped or chosen? Files, folders by their files' paths, and zips of them; a folder's name is its pictures'
 * class. Read in the page, never sent; every size is bounded before anything is unpacked.
 */

import { type Unzipped, unzipSync } from "fflate";
import { ImagesRefused, MOST_IMAGES } from "./records";

/** Of a zip, packed and unpacked, and of all files together. */
const MOST_BYTES = 512 * 2 ** 20;
const PICTURE = /\.(png|jpe?g|webp|gif|bmp)$/i;
const TABLE = /\.(csv|tsv)$/i;
const LITTER = /(^|\/)(__MACOSX\/|\.|Thumbs\.db$|desktop\.ini$)/i;
/** Folders that say how a data set is divided, and no class. */
const DIVISION = /^(train(ing)?|test(ing)?|val(id(ation)?)?|images?)$/i;

/** As a browser gives it; `webkitRelativePath` where a folder was chosen. */
export interface GivenFile {
  readonly name: string;
  readonly size: number;
  readonly webkitRelativePath?: string;
  arrayBuffer(): Promise<ArrayBuffer>;
}

interface Entry {
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface PictureFile {
  /** With its folders. */
  readonly path: string;
  /** The folder in which it lies; "" for none. */
  readonly className: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface Found {
  readonly pictures: readonly PictureFile[];
  /** Texts of tables. */
  readonly tables: readonly string[];
  /** Files that are neither: how many, and the name of one; "" for none. */
  readonly other: number;
  readonly otherName: string;
}

/** Raises `ImagesRefused`. */
export async function findPictures(files: readonly GivenFile[]): Promise<Found> {
  const total = files.reduce((sum, { size }) => sum + size, 0);
  if (total > MOST_BYTES)
    throw new ImagesRefused(`The files have ${megabytes(total)}; allowed: ${megabytes(MOST_BYTES)}.`);
  const entries: Entry[] = [];
  for (const file of files) {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const path = file.webkitRelativePath || file.name;
    if (/\.zip$/i.test(path)) entries.push(...unpacked(path, bytes));
    else entries.push({ path, bytes });
  }
  const kept = entries.filter(({ path }) => !LITTER.test(path));
  const pictures = kept.filter(({ path }) => PICTURE.test(path));
  const tables = kept.filter(({ path }) => TABLE.test(path));
  const others = kept.filter((entry) => !pictures.includes(entry) && !tables.includes(entry));
  if (pictures.length > MOST_IMAGES)
    throw new ImagesRefused(`There are ${pictures.length} pictures; allowed: at most ${MOST_IMAGES}.`);
  return {
    pictures: pictures.map(({ path, bytes }) => ({ path, bytes, className: classOf(path) })),
    tables: tables.map(({ bytes }) => new TextDecoder().decode(bytes)),
    other: others.length,
    otherName: others[0]?.path.slice(0, 80) ?? "",
  };
}

/** The nearest folder that is not one of a division: `train/cats/1.png` is one of `cats`. */
function classOf(path: string): string {
  const folders = path.split("/").slice(0, -1);
  return (
    folders
      .reverse()
      .find((folder) => folder !== "" && !DIVISION.test(folder))
      ?.slice(0, 80) ?? ""
  );
}

/** In the page itself: a policy of trusted types lets no worker through but the learner's. */
function unpacked(name: string, bytes: Uint8Array<ArrayBuffer>): Entry[] {
  let total = 0;
  const filter = ({ name: path, originalSize }: { name: string; originalSize: number }): boolean => {
    if (LITTER.test(path) || !(PICTURE.test(path) || TABLE.test(path))) return false;
    total += originalSize;
    return total <= MOST_BYTES;
  };
  let found: Unzipped;
  try {
    found = unzipSync(bytes, { filter });
  } catch {
    throw new ImagesRefused(`“${name.slice(0, 80)}” is not a zip, or is damaged; pack it again.`);
  }
  if (total > MOST_BYTES)
    throw new ImagesRefused(`“${name.slice(0, 80)}” unpacks to more than ${megabytes(MOST_BYTES)}; allowed: less.`);
  return Object.entries(found).map(([path, content]) => ({ path, bytes: content as Uint8Array<ArrayBuffer> }));
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MB`;
}
