/**
 * How does any picture become what the model was trained on? explorer/pictures/preprocess.py in the browser: the same steps, the same numbers.
 *
 * A picture is RGBA bytes; x (C, H, W) in [0, 1].
 */

import {
  CANVAS,
  FAINT,
  type ImageShape,
  MIDDLE_GREY,
  ONE_TONE,
  type PictureProtocol,
  SHEET,
  SHOWN_PX,
  WORK_PX,
} from "../wire/schema";
import { blank, type Found, findInk } from "./ink";
import {
  chosen,
  extentOf,
  fitted,
  isAny,
  type Mask,
  mapped,
  maskOf,
  median,
  type Plane,
  plane,
  resample,
  resize,
  roundEven,
} from "./plane";

export interface Bitmap {
  readonly width: number;
  readonly height: number;
  /** RGBA. */
  readonly data: Uint8ClampedArray;
}

/** One step that a person can look at; values in 0..255, one plane or three. */
export interface Step {
  readonly title: string;
  readonly sentence: string;
  /** Made when somebody looks. */
  planes(): readonly Plane[];
}

export interface Prepared {
  readonly x: Float32Array;
  readonly steps: readonly Step[];
}

const MODEL_INPUT = "Model input";

/** off: names of the switches that are left out. Throws a PictureError for a picture that cannot be used. */
export function prepare(
  bitmap: Bitmap,
  shape: ImageShape,
  protocol: PictureProtocol,
  off: ReadonlySet<string>,
): Prepared {
  const [, height, width] = shape;
  const flat = flattened(bitmap);
  const isOwnSize = bitmap.width === width && bitmap.height === height;
  const [steps, why] = taken(flat, isOwnSize, shape, protocol, off);
  const behind = flat.isMixed ? `, on ${flat.behind === 0 ? "black" : "white"} where it is transparent` : "";
  const first: Step = {
    title: "Your picture",
    sentence: `${bitmap.width} × ${bitmap.height} pixels${behind}.${why}`,
    planes: () => flat.planes,
  };
  return { x: toX(steps[steps.length - 1].planes(), shape), steps: [first, ...steps] };
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
  return " It has the model's own size, but a light ground, where the data set's is dark: it was prepared as a drawing.";
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
    ` Its ground is ${isLight ? "light" : "dark"} and that of the data set's images ${ground}, so it was inverted.`,
  ];
}

function asItIs(planes: readonly Plane[], channels: number, { way }: PictureProtocol, isInverted: boolean): Step {
  const fed = inChannels(planes, channels),
    hasInk = way !== "photograph";
  if (hasInk && fed[0].v.every((value) => value === fed[0].v[0])) throw blank("every pixel is the same");
  const ground = hasInk && !isOnLight(planes) ? ", and a dark ground like the images of the data set" : "";
  const words = `It has the model's own size, ${fed[0].w} × ${fed[0].h}${ground}, so nothing ${isInverted ? "else " : ""}was changed.`;
  return { title: MODEL_INPUT, sentence: words, planes: () => fed };
}

/** The middle of a picture, or all of it padded or squeezed, as the data set's own pictures were made. */
function photograph(
  planes: readonly Plane[],
  [channels, height, width]: ImageShape,
  { fit }: PictureProtocol,
  off: ReadonlySet<string>,
): Step[] {
  const size = `${width} × ${height}`,
    kind = channels <= 2 ? "grey" : "colour",
    { w, h } = planes[0];
  if (fit === "pad" && height === width && !off.has("crop")) {
    const shown = Math.min(SHOWN_PX, Math.max(w, h)),
      fed = inChannels(
        planes.map((one) => padded(one, width)),
        channels,
      );
    const how = w === h ? "Resized to" : "Padded to a square,";
    const words = "The whole picture on a square, as the data set's: its edge goes on around it.";
    return [
      { title: "Padded", sentence: words, planes: () => planes.map((one) => padded(one, shown)) },
      { title: MODEL_INPUT, sentence: `${how} ${size}, in ${kind}.`, planes: () => fed },
    ];
  }
  const isWhole = fit === "stretch" || off.has("crop");
  const cut = isWhole ? planes : planes.map((one) => middle(one, width / height));
  const fed = inChannels(
    cut.map((one) => resample(one, height, width, filterFor(one, height, width), true)),
    channels,
  );
  const isCut = cut[0].w !== w || cut[0].h !== h;
  const how = isCut ? "Middle cut out," : w * height === h * width || !isWhole ? "Resized to" : "Squeezed to";
  return [
    isWhole
      ? {
          title: "Whole",
          sentence: "Not cut: it is squeezed into the aspect of the model's images.",
          planes: () => cut,
        }
      : {
          title: "Middle",
          sentence: `Cut to the middle, ${cut[0].w} × ${cut[0].h}: the model's images have that aspect.`,
          planes: () => cut,
        },
    { title: MODEL_INPUT, sentence: `${how} ${size}, in ${kind}.`, planes: () => fed },
  ];
}

