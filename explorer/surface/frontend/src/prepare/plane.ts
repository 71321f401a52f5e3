/**
 * Which operations on grey levels does the preparation of a picture need? As numpy and Pillow do them, number for number.
 *
 * explorer/pictures/ink.py and preprocess.py are the other side; tests/explorer/core/test_browser_twin.py holds both against each other.
 */

import { floats } from "./memory";

/** h × w numbers, row by row. */
export interface Plane {
  readonly h: number;
  readonly w: number;
  readonly v: Float64Array;
}

/** h × w, 0 or 1. */
export interface Mask {
  readonly h: number;
  readonly w: number;
  readonly v: Uint8Array;
}

export function plane(h: number, w: number, v: Float64Array = floats(h * w)): Plane {
  return { h, w, v };
}

/** Faster than the array's own `map`. */
export function mapped(v: Float64Array, of: (value: number, i: number) => number): Float64Array {
  const out = floats(v.length);
  for (let i = 0; i < v.length; i++) out[i] = of(v[i], i);
  return out;
}

/** Half to even, as Python rounds. */
export function roundEven(value: number): number {
  const down = Math.floor(value),
    rest = value - down;
  return rest < 0.5 || (rest === 0.5 && down % 2 === 0) ? down : down + 1;
}

export function fitted(h: number, w: number, longest: number): [h: number, w: number] {
  const scale = Math.min(1, longest / Math.max(h, w));
  return [Math.max(1, roundEven(h * scale)), Math.max(1, roundEven(w * scale))];
}

// ---- Pillow's resampling ------------------------------------------------------------------------------------------------

export type Filter = "box" | "bilinear" | "lanczos";

const SUPPORT: Readonly<Record<Filter, number>> = { box: 0.5, bilinear: 1, lanczos: 3 };

function weight(filter: Filter, x: number): number {
  if (filter === "box") return x > -0.5 && x <= 0.5 ? 1 : 0;
  if (filter === "bilinear") return Math.abs(x) < 1 ? 1 - Math.abs(x) : 0;
  return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}

/** Which pixels make a new one: `count[i]` from `first[i]` on, their factors from `most` · i on. */
interface Taps {
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly most: number;
  readonly factors: Float64Array;
}

/** So many are kept: of a drawing that grows, the sizes of its crop change, all others stay. */
const MOST_TAPS = 64;
const known = new Map<string, Taps>();

/** They follow from the two sizes, and are not computed again for the next picture of the same ones. */
export function tapsOf(from: number, to: number, filter: Filter, isBytes: boolean): Taps {
  const key = `${from} ${to} ${filter} ${isBytes}`;
  const found = known.get(key) ?? computedTaps(from, to, filter, isBytes);
  known.delete(key); // the one that was asked for last stands last
  known.set(key, found);
  const [oldest] = known.keys();
  if (known.size > MOST_TAPS) known.delete(oldest);
  return found;
}

function computedTaps(from: number, to: number, filter: Filter, isBytes: boolean): Taps {
  const scale = from / to,
    stretch = Math.max(1, scale),
    reach = SUPPORT[filter] * stretch;
  const first = new Int32Array(to),
    count = new Int32Array(to),
    most = 2 * Math.ceil(reach) + 1,
    factors = new Float64Array(to * most);
  for (let i = 0; i < to; i++) {
    const center = (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - reach + 0.5)),
      n = Math.min(from, Math.trunc(center + reach + 0.5)) - start;
    first[i] = start;
    count[i] = n;
    let total = 0;
    for (let k = 0; k < n; k++)
      total += factors[i * most + k] = weight(filter, (k + start - center + 0.5) * (1 / stretch));
    for (let k = i * most; k < i * most + n; k++) {
      if (total !== 0) factors[k] /= total;
      if (isBytes) factors[k] = inIntegers(factors[k]);
    }
  }
  return { first, count, most, factors };
}

const PRECISION = 2 ** 22;

function inIntegers(factor: number): number {
  return Math.trunc(factor * PRECISION + (factor < 0 ? -0.5 : 0.5));
}

/** In bytes (rounded between the two passes) or in 32-bit floats, as Pillow does for mode L and mode F. */
export function resample(values: Plane, height: number, width: number, filter: Filter, isBytes: boolean): Plane {
  const { h, w } = values;
  if (width === w && height === h) return values;
  let { v } = inSingle(values);
  if (width !== w) v = alongRows(v, h, w, width, tapsOf(w, width, filter, isBytes), isBytes);
  if (height !== h) v = alongColumns(v, width, height, tapsOf(h, height, filter, isBytes), isBytes);
  return plane(height, width, v);
}

/** As 32-bit floats hold them. */
function inSingle({ h, w, v }: Plane): Plane {
  const out = plane(h, w);
  for (let i = 0; i < v.length; i++) out.v[i] = Math.fround(v[i]);
  return out;
}

function rounded(sum: number, isBytes: boolean): number {
  return isBytes ? Math.min(255, Math.max(0, Math.floor(sum / PRECISION))) : Math.fround(sum);
}

