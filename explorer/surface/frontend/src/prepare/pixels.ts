/** How do pixels become planes of grey levels, and planes what the model is fed? */

import { type ImageShape, ONE_TONE, SHEET, WORK_PX } from "../wire/schema";
import { extentOf, fitted, type Mask, mapped, type Plane, plane, resample, roundEven } from "./plane";
import type { Bitmap } from "./records";

export interface Flat {
  /** One where the picture has no colour, else red, green, blue. */
  readonly planes: readonly Plane[];
  readonly isMixed: boolean;
  readonly behind: number;
}

export function flattened(bitmap: Bitmap): Flat {
  const { width, height, data } = bitmap,
    plain = plainGrey(bitmap);
  if (plain) return { planes: [plain], isMixed: false, behind: 255 };
  let isMixed = false,
    isGrey = true;
  for (let at = 0; at < data.length; at += 4) {
    if (data[at + 3] < 255) isMixed = true;
    if (data[at] !== data[at + 1] || data[at] !== data[at + 2]) isGrey = false;
  }
  const behind = isMixed ? groundBehind(data) : 255;
  const planes = (isGrey ? [0] : [0, 1, 2]).map((c) => {
    const out = plane(height, width),
      { v } = out;
    for (let i = 0, at = c; i < v.length; i++, at += 4) v[i] = data[at];
    if (isMixed) for (let i = 0, at = c; i < v.length; i++, at += 4) v[i] = mixed(data[at], data[at - c + 3], behind);
    return out;
  });
  return { planes, isMixed, behind };
}

/** The grey levels of a picture that is opaque and without colour, as the pad's are; null for others. */
function plainGrey({ width, height, data }: Bitmap): Plane | null {
  const out = plane(height, width),
    { v } = out;
  for (let i = 0, at = 0; i < v.length; i++, at += 4) {
    const level = data[at];
    if (data[at + 1] !== level || data[at + 2] !== level || data[at + 3] !== 255) return null;
    v[i] = level;
  }
  return out;
}

/** trainer/datasets/pictures.py, `ground_behind`, of a picture that is transparent in parts: 0 or 255, so that nothing of what is visible is lost. */
function groundBehind(data: Uint8ClampedArray): number {
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

export function luminance(planes: readonly Plane[]): Plane {
  if (planes.length < 3) return planes[0];
  const [{ h, w, v: red }, { v: green }, { v: blue }] = planes;
  return plane(
    h,
    w,
    mapped(red, (value, i) => luma(value, green[i], blue[i])),
  );
}

export function greyOf(planes: readonly Plane[], off: ReadonlySet<string>): Plane {
  return off.has("grey") ? planes[0] : luminance(planes);
}

export function inChannels(planes: readonly Plane[], channels: number): Plane[] {
  return channels <= 2 ? [luminance(planes)] : [planes[0], planes[1] ?? planes[0], planes[2] ?? planes[0]];
}

/** Not larger than needed. */
export function work(grey: Plane): Plane {
  return resample(grey, ...fitted(grey.h, grey.w, WORK_PX), "box", true);
}

export function crop(values: Plane, mask: Mask): Plane | null {
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
export function middle(values: Plane, aspect: number): Plane {
  const width = Math.min(values.w, Math.max(1, roundEven(values.h * aspect)));
  const height = Math.min(values.h, Math.max(1, roundEven(width / aspect)));
  return part(values, Math.floor((values.h - height) / 2), Math.floor((values.w - width) / 2), height, width);
}

export function toBytes({ h, w, v }: Plane): Plane {
  const out = plane(h, w);
  for (let i = 0; i < v.length; i++) out.v[i] = roundEven((v[i] < 0 ? 0 : Math.min(v[i], 1)) * 255);
  return out;
}

/** A still picture for a model of several frames is the same in each. */
export function toX(planes: readonly Plane[], [channels, height, width]: ImageShape): Float32Array {
  const x = new Float32Array(channels * height * width);
  for (let c = 0, to = 0; c < channels; c++) {
    const { v } = planes[Math.min(c, planes.length - 1)];
    for (let i = 0; i < height * width; i++) x[to++] = v[i] / 255;
  }
  return x;
}