/** As trainer.datasets.pictures.fitted pads: on the median of the outermost pixels. */
function padded(one: Plane, size: number): Plane {
  const longer = Math.max(one.w, one.h),
    inner = (side: number): number => Math.max(1, roundEven((size * side) / longer));
  const width = inner(one.w),
    height = inner(one.h),
    left = Math.floor((size - width) / 2),
    top = Math.floor((size - height) / 2);
  const small = resample(one, height, width, filterFor(one, height, width), true);
  const out = plane(size, size, new Float64Array(size * size).fill(edgeTone(one)));
  for (let y = 0; y < height; y++) out.v.set(small.v.subarray(y * width, (y + 1) * width), (top + y) * size + left);
  return out;
}

function edgeTone({ h, w, v }: Plane): number {
  const edge = new Float64Array(2 * (w + h));
  edge.set(v.subarray(0, w), 0);
  edge.set(v.subarray((h - 1) * w, h * w), w);
  for (let y = 0; y < h; y++) edge.set([v[y * w], v[y * w + w - 1]], 2 * (w + y));
  return Math.floor(median(edge));
}

/** Repeats pixels when enlarging; the sharpest when making smaller. */
function filterFor(one: Plane, height: number, width: number): "lanczos" | "box" {
  return one.w >= width && one.h >= height ? "lanczos" : "box";
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
        maskOf(ink.h, ink.w, (i) => found.extent.v[i] === 1 && ink.v[i] > 0),
      );
  if (!cut || cut.v.every((value) => value === 0)) throw blank("nothing of it is lighter than the darkest grey");
  const room: readonly [number, number] = off.has("box") || !protocol.box ? [1, 1] : protocol.box;
  const asDrawn = resize(cut, ...boxFor(cut, room, height, width));
  const stroke = strokeWidth(asDrawn) / CANVAS;
  const isThin = stroke < protocol.thin * height && !off.has("thicken");
  const thick = isThin ? thicken(asDrawn, ((protocol.usual * height - stroke) / 2) * CANVAS) : null;
  const drawn = thick ? resize(thick, ...boxFor(thick, room, height, width)) : asDrawn;
  const byMass = protocol.by_mass && !off.has("mass");
  const frame = resize(place(drawn, height * CANVAS, width * CANVAS, byMass), height, width);
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

// ---- size, stroke, place ----------------------------------------------------------------------------------------------------

function boxFor({ h, w }: Plane, room: readonly [number, number], height: number, width: number): [number, number] {
  const scale = CANVAS * Math.min((room[0] * height) / h, (room[1] * width) / w);
  return [Math.max(1, roundEven(h * scale)), Math.max(1, roundEven(w * scale))];
}

/** 2 · area / outline, the outline being π/4 · its crossings with rows and columns (Crofton). */
function strokeWidth({ h, w, v }: Plane): number {
  const is = (y: number, x: number): boolean => y >= 0 && x >= 0 && y < h && x < w && v[y * w + x] > 0.5;
  let area = 0,
    crossings = 0;
  for (let y = -1; y < h; y++) {
    for (let x = -1; x < w; x++) {
      const here = is(y, x);
      if (here) area++;
      if (x >= 0 && here !== is(y + 1, x)) crossings++;
      if (y >= 0 && here !== is(y, x + 1)) crossings++;
    }
  }
  return (2 * area) / Math.max(1, (Math.PI / 4) * crossings);
}

/** Every stroke grows by `radius` pixels on each side; the picture grows with it. */
function thicken({ h, w, v }: Plane, radius: number): Plane {
  const reach = Math.ceil(radius);
  const out = plane(h + 2 * reach, w + 2 * reach);
  for (let dy = -reach; dy <= reach; dy++) {
    for (let dx = -reach; dx <= reach; dx++) {
      const weight = Math.min(1, radius + 0.5 - Math.hypot(dx, dy)); // the disc's own edge is smooth too
      if (weight <= 0) continue;
      for (let y = 0; y < h; y++) {
        for (let x = 0, from = y * w, to = (y + reach - dy) * out.w + reach - dx; x < w; x++, from++, to++) {
          const value = weight * v[from];
          if (value > out.v[to]) out.v[to] = value;
        }
      }
    }
  }
  return out;
}

/** Into the empty frame, all of the ink inside. By mass: on the canvas, by whole model pixels, as in MNIST. */
function place({ h, w, v }: Plane, height: number, width: number, byMass: boolean): Plane {
  let top = (height - h) / 2,
    left = (width - w) / 2;
  if (byMass) {
    let mass = 0,
      down = 0,
      across = 0;
    for (let y = 0, i = 0; y < h; y++) {
      for (let x = 0; x < w; x++, i++) {
        mass += v[i];
        down += v[i] * (y + 0.5);
        across += v[i] * (x + 0.5);
      }
    }
    [top, left] = [height / 2 - down / mass, width / 2 - across / mass].map(
      (offset) => Math.ceil(offset / CANVAS) * CANVAS,
    );
  }
  const row = Math.min(height - h, Math.max(0, Math.floor(top))),
    column = Math.min(width - w, Math.max(0, Math.floor(left)));
  const frame = plane(height, width);
  for (let y = 0; y < h; y++) frame.v.set(v.subarray(y * w, (y + 1) * w), (row + y) * width + column);
  return frame;
}

