/** What do files become that a person chooses or drops? Images to learn from, and sentences about what was left out; nothing is sent. */

import type { TrainingImages } from "../../wire/training";
import { findPictures, type GivenFile } from "./files";
import { readPictures } from "./pictures";
import { divided, ImagesRefused, type OnShare, type OwnImages } from "./records";
import { readTable } from "./table";

/** The name under which a training of the page keeps such images. */
export const OWN = "own";

/** Null where it is not wanted any more. Raises `ImagesRefused`. */
export async function imagesOf(
  files: readonly GivenFile[],
  told: OnShare,
  isWanted: () => boolean,
): Promise<OwnImages | null> {
  const { pictures, tables, other, otherName } = await findPictures(files);
  const gathered =
    pictures.length > 0 ? await readPictures(pictures, told, isWanted) : await readTable(only(tables), told, isWanted);
  if (!gathered) return null;
  const notes = [...gathered.notes];
  if (pictures.length > 0 && tables.length > 0) notes.push("Tables beside pictures were left out.");
  if (other > 0)
    notes.push(`${other === 1 ? "1 other file was" : `${other} other files were`} left out, such as ${otherName}.`);
  return divided({ ...gathered, notes });
}

function only(tables: readonly string[]): string {
  if (tables.length === 1) return tables[0];
  const what = tables.length === 0 ? "no picture and no table" : `${tables.length} tables`;
  throw new ImagesRefused(
    `There is ${what}; allowed: pictures (PNG, JPEG, WebP, GIF, BMP), a zip of them, or one table (CSV).`,
  );
}

/** As the Train page learns from them. `number`: tells one set of images from another. */
export function asTrainingImages(
  { nTrain, train, test, labels, imageShape, classNames }: OwnImages,
  number: number,
): TrainingImages {
  const header = {
    id: `${OWN}-${number}`,
    dataset: OWN,
    licence: "",
    image_shape: imageShape,
    class_names: classNames,
    n_train: nTrain,
    arrays: {},
  };
  return { header, train, test, labels };
}
