/**
 * How does any picture become what the model was trained on? explorer/pictures/preprocess.py in the browser: the same steps, the same numbers.
 *
 * A picture is RGBA bytes; x (C, H, W) in [0, 1].
 */

import { CANVAS, FAINT, type ImageShape, MIDDLE_GREY, type PictureProtocol } from "../wire/schema";
import { boxFor, place, placeSmall, strokeWidth, thicken } from "./frame";
import { blank, type Found, findInk } from "./ink";
import { Memory } from "./memory";
import { photograph } from "./photograph";
import { crop, type Flat, flattened, greyOf, inChannels, luminance, toBytes, toX, work } from "./pixels";
import { chosen, isAny, mapped, maskOf, median, type Plane, plane, resize, roundEven } from "./plane";
import { type Bitmap, MODEL_INPUT, type Prepared, type Step } from "./records";

/** off: names of the switches that are left out; memory: of a picture whose steps nobody looks at any more. Throws a PictureError for a picture that cannot be used. */
export function prepare(
  bitmap: Bitmap,
  shape: ImageShape,
  protocol: PictureProtocol,
  off: ReadonlySet<string>,
  memory = new Memory(),
): Prepared {
  return memory.during(() => prepared(bitmap, shape, protocol, off));
}

function prepared(bitmap: Bitmap, shape: ImageShape, protocol: PictureProtocol, off: ReadonlySet<string>): Prepared {
  const [, height, width] = shape;
  const flat = flattened(bitmap);
  const isOwnSize = bitmap.width === width && bitmap.height === height;
  const [steps, why] = taken(flat, isOwnSize, shape, protocol, off);
  const behind = flat.isMixed ? `, on ${flat.behind === 0 ? "black" : "white"} where it is transparent` : "";
  const first: Step = {
    title: "Your picture",
    sentence: `${sizeWords(bitmap)}${behind}.${why}`,
    planes: () => flat.planes,
  };
  return { x: toX(steps[steps.length - 1].planes(), shape), steps: [first, ...steps] };
}

/** As the file has it; a large photograph was reduced before anything else. */
function sizeWords({ width, height, file }: Bitmap): string {
  const own = `${width} × ${height}`;
  return file ? `${file.width} × ${file.height} pixels, opened at ${own}` : `${own} pixels`;
}

/** The steps of the way that the data set asks for, and what is to be said of them first. */
function taken(
  { planes, isMixed }: Flat,
  isOwnSize: boolean,
  shape: ImageShape,
  protocol: PictureProtocol,
  off: ReadonlySet<string>,
): [steps: Step[], why: string] {
  if (protocol.way === "photograph") {
    const [turned, why] = turnedTo(protocol.ground, planes, off);
    return [
      isOwnSize ? [asItIs(turned, shape[0], protocol, why !== "")] : photograph(turned, shape, protocol, off),
      why,
    ];
  }
  if (isOwnSize && !off.has("own") && (off.has("paper") || !(isMixed || isOnLight(planes))))
    return [[asItIs(planes, shape[0], protocol, false)], ""];
  return [
    protocol.way === "handwriting"
      ? handwriting(planes, shape, protocol, off)
      : objectWay(planes, shape, protocol, off),
    toldOwnSize(isOwnSize, isMixed, off),
  ];
}

/** Why a picture of the model's own size was not fed as it is; nothing for other sizes. */
function toldOwnSize(isOwnSize: boolean, isMixed: boolean, off: ReadonlySet<string>): string {
  if (!isOwnSize) return "";
  if (off.has("own")) return " It has the model's own size and was prepared like any other.";
  if (isMixed) return " It has the model's own size, but is transparent in parts: it was prepared as a drawing.";
  return " It has the model's own size, but a light background, where the data set's is dark: it was prepared as a drawing.";
}

// ---- the ways -------------------------------------------------------------------------------------------------------------

/** Dark things on a light ground: the border is light, and the rest darker. */
function isOnLight(planes: readonly Plane[]): boolean {
  const grey = luminance(planes),
    border = borderLevel(grey);
  let sum = 0;
  for (const value of grey.v) sum += value;
  return border > MIDDLE_GREY && border > sum / grey.v.length;
}

/** Median of the outermost rows and columns. */
function borderLevel({ h, w, v }: Plane): number {
  const border = new Uint8Array(h * w);
  for (let y = 0, i = 0; y < h; y++)
    for (let x = 0; x < w; x++, i++) if (y === 0 || x === 0 || y === h - 1 || x === w - 1) border[i] = 1;
  return median(chosen(v, border));
}

/** The picture inverted where its ground is the opposite of the data set's, and the sentence that says so. */
function turnedTo(
  ground: PictureProtocol["ground"],
  planes: readonly Plane[],
  off: ReadonlySet<string>,
): [planes: readonly Plane[], why: string] {
  if (!ground || off.has("paper")) return [planes, ""];
  const grey = luminance(planes),
    isLight = borderLevel(grey) > MIDDLE_GREY;
  if (isLight === (ground === "light")) return [planes, ""];
  const inverted = plane(
    grey.h,
    grey.w,
    mapped(grey.v, (value) => 255 - value),
  );
  return [
    [inverted],
    ` Its background is ${isLight ? "light" : "dark"} and that of the data set's images ${ground}, so it was inverted.`,
  ];
}