// ---- pixels -----------------------------------------------------------------------------------------------------------------

interface Flat {
  /** One where the picture has no colour, else red, green, blue. */
  readonly planes: readonly Plane[];
  readonly isMixed: boolean;
  readonly behind: number;
}

function flattened({ width, height, data }: Bitmap): Flat {
  const planes = [0, 1, 2].map(() => plane(height, width));
  const behind = groundBehind(data);
  let isMixed = false,
    isGrey = true;
  for (let i = 0, at = 0; i < width * height; i++, at += 4) {
    const alpha = data[at + 3];
    for (let c = 0; c < 3; c++) planes[c].v[i] = alpha === 255 ? data[at + c] : mixed(data[at + c], alpha, behind);
    isMixed ||= alpha < 255;
    isGrey &&= data[at] === data[at + 1] && data[at] === data[at + 2];
  }
  return { planes: isGrey ? planes.slice(0, 1) : planes, isMixed, behind };
}

/** trainer/datasets/pictures.py, `ground_behind`: 0 or 255, so that nothing of what is visible is lost. */
function groundBehind(data: Uint8ClampedArray): number {
  if (data.every((value, at) => at % 4 < 3 || value === 255)) return 255;
  const shown = new Float64Array(256);
  let total = 0;
  for (let at = 0; at < data.length; at += 4) {
    shown[luma(data[at], data[at + 1], data[at + 2])] += data[at + 3];
    total += data[at + 3];
  }
  if (total === 0) return 255;
  const mean = shown.reduce((sum, weight, level) => sum + weight * level, 0) / total;
  const spread = Math.sqrt(shown.reduce((sum, weight, level) => sum + weight * (level - mean) ** 2, 0) / total);
  const hasGround = total >= SHEET * 255 * (data.length / 4) && spread >= ONE_TONE;
  return mean > 127.5 === hasGround ? 255 : 0;
}

/** Pillow's alpha_composite over an opaque grey level, in its integers. */
function mixed(value: number, alpha: number, behind: number): number {
  const sum = value * alpha * 128 + behind * (32640 - alpha * 128) + (0x80 << 7);
  return ((sum >> 8) + sum) >> 15;
}

/** Luminance as Pillow counts it. */
function luma(red: number, green: number, blue: number): number {
  return Math.floor((red * 19595 + green * 38470 + blue * 7471 + 0x8000) / 65536);
}

function luminance(planes: readonly Plane[]): Plane {
  if (planes.length < 3) return planes[0];
  const [{ h, w, v: red }, { v: green }, { v: blue }] = planes;
  return plane(
    h,
    w,
    mapped(red, (value, i) => luma(value, green[i], blue[i])),
  );
}

function greyOf(planes: readonly Plane[], off: ReadonlySet<string>): Plane {
  return off.has("grey") ? planes[0] : luminance(planes);
}

function inChannels(planes: readonly Plane[], channels: number): Plane[] {
  return channels <= 2 ? [luminance(planes)] : [planes[0], planes[1] ?? planes[0], planes[2] ?? planes[0]];
}

/** Not larger than needed. */
function work(grey: Plane): Plane {
  return resample(grey, ...fitted(grey.h, grey.w, WORK_PX), "box", true);
}

function crop(values: Plane, mask: Mask): Plane | null {
  const extent = extentOf(mask);
  return (
    extent && part(values, extent.top, extent.left, extent.bottom - extent.top + 1, extent.right - extent.left + 1)
  );
}

function part({ w, v }: Plane, top: number, left: number, height: number, width: number): Plane {
  const out = plane(height, width);
  for (let y = 0; y < height; y++) out.v.set(v.subarray((top + y) * w + left, (top + y) * w + left + width), y * width);
  return out;
}

/** The largest part of that aspect (width over height) around the middle. */
function middle(values: Plane, aspect: number): Plane {
  const width = Math.min(values.w, Math.max(1, roundEven(values.h * aspect)));
  const height = Math.min(values.h, Math.max(1, roundEven(width / aspect)));
  return part(values, Math.floor((values.h - height) / 2), Math.floor((values.w - width) / 2), height, width);
}

function toBytes({ h, w, v }: Plane): Plane {
  const out = plane(h, w);
  for (let i = 0; i < v.length; i++) out.v[i] = roundEven((v[i] < 0 ? 0 : Math.min(v[i], 1)) * 255);
  return out;
}

/** A still picture for a model of several frames is the same in each. */
function toX(planes: readonly Plane[], [channels, height, width]: ImageShape): Float32Array {
  const x = new Float32Array(channels * height * width);
  for (let c = 0; c < channels; c++)
    x.set(
      planes[Math.min(c, planes.length - 1)].v.map((value) => value / 255),
      c * height * width,
    );
  return x;
}
