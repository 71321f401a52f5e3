/** What picture was pasted, dropped, opened or taken? Bounded in bytes and pixels before it is decoded; refused in one sentence. */

import { PictureError } from "../prepare/ink";
import type { Bitmap, Size } from "../prepare/records";
import { number } from "../ui/format";
import { MAX_PICTURE_BYTES, MAX_PICTURE_PIXELS } from "../wire/schema";

/** More pixels a side are of no use here and cost memory. */
const WORK_PX = 2048;
const ALLOWED = "PNG, JPEG, WebP, GIF or BMP";
/** Where the size stands in the metadata of a photograph, mostly. */
const HEAD_BYTES = 1_000_000;

/** The first frame; rotation as the camera noted it. */
export async function bitmapOf(file: Blob, name: string): Promise<Bitmap> {
  if (file.size === 0)
    throw new PictureError(`${name} is empty (0 bytes); allowed: an image file, ${ALLOWED}; copy it again.`);
  if (file.size > MAX_PICTURE_BYTES)
    throw new PictureError(
      `${name} has ${number(file.size / 1e6, 1)} MB; allowed: at most ${MAX_PICTURE_BYTES / 1e6} MB; make the picture smaller.`,
    );
  const size = sizeOf(new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer()));
  if (!size || size.width < 1 || size.height < 1)
    throw new PictureError(
      `${name} is not an image that can be read, or has no pixels; allowed: ${ALLOWED}; save it as PNG and try again.`,
    );
  const { width, height } = size;
  if (width * height > MAX_PICTURE_PIXELS)
    throw new PictureError(
      `${name} is ${width} × ${height} = ${number((width * height) / 1e6, 1)} megapixels; allowed: at most ${MAX_PICTURE_PIXELS / 1e6} megapixels; make the picture smaller.`,
    );
  const shrink = Math.min(1, WORK_PX / Math.max(width, height));
  let image: ImageBitmap;
  try {
    image = await createImageBitmap(file, {
      colorSpaceConversion: "none",
      premultiplyAlpha: "none",
      ...(shrink < 1 && {
        resizeWidth: Math.max(1, Math.round(width * shrink)),
        resizeHeight: Math.max(1, Math.round(height * shrink)),
        resizeQuality: "high",
      }),
    });
  } catch {
    throw new PictureError(`${name} is damaged or cut off; export or copy it again.`);
  }
  const found = pixelsOf(image, image.width, image.height);
  image.close();
  return shrink < 1 ? { width: found.width, height: found.height, data: found.data, file: size } : found;
}

export function pixelsOf(source: CanvasImageSource, width: number, height: number): Bitmap {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new PictureError("This browser gives no canvas to read pictures with; use another one.");
  context.drawImage(source, 0, 0);
  return context.getImageData(0, 0, width, height);
}

/** The picture as a lossless PNG, for a host that looks at it too. */
export async function pngOf({ width, height, data }: Bitmap): Promise<Uint8Array> {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d")?.putImageData(new ImageData(new Uint8ClampedArray(data), width, height), 0, 0);
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/png"));
  return new Uint8Array(blob ? await blob.arrayBuffer() : new ArrayBuffer(0));
}

/** From the header, before a pixel is decoded; null for what is none of the allowed kinds. */
export function sizeOf(bytes: Uint8Array): Size | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    if (starts(bytes, [0x89, 0x50, 0x4e, 0x47])) return { width: view.getUint32(16), height: view.getUint32(20) };
    if (starts(bytes, [0x47, 0x49, 0x46, 0x38]))
      return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
    if (starts(bytes, [0x42, 0x4d]))
      return { width: Math.abs(view.getInt32(18, true)), height: Math.abs(view.getInt32(22, true)) };
    if (starts(bytes, [0xff, 0xd8])) return sizeOfJpeg(view);
    if (starts(bytes, [0x52, 0x49, 0x46, 0x46]) && starts(bytes.subarray(8), [0x57, 0x45, 0x42, 0x50]))
      return sizeOfWebp(view);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // it ends before its size
  }
  return null;
}

function starts(bytes: Uint8Array, wanted: readonly number[]): boolean {
  return wanted.every((byte, i) => bytes[i] === byte);
}

/** In the first frame header; the segments before it say how long they are. */
function sizeOfJpeg(view: DataView): Size | null {
  for (let at = 2; ; ) {
    const marker = view.getUint16(at);
    if (marker < 0xff01) return null;
    const isFrame = marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker);
    if (isFrame) return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    if (marker === 0xffff)
      at++; // a fill byte
    else at += 2 + view.getUint16(at + 2);
  }
}

function sizeOfWebp(view: DataView): Size | null {
  const three = (at: number): number => view.getUint16(at, true) + view.getUint8(at + 2) * 65536;
  switch (view.getUint32(12)) {
    case 0x56503820: // “VP8 ”
      return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
    case 0x5650384c: {
      // “VP8L”
      const bits = view.getUint32(21, true);
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case 0x56503858: // “VP8X”
      return { width: three(24) + 1, height: three(27) + 1 };
  }
  return null;
}

/** Why there is no picture from the camera, and what to do. */
export function cameraWords(error: unknown): string {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError")
    return "The browser does not allow the camera here; allow it beside the page's address and try again.";
  if (name === "NotFoundError" || name === "OverconstrainedError")
    return "No camera was found; connect one, or paste a picture instead.";
  if (name === "NotReadableError") return "The camera is in use by another program; close that and try again.";
  return "This page cannot ask for a camera (it must come from https or from this machine); paste a picture instead.";
}