function alongRows(v: Float64Array, h: number, from: number, to: number, taps: Taps, isBytes: boolean): Float64Array {
  const out = floats(h * to),
    { first, count, most, factors } = taps,
    half = isBytes ? PRECISION / 2 : 0;
  for (let y = 0, i = 0; y < h; y++) {
    for (let x = 0; x < to; x++, i++) {
      const at = y * from + first[x],
        own = x * most;
      let sum = half + v[at] * factors[own];
      if (count[x] > 1) sum += v[at + 1] * factors[own + 1];
      for (let k = 2; k < count[x]; k++) sum += v[at + k] * factors[own + k];
      out[i] = rounded(sum, isBytes);
    }
  }
  return out;
}

/** Row by row, as the numbers lie in memory. */
function alongColumns(v: Float64Array, w: number, to: number, taps: Taps, isBytes: boolean): Float64Array {
  const out = floats(to * w),
    { first, count, most, factors } = taps,
    half = isBytes ? PRECISION / 2 : 0,
    sums = new Float64Array(w);
  for (let y = 0; y < to; y++) {
    const n = count[y],
      own = y * most,
      last = factors[own + n - 1];
    let at = first[y] * w;
    if (n === 2) {
      // between two rows, as in every enlargement
      for (let x = 0, i = y * w; x < w; x++, at++, i++)
        out[i] = rounded(half + v[at] * factors[own] + v[at + w] * last, isBytes);
      continue;
    }
    sums.fill(half);
    for (let k = 0; k < n - 1; k++) {
      const factor = factors[own + k];
      for (let x = 0; x < w; x++, at++) sums[x] += v[at] * factor;
    }
    for (let x = 0, i = y * w; x < w; x++, at++, i++) out[i] = rounded(sums[x] + v[at] * last, isBytes);
  }
  return out;
}

/** Means over areas when it becomes much smaller, so that whole factors are exact; else lines between pixels. */
export function resize(values: Plane, height: number, width: number): Plane {
  const { h, w } = values;
  if (height === h && width === w) return inSingle(values);
  return resample(values, height, width, h >= 2 * height && w >= 2 * width ? "box" : "bilinear", false);
}

// ---- masks ----------------------------------------------------------------------------------------------------------------

export function maskOf(h: number, w: number, is: (i: number) => boolean): Mask {
  const v = new Uint8Array(h * w);
  for (let i = 0; i < v.length; i++) v[i] = is(i) ? 1 : 0;
  return { h, w, v };
}

export function toPlane({ h, w, v }: Mask): Plane {
  return plane(h, w, new Float64Array(v));
}

/** The values where the mask is 1, in their order. */
export function chosen(values: Float64Array, mask: Uint8Array, wanted = 1): Float64Array {
  let n = 0;
  for (let i = 0; i < mask.length; i++) if (mask[i] === wanted) n++;
  const out = floats(n);
  for (let i = 0, to = 0; to < n; i++) if (mask[i] === wanted) out[to++] = values[i];
  return out;
}

export function isAny({ v }: Mask): boolean {
  return v.includes(1);
}

/** First and last row and column with a 1; null where there is none. */
export function extentOf({
  h,
  w,
  v,
}: Mask): { readonly top: number; readonly bottom: number; readonly left: number; readonly right: number } | null {
  let top = h,
    bottom = -1,
    left = w,
    right = -1;
  for (let y = 0, i = 0; y < h; y++) {
    for (let x = 0; x < w; x++, i++) {
      if (!v[i]) continue;
      if (y < top) top = y;
      bottom = y;
      if (x < left) left = x;
      if (x > right) right = x;
    }
  }
  return bottom < 0 ? null : { top, bottom, left, right };
}

/** Mean over a square of 2·radius + 1 pixels, borders repeated; running sums cost the same at any radius. */
export function blur({ h, w, v }: Plane, radius: number): Plane {
  const reach = Math.trunc(radius);
  if (reach === 0) return plane(h, w, v);
  return plane(h, w, means(means(v, w, w, h, 1, reach), h, 1, w, w, reach));
}

/** Along one axis: `n` lines, their beginnings `line` apart, of `length` pixels `step` apart. */
function means(v: Float64Array, n: number, step: number, length: number, line: number, reach: number): Float64Array {
  const out = floats(v.length),
    sums = new Float64Array(length + 2 * reach + 1),
    size = 2 * reach + 1;
  for (let l = 0; l < n; l++) {
    const start = l * line;
    let sum = 0;
    for (let i = 0; i < sums.length; i++) {
      const at = i - reach - 1;
      sums[i] = sum += v[start + (at < 0 ? 0 : at >= length ? length - 1 : at) * step];
    }
    for (let i = 0; i < length; i++) out[start + i * step] = (sums[i + size] - sums[i]) / size;
  }
  return out;
}

