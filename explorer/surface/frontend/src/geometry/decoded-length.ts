/**
 * How long is a path through latent space, measured by how far the decoded picture changes along it? The twin of `trainer.latent.decoded_length`.
 *
 * Distances are roots of sums over pixels, in grey levels. Everything here is done in parts, between which a page may draw a frame.
 */

/** Codes (T, K). */
export type Path = readonly (readonly number[])[];

/** n codes (n·K) to n pictures, one after the other; the answer may be overwritten by the next call. */
export type Decode = (codes: Float32Array, n: number) => Float32Array;

/** Done in parts; the answer at the end. */
export type InParts<T> = Generator<undefined, T>;

/** Codes that are decoded before a page may draw: five milliseconds of a convolutional decoder. */
const AT_ONCE = 16;
/** Each step of a path is measured in so many, as in Python. */
const PIECES = 8;
/** Measured points for each one that is asked for, and how often they are laid out. */
const FINE = 4;
const ROUNDS = 2;

/** Calls `take` with the pictures of codes number `first` and later; those of the part are overwritten afterwards. */
function* decoded(
  codes: Path,
  decode: Decode,
  take: (x: Float32Array, first: number, n: number) => void,
): InParts<undefined> {
  for (let first = 0; first < codes.length; first += AT_ONCE) {
    const part = codes.slice(first, first + AT_ONCE);
    take(decode(Float32Array.from(part.flat()), part.length), first, part.length);
    yield;
  }
}

/** Pictures (T·P) of codes. */
export function* pictures(codes: Path, decode: Decode): InParts<Float32Array> {
  let all = new Float32Array(0);
  yield* decoded(codes, decode, (x, first, n) => {
    if (first === 0) all = new Float32Array((x.length / n) * codes.length);
    all.set(x, (first * x.length) / n);
  });
  return all;
}

/** How far two pictures of P pixels are apart, which lie in these arrays from these numbers on. */
export function distance(a: Float32Array, fromA: number, b: Float32Array, fromB: number, P: number): number {
  let sum = 0;
  for (let p = 0; p < P; p++) sum += (a[fromA + p] - b[fromB + p]) ** 2;
  return Math.sqrt(sum);
}

/** How far the pictures of codes are apart in all, the codes as they are: no more than the length of the polyline through them. */
export function* chordLength(path: Path, decode: Decode): InParts<number> {
  return (yield* stepLengths(path, decode)).reduce((sum, length) => sum + length, 0);
}

/** (T − 1,): of the steps between codes as they are. */
function* stepLengths(codes: Path, decode: Decode): InParts<Float64Array> {
  const lengths = new Float64Array(codes.length - 1);
  let last = new Float32Array(0);
  yield* decoded(codes, decode, (x, first, n) => {
    const P = x.length / n;
    if (first > 0) lengths[first - 1] = distance(last, 0, x, 0, P);
    for (let i = 1; i < n; i++) lengths[first + i - 1] = distance(x, (i - 1) * P, x, i * P, P);
    last = x.slice((n - 1) * P);
  });
  return lengths;
}

/** Decoded length of the polyline through codes, every step of it divided: it does not depend on how many frames are shown. */
export function* curveLength(path: Path, decode: Decode): InParts<number> {
  return yield* chordLength(resampled(path, (path.length - 1) * PIECES + 1), decode);
}

/** n codes evenly by number along codes, straight between them. */
export function resampled(path: Path, n: number): Path {
  return evenly(path.length - 1, n).map((place) => onPolyline(path, place));
}

/** Codes (n, K) at equal decoded distance along a polyline, both ends exactly: points gather where the picture changes fast. */
export function* atEqualSteps(path: Path, decode: Decode, n: number, fine = FINE): InParts<Path> {
  const nFine = fine * Math.max(n, path.length);
  let at = evenly(path.length - 1, nFine);
  let previous = at;
  let behind = at;
  for (let round = 0; round < ROUNDS; round++) {
    const lengths = yield* stepLengths(
      at.map((place) => onPolyline(path, place)),
      decode,
    );
    // a little of the old pace, so that no stretch is left without points and a constant decoder changes nothing
    const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
    const pace = (1e-3 * Math.max(mean, 1e-12) * lengths.length) / (at[at.length - 1] - at[0]);
    behind = [0];
    for (let i = 0; i < lengths.length; i++) behind.push(behind[i] + lengths[i] + pace * (at[i + 1] - at[i]));
    previous = at;
    at = interpolated(evenly(behind[nFine - 1], nFine), behind, at);
  }
  const codes = interpolated(evenly(behind[nFine - 1], n), behind, previous).map((place) => onPolyline(path, place));
  return [path[0], ...codes.slice(1, -1), path[path.length - 1]];
}

function evenly(end: number, n: number): number[] {
  return Array.from({ length: n }, (_, i) => (end * i) / (n - 1));
}

/** y at ascending places x of the line through (xs, ys), xs ascending. */
function interpolated(x: readonly number[], xs: readonly number[], ys: readonly number[]): number[] {
  let i = 0;
  return x.map((value) => {
    while (i < xs.length - 2 && xs[i + 1] < value) i++;
    const t = Math.min(1, Math.max(0, (value - xs[i]) / (xs[i + 1] - xs[i] || 1)));
    return ys[i] + t * (ys[i + 1] - ys[i]);
  });
}

/** The code at a place: corner i is at i. */
function onPolyline(path: Path, at: number): readonly number[] {
  const i = Math.max(0, Math.min(path.length - 2, Math.floor(at)));
  return path[i].map((value, k) => value + (at - i) * (path[i + 1][k] - value));
}