function asItIs(planes: readonly Plane[], channels: number, { way }: PictureProtocol, isInverted: boolean): Step {
  const fed = inChannels(planes, channels),
    hasInk = way !== "photograph";
  if (hasInk && fed[0].v.every((value) => value === fed[0].v[0])) throw blank("every pixel is the same");
  const ground = hasInk && !isOnLight(planes) ? ", and a dark background like the images of the data set" : "";
  const words = `It has the model's own size, ${fed[0].w} × ${fed[0].h}${ground}, so nothing ${isInverted ? "else " : ""}was changed.`;
  return { title: MODEL_INPUT, sentence: words, planes: () => fed };
}

function handwriting(
  planes: readonly Plane[],
  [, height, width]: ImageShape,
  protocol: PictureProtocol,
  off: ReadonlySet<string>,
): Step[] {
  const grey = greyOf(planes, off),
    found = foundIn(work(grey), off);
  const ink = protocol.is_bitmap
    ? plane(
        found.ink.h,
        found.ink.w,
        mapped(found.ink.v, (value) => (value > 0.5 ? 1 : 0)),
      )
    : found.ink;
  const isWhole = off.has("crop");
  const cut = isWhole
    ? ink
    : crop(
        ink,
        protocol.is_bitmap ? maskOf(ink.h, ink.w, (i) => found.extent.v[i] === 1 && ink.v[i] > 0) : found.extent,
      );
  if (!cut?.v.some((value) => value !== 0)) throw blank("nothing of it is lighter than the darkest grey");
  const room: readonly [number, number] = off.has("box") || !protocol.box ? [1, 1] : protocol.box;
  const asDrawn = resize(cut, ...boxFor(cut, room, height, width));
  const stroke = strokeWidth(asDrawn) / CANVAS;
  const isThin = stroke < protocol.thin * height && !off.has("thicken");
  const thick = isThin ? thicken(asDrawn, ((protocol.usual * height - stroke) / 2) * CANVAS) : null;
  const drawn = thick ? resize(thick, ...boxFor(thick, room, height, width)) : asDrawn;
  const byMass = protocol.by_mass && !off.has("mass");
  const frame = placeSmall(drawn, height, width, byMass);
  const most = frame.v.reduce((found_, value) => Math.max(found_, value), 0);
  const fed = toBytes(
    plane(
      height,
      width,
      mapped(frame.v, (value) => value / most),
    ),
  );
  const size = [drawn.w, drawn.h].map((side) => Number((side / CANVAS).toPrecision(3))).join(" × ");
  const pen = `${isWhole ? "Not cut" : "Cut to the ink"}; the pen is ${stroke.toFixed(1)} pixels of the model wide`;
  const where = byMass ? "its centre of mass" : "the middle of its box";
  return [
    { title: "Grey", sentence: toldGrey(off, "The data set has no colours."), planes: () => [grey] },
    { title: "Ink", sentence: found.sentence, planes: () => [toBytes(ink)] },
    {
      title: isThin ? "Stroke" : "Crop",
      sentence: isThin
        ? `${pen}, thinner than the data set's, and was thickened to ${(protocol.usual * height).toFixed(1)}.`
        : `${pen}.`,
      planes: () => [toBytes(drawn)],
    },
    {
      title: MODEL_INPUT,
      sentence: `Scaled to ${size} of the frame's ${width} × ${height} pixels, ${where} in the middle.`,
      planes: () => [fed],
    },
  ];
}

/** The whole object with its own greys: only what lies outside its box is removed. */
function objectWay(
  planes: readonly Plane[],
  [, height, width]: ImageShape,
  _: PictureProtocol,
  off: ReadonlySet<string>,
): Step[] {
  const grey = greyOf(planes, off),
    found = foundIn(work(grey), off);
  const greys = found.greys(),
    cut = off.has("crop") ? greys : crop(greys, found.extent);
  if (!cut) throw blank("nothing of it is lighter than the darkest grey");
  const scale = Math.min(height / cut.h, width / cut.w);
  const [h, w] = [Math.max(1, roundEven(cut.h * scale)), Math.max(1, roundEven(cut.w * scale))];
  const fed = toBytes(place(resize(cut, h, w), height, width, false));
  return [
    { title: "Grey", sentence: toldGrey(off, "The data set has no colours."), planes: () => [grey] },
    { title: "Object", sentence: found.sentence, planes: () => [toBytes(greys)] },
    { title: "Crop", sentence: off.has("crop") ? "Not cut." : "Cut to the object.", planes: () => [toBytes(cut)] },
    {
      title: MODEL_INPUT,
      sentence: `Scaled to ${w} × ${h} and put in the middle of ${width} × ${height} pixels.`,
      planes: () => [fed],
    },
  ];
}

function foundIn(grey: Plane, off: ReadonlySet<string>): Found {
  if (!off.has("paper")) return findInk(grey);
  const light = plane(
    grey.h,
    grey.w,
    mapped(grey.v, (value) => value / 255),
  );
  const extent = maskOf(grey.h, grey.w, (i) => light.v[i] > FAINT);
  if (!isAny(extent)) throw blank("nothing of it is lighter than the darkest grey");
  return {
    ink: light,
    extent,
    greys: () => light,
    sentence: "Background and polarity were left alone: whatever is light counts as ink.",
  };
}

function toldGrey(off: ReadonlySet<string>, why: string): string {
  return off.has("grey") ? "The red channel alone." : why;
}