/** First and last pixel of every run of ones within a row, one after the other. */
function runsOf({ w, v }: Mask): number[] {
  const runs: number[] = [];
  for (let i = v.indexOf(1); i >= 0; i = v.indexOf(1, i)) {
    const end = i - (i % w) + w;
    runs.push(i);
    while (i < end && v[i]) i++;
    runs.push(i - 1);
  }
  return runs;
}

/** Every pixel within `reach` rows and columns of the mask. */
export function dilate(mask: Mask, reach: number): Mask {
  const { h, w } = mask,
    runs = runsOf(mask),
    wide = new Uint8Array(h * w),
    out = new Uint8Array(h * w);
  for (let k = 0; k < runs.length; k += 2) {
    const row = runs[k] - (runs[k] % w);
    wide.fill(1, Math.max(row, runs[k] - reach), Math.min(row + w, runs[k + 1] + reach + 1));
  }
  const counts = new Int32Array(w); // of the rows within reach
  for (let y = -reach; y < h; y++) {
    const [more, less] = [y + reach, y - reach - 1];
    if (more < h) for (let x = 0, at = more * w; x < w; x++) counts[x] += wide[at + x];
    if (less >= 0) for (let x = 0, at = less * w; x < w; x++) counts[x] -= wide[at + x];
    if (y >= 0) for (let x = 0, at = y * w; x < w; x++) out[at + x] = counts[x] > 0 ? 1 : 0;
  }
  return { h, w, v: out };
}

/** Connected pieces, corners included: (h·w,) the number of each pixel's piece from 1, 0 outside; and how many pixels each has. */
export function piecesOf(mask: Mask): { readonly names: Int32Array; readonly areas: readonly number[] } {
  const { h, w } = mask,
    runs = runsOf(mask),
    joined = runs.slice(runs.length / 2).map((_, run) => run); // an earlier run of the same piece, or itself
  const rootOf = (run: number): number => {
    let root = run;
    while (joined[root] !== root) root = joined[root] = joined[joined[root]];
    return root;
  };
  for (let run = 0, above = 0; run < joined.length; run++) {
    const [first, last] = [runs[2 * run], runs[2 * run + 1]];
    const row = first - (first % w);
    const left = Math.max(row, first - 1) - w; // what touches it in the row above
    const right = Math.min(row + w - 1, last + 1) - w;
    while (runs[2 * above + 1] < left) above++;
    for (let other = above; runs[2 * other] <= right; other++) {
      const [a, b] = [rootOf(other), rootOf(run)];
      joined[Math.max(a, b)] = Math.min(a, b);
    }
  }
  return named(
    h * w,
    runs,
    joined.map((_, run) => rootOf(run)),
  );
}

/** In the order of their first pixels. roots: of each run the first one of its piece. */
function named(n: number, runs: readonly number[], roots: readonly number[]): ReturnType<typeof piecesOf> {
  const names = new Int32Array(n),
    areas = [0],
    nameOf: number[] = [];
  roots.forEach((root, run) => {
    if (root === run) nameOf[run] = areas.push(0) - 1;
    nameOf[run] = nameOf[root];
    names.fill(nameOf[run], runs[2 * run], runs[2 * run + 1] + 1);
    areas[nameOf[run]] += runs[2 * run + 1] + 1 - runs[2 * run];
  });
  return { names, areas };
}

// ---- order ----------------------------------------------------------------------------------------------------------------

export function median(values: Float64Array): number {
  return medianInPlace(values.slice());
}

/** The same where the order of the values is of no more use: they are moved. */
export function medianInPlace(values: Float64Array): number {
  const upper = Math.floor(values.length / 2);
  const high = nth(values, upper);
  return values.length % 2 ? high : (greatest(values, upper) + high) / 2;
}

/** numpy's percentile: linear between neighbours. */
export function percentile(values: Float64Array, percent: number): number {
  const own = floats(values.length),
    at = (percent / 100) * (own.length - 1),
    low = Math.floor(at),
    t = at - low;
  own.set(values);
  const b = nth(own, Math.min(own.length - 1, low + 1)),
    a = low + 1 < own.length ? greatest(own, low + 1) : b;
  return t >= 0.5 ? b - (b - a) * (1 - t) : a + (b - a) * t;
}

function greatest(values: Float64Array, end: number): number {
  let found = -Infinity;
  for (let i = 0; i < end; i++) if (values[i] > found) found = values[i];
  return found;
}

/** The n-th smallest, all before it being no larger: Hoare's selection in place. */
function nth(v: Float64Array, n: number): number {
  let low = 0,
    high = v.length - 1;
  while (low < high) {
    const pivot = v[(low + high) >> 1];
    let i = low,
      j = high;
    while (i <= j) {
      while (v[i] < pivot) i++;
      while (v[j] > pivot) j--;
      if (i <= j) {
        const swap = v[i];
        v[i++] = v[j];
        v[j--] = swap;
      }
    }
    if (n <= j) high = j;
    else if (n >= i) low = i;
    else break;
  }
  return v[n];
}
