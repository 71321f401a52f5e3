/** Where is the ink on this picture? explorer/pictures/ink.py in the browser: the same steps, the same numbers. */

import {
  FAINT,
  LONG_CONTACT,
  MIN_CONTRAST,
  MIN_CONTRAST_GRAINS,
  NO_PAPER,
  PIECES_PX,
  SAME_VALUE,
  SPECK,
} from "../wire/schema";
import { floats } from "./memory";
import {
  blur,
  chosen,
  dilate,
  extentOf,
  fitted,
  isAny,
  type Mask,
  mapped,
  maskOf,
  type Plane,
  percentile,
  piecesOf,
  plane,
  resize,
  roundEven,
  toPlane,
} from "./plane";
import { paperOf } from "./surface-fit";

const ALLOWED = "allowed: one drawing or object that stands out from an even background";

/** A picture that cannot be used; the message is one sentence for the person. */
export class PictureError extends Error {
  override readonly name = "PictureError";
}

export function blank(found: string): PictureError {
  return new PictureError(
    `The picture looks blank (${found}); ${ALLOWED}; draw with a darker pen or take a nearer picture.`,
  );
}

/** For a picture full of noise or texture, which is everything but blank. */
function uneven(found: string): PictureError {
  return new PictureError(
    `Nothing stands out from the grain of this picture (${found}); ${ALLOWED}; take it in more light or cut it to the drawing.`,
  );
}

/** ink (h, w) in [0, 1] · extent: where there is any · greys: the same without stretching · sentence: what was removed. */
export interface Found {
  readonly ink: Plane;
  readonly extent: Mask;
  greys(): Plane;
  readonly sentence: string;
}

export function findInk(grey: Plane): Found {
  const { h, w } = grey,
    n = h * w;
  const { level, grain } = paperOf(grey);
  const signal = floats(n);
  let sum = 0;
  for (let i = 0; i < n; i++) sum += signal[i] = grey.v[i] - level.v[i];
  const isDarkOnLight = sum < 0; // the paper is fitted, so only ink is on one side
  if (isDarkOnLight) for (let i = 0; i < n; i++) signal[i] = -signal[i];
  const smooth = blur(plane(h, w, signal), Math.max(h, w) / 200);
  const least = Math.max(MIN_CONTRAST, MIN_CONTRAST_GRAINS * grain);
  const strokes = strokesOf(signal, smooth, least);
  const full = fullOf(signal, strokes),
    low = 3 * grain;
  if (full < least || grain > NO_PAPER) {
    const differ = `ink and paper differ by ${roundEven(Math.max(full, 0))} of 255 grey levels, the paper's grain is ${roundEven(grain)}`;
    throw grain <= NO_PAPER ? blank(differ) : uneven(differ);
  }
  const near = dilate(strokes, Math.max(2, roundEven(longerSide(strokes) / 20))).v;
  const ink = floats(n),
    extent = new Uint8Array(n);
  for (let i = 0; i < n; i++) {
    if (near[i] === 0) continue;
    ink[i] = clipped((signal[i] - low) / (full - low));
    if (ink[i] > FAINT && smooth.v[i] > low + FAINT * (full - low)) extent[i] = 1;
  }
  const greys = (): Plane => {
    const room = (i: number): number => Math.max((isDarkOnLight ? level.v[i] : 255 - level.v[i]) - low, 1);
    return plane(
      h,
      w,
      mapped(signal, (value, i) => clipped((value - low) / room(i)) * near[i]),
    );
  };
  return {
    ink: plane(h, w, ink),
    extent: { h, w, v: extent },
    greys,
    sentence: toldPaper(isDarkOnLight, level.v, full),
  };
}

function clipped(value: number): number {
  return value < 0 ? 0 : Math.min(value, 1);
}

function fullOf(signal: Float64Array, { v }: Mask): number {
  const strong = chosen(signal, v);
  return strong.length ? percentile(strong, 75) : 0;
}

function longerSide(mask: Mask): number {
  const extent = extentOf(mask);
  return extent ? Math.max(extent.bottom - extent.top, extent.right - extent.left) + 1 : 0;
}

