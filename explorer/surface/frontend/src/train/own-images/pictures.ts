/**
 * Which pixels do files of pictures have? The browser decodes them, one after the other.
 *
 * Pictures of one size of at most 64 pixels a side stay as they are; else the middle square of each is scaled to 32 × 32. Grey where all are.
 */

import type { PictureFile } from "./files";
import { classesOf, type Gathered, ImagesRefused, MOST_SIDE, type OnShare, SIDE } from "./records";

/** By how much two channels differ at least where a picture is coloured. */
const COLOURED = 12;
/** Of a picture; more is not decoded. */
const MOST_FILE_BYTES = 40 * 2 ** 20;

interface Decoded {
  readonly pixels: Uint8ClampedArray;
  readonly className: string;
}

interface Size {
  /** Width and height. */
  readonly sides: readonly [number, number];
  readonly isScaled: boolean;
}

const SCALED: Size = { sides: [SIDE, SIDE], isScaled: true };

/** Raises `ImagesRefused`; `isWanted` false ends it early, with null. */
export async function readPictures(
  files: readonly PictureFile[],
  told: OnShare,
  isWanted: () => boolean,
): Promise<Gathered | null> {
  const bad: string[] = [];
  let size = await sizeOf(files);
  let decoded = await decodedAt(size, files, bad, told, isWanted);
  if (decoded === "another size") {
    size = SCALED;
    bad.length = 0;
    decoded = await decodedAt(size, files, bad, told, isWanted);
  }
  if (decoded === null || decoded === "another size") return null;
  if (decoded.length === 0)
    throw new ImagesRefused(`None of the ${files.length} pictures can be read; allowed: PNG, JPEG, WebP, GIF, BMP.`);
  const [width, height] = size.sides;
  const notes: string[] = [];
  if (bad.length > 0)
    notes.push(
      `${bad.length === 1 ? "1 file" : `${bad.length} files`} could not be read, such as ${bad[0].slice(0, 80)}.`,
    );
  if (size.isScaled) notes.push(`The middle square of every picture was scaled to ${width} × ${height} pixels.`);
  const channels = decoded.some(({ pixels }) => isColoured(pixels)) ? 3 : 1;
  const n = width * height * channels;
  const pixels = new Uint8Array(decoded.length * n);
  decoded.forEach((one, i) => {
    pixels.set(planes(one.pixels, channels), i * n);
  });
  const classes = classesOf(
    decoded.map(({ className }) => className),
    notes,
  );
  return { imageShape: [channels, height, width], pixels, ...classes, notes };
}

/** All that can be read; null where it is not wanted any more. */
async function decodedAt(
  { sides: [width, height], isScaled }: Size,
  files: readonly PictureFile[],
  bad: string[],
  told: OnShare,
  isWanted: () => boolean,
): Promise<readonly Decoded[] | "another size" | null> {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new ImagesRefused("This browser gives no canvas to read pictures with.");
  const decoded: Decoded[] = [];
  for (const [i, file] of files.entries()) {
    if (!isWanted()) return null;
    const bitmap = await bitmapOf(file);
    if (bitmap && !isScaled && (bitmap.width !== width || bitmap.height !== height)) {
      bitmap.close();
      return "another size";
    }
    if (bitmap) decoded.push({ pixels: drawn(bitmap, context), className: file.className });
    else bad.push(file.path);
    bitmap?.close();
    told(i + 1, files.length);
  }
  return decoded;
}

async function sizeOf(files: readonly PictureFile[]): Promise<Size> {
  const LOOKED_AT = 20;
  const step = Math.max(1, Math.floor(files.length / LOOKED_AT));
  let sides: [number, number] | null = null;
  for (let i = 0; i < files.length; i += step) {
    const bitmap = await bitmapOf(files[i]);
    if (!bitmap) continue;
    const { width, height } = bitmap;
    bitmap.close();
    const isOther = sides !== null && (sides[0] !== width || sides[1] !== height);
    if (isOther || width > MOST_SIDE || height > MOST_SIDE) return SCALED;
    sides = [width, height];
  }
  return sides ? { sides, isScaled: false } : SCALED;
}

async function bitmapOf({ bytes }: PictureFile): Promise<ImageBitmap | null> {
  if (bytes.length > MOST_FILE_BYTES) return null;
  try {
    return await createImageBitmap(new Blob([bytes]));
  } catch {
    return null;
  }
}

/** Whole where it has the canvas's sides, else its middle square; transparent parts on white. */
function drawn(bitmap: ImageBitmap, context: CanvasRenderingContext2D): Uint8ClampedArray {
  const { width, height } = context.canvas;
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  if (bitmap.width === width && bitmap.height === height) context.drawImage(bitmap, 0, 0);
  else {
    const side = Math.min(bitmap.width, bitmap.height);
    const [x, y] = [(bitmap.width - side) / 2, (bitmap.height - side) / 2];
    context.drawImage(bitmap, x, y, side, side, 0, 0, width, height);
  }
  return context.getImageData(0, 0, width, height).data;
}

export function isColoured(rgba: Uint8ClampedArray): boolean {
  for (let i = 0; i < rgba.length; i += 4) {
    const [r, g, b] = [rgba[i], rgba[i + 1], rgba[i + 2]];
    if (Math.max(r, g, b) - Math.min(r, g, b) > COLOURED) return true;
  }
  return false;
}

/** C·H·W bytes; one channel is the luma of Rec. 601. */
export function planes(rgba: Uint8ClampedArray, channels: number): Uint8Array {
  const n = rgba.length / 4;
  const found = new Uint8Array(channels * n);
  for (let i = 0; i < n; i++) {
    const [r, g, b] = [rgba[4 * i], rgba[4 * i + 1], rgba[4 * i + 2]];
    if (channels === 1) found[i] = Math.round(0.299 * r + 0.587 * g + 0.114 * b);
    else [found[i], found[n + i], found[2 * n + i]] = [r, g, b];
  }
  return found;
}