function rangeOf(values: Float64Array): [low: number, high: number] {
  let low = Infinity,
    high = -Infinity;
  for (let k = 0; k < values.length; k++) {
    const value = values[k];
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

/** The threshold that leaves the least variance within the two classes, ink and paper (Otsu 1979). */
function otsu(values: Float64Array): number {
  let [low, high] = rangeOf(values);
  if (high - low <= SAME_VALUE * Math.max(1, Math.abs(high))) [low, high] = [low - 0.5, high + 0.5]; // rounding leaves no room for the bins
  const n = 256,
    step = (high - low) / n,
    edges = new Float64Array(n + 1);
  for (let i = 0; i < n; i++) edges[i] = i * step + low;
  edges[n] = high;
  const counts = new Float64Array(n),
    second = edges[1];
  for (let k = 0; k < values.length; k++) {
    const value = values[k];
    if (value < second) {
      counts[0]++; // most of a drawing is paper
      continue;
    }
    let i = Math.min(n - 1, Math.trunc(((value - low) / (high - low)) * n));
    if (value < edges[i]) i--;
    else if (value >= edges[i + 1] && i !== n - 1) i++;
    counts[i]++;
  }
  const below = new Float64Array(n),
    total = new Float64Array(n);
  let count = 0,
    sum = 0;
  for (let i = 0; i < n; i++) {
    below[i] = count += counts[i];
    total[i] = sum += (counts[i] * (edges[i] + edges[i + 1])) / 2;
  }
  let best = 0,
    most = -Infinity;
  for (let i = 0; i < n; i++) {
    const above = count - below[i];
    const between = below[i] * above * (total[i] / below[i] - (sum - total[i]) / above) ** 2;
    const score = Number.isFinite(between) ? between : -1;
    if (score > most) [best, most] = [i, score];
  }
  return edges[1 + best];
}

interface Parted {
  readonly strokes: Mask;
  readonly alongBorder: Mask;
}

/** The ink: what is above Otsu's threshold, or above a second one without the strong shapes along the border. */
function strokesOf(signal: Float64Array, { h, w, v: smooth }: Plane, least: number): Mask {
  const threshold = otsu(smooth),
    isInk = new Uint8Array(h * w);
  for (let i = 0; i < isInk.length; i++) if (smooth[i] > threshold) isInk[i] = 1;
  const parted = part({ h, w, v: isInk });
  if (!isAny(parted.alongBorder)) return parted.strokes;
  const border = dilate(parted.alongBorder, Math.max(2, roundEven(Math.max(h, w) / 28))).v;
  const elsewhere = chosen(smooth, border, 0);
  let again = parted;
  if (elsewhere.length > 0) {
    const second = otsu(elsewhere);
    again = part(maskOf(h, w, (i) => smooth[i] > second && border[i] === 0));
  }
  if (fullOf(signal, again.strokes) >= least) return again.strokes;
  return maskOf(h, w, (i) => parted.strokes.v[i] + parted.alongBorder.v[i] > 0);
}

/** Takes the ink apart into connected pieces and sorts them. */
function part(isInk: Mask): Parted {
  const { h, w } = isInk;
  const [rows, columns] = fitted(h, w, PIECES_PX),
    isSmall = rows === h && columns === w;
  const { names, areas } = piecesOf(isSmall ? isInk : shrunkTo(isInk, rows, columns));
  const contact = areas.map(() => 0);
  for (const row of [0, rows - 1]) for (let x = 0; x < columns; x++) contact[names[row * columns + x]]++;
  for (const column of [0, columns - 1]) for (let y = 1; y < rows - 1; y++) contact[names[y * columns + column]]++;
  const isAlong = contact.map((n) => n > (LONG_CONTACT * (rows + columns)) / 2);
  const largest = areas.reduce((found, area, name) => (name === 0 || isAlong[name] ? found : Math.max(found, area)), 0);
  const nothing: Mask = { h, w, v: new Uint8Array(h * w) };
  const drawnFrom = (is: (name: number) => boolean): Mask => {
    const own = areas.map((_, name) => (name > 0 && is(name) ? 1 : 0));
    if (isSmall && own.indexOf(0, 1) < 0) return isInk; // as in nearly every drawing
    const drawn = maskOf(rows, columns, (i) => own[names[i]] === 1);
    if (isSmall) return drawn;
    const wide = resize(toPlane(drawn), h, w).v;
    return maskOf(h, w, (i) => isInk.v[i] === 1 && wide[i] > 0);
  };
  return {
    strokes: drawnFrom((name) => !isAlong[name] && areas[name] >= SPECK * largest),
    alongBorder: isAlong.some((is, name) => is && name > 0) ? drawnFrom((name) => isAlong[name]) : nothing,
  };
}

function shrunkTo(mask: Mask, rows: number, columns: number): Mask {
  const { v } = resize(toPlane(mask), rows, columns);
  return maskOf(rows, columns, (i) => v[i] > 0.2);
}

function toldPaper(isDarkOnLight: boolean, level: Float64Array, contrast: number): string {
  const [low, high] = rangeOf(level);
  let sum = 0;
  for (let i = 0; i < level.length; i++) sum += level[i];
  const range = high - low > 8 ? `, ${roundEven(low)} to ${roundEven(high)}` : "";
  const words = `grey level ${roundEven(sum / level.length)}${range}`;
  if (isDarkOnLight)
    return `The light background (${words}) was removed and the rest inverted: the data set is light on dark.`;
  return `The dark background (${words}) was removed; what is light on it stands out by ${roundEven(contrast)} grey levels.`;
}
