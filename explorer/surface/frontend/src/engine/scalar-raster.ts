/**
 * How are markers blended into a picture, and how does that get straight alpha, in plain TypeScript?
 *
 * A job lies in the memory as whole numbers: the addresses of the chosen points' numbers (0: all points), of x, y, x, y … and of the points'
 * slots, the bytes of a slot, the picture's address and width, a part's left, top, right and bottom, how far a marker reaches, the addresses
 * of `starts` and of the quads. A slot's phase p has quads starts[16 · slot + p] … starts[16 · slot + p + 1] − 1; a quad is its row (upper
 * half) and column (lower half) relative to the middle's pixel, and four premultiplied inks beside each other.
 */

const QUAD = 5; // words
const PHASES = 4;

/** See `Kernels.stamp`. */
export function stamp(
  memory: ArrayBuffer,
  job: number,
  from: number,
  until: number,
  scaleX: number,
  offsetX: number,
  scaleY: number,
  offsetY: number,
): number {
  const words = new Int32Array(memory);
  const [chosen, at, slotsAt, slotBytes, , , left, top, right, bottom, half, starts] = words.subarray(job / 4);
  const points = new Float32Array(memory, at);
  const slots = slotBytes === 2 ? new Uint16Array(memory, slotsAt) : new Uint8Array(memory, slotsAt);
  let drawn = 0;
  for (let place = from; place < until; place++) {
    const i = chosen === 0 ? place : words[chosen / 4 + place];
    const x = points[2 * i] * scaleX + offsetX;
    if (!(x >= left - half && x < right + half)) continue;
    const y = points[2 * i + 1] * scaleY + offsetY;
    if (!(y >= top - half && y < bottom + half)) continue;
    const col = Math.floor(x);
    const row = Math.floor(y);
    const phase = (slots[i] * PHASES + (((y - row) * PHASES) | 0)) * PHASES + (((x - col) * PHASES) | 0);
    const begin = words[starts / 4 + phase];
    const end = words[starts / 4 + phase + 1];
    if (begin === end) continue;
    drawn++;
    stampOne(words, job / 4, col, row, begin, end);
  }
  return drawn;
}

function stampOne(words: Int32Array, job: number, col: number, row: number, begin: number, end: number): void {
  const pixels = words[job + 4] / 4;
  const width = words[job + 5];
  const left = words[job + 6];
  const top = words[job + 7];
  const right = words[job + 8];
  const bottom = words[job + 9];
  const quads = words[job + 12] / 4;
  for (let quad = quads + QUAD * begin, last = quads + QUAD * end; quad < last; quad += QUAD) {
    const r = row + (words[quad] >> 16);
    if (r < top || r >= bottom) continue;
    const first = col + ((words[quad] << 16) >> 16);
    for (let k = Math.max(0, left - first), stop = Math.min(4, right - first); k < stop; k++) {
      const to = pixels + r * width + first + k;
      words[to] = blend(words[quad + 1 + k], words[to]);
    }
  }
}

/**
 * source + below · (1 − alpha), both premultiplied, in signed 32-bit words, which need no conversion; red and blue share one multiplication,
 * green and alpha the other. Without a branch, which random pixels would mostly mislead.
 */
export function blend(source: number, below: number): number {
  const rest = 256 - (source >>> 24) - (source >>> 31); // 255 becomes 0, 0 stays 256
  const redBlue = (Math.imul(below & 0x00ff00ff, rest) >>> 8) & 0x00ff00ff;
  const alphaGreen = Math.imul((below >>> 8) & 0x00ff00ff, rest) & 0xff00ff00;
  return (source + (redBlue | alphaGreen)) | 0;
}

/** See `Kernels.straighten`. */
export function straighten(memory: ArrayBuffer, n: number, from: number, to: number): void {
  const table = unpremultiplyTable();
  const blended = new Int32Array(memory, from, n);
  const straight = new Int32Array(memory, to, n);
  for (let i = 0; i < n; i++) {
    const p = blended[i];
    const alpha = p >>> 24;
    if (alpha === 0 || alpha === 255) straight[i] = p;
    else {
      const base = alpha << 8;
      straight[i] =
        (alpha << 24) |
        (table[base | ((p >>> 16) & 255)] << 16) |
        (table[base | ((p >>> 8) & 255)] << 8) |
        table[base | (p & 255)];
    }
  }
}

let table: Uint8Array | null = null;

function unpremultiplyTable(): Uint8Array {
  if (table) return table;
  table = new Uint8Array(65536);
  for (let alpha = 1; alpha < 256; alpha++) {
    for (let value = 0; value < 256; value++)
      table[(alpha << 8) | value] = Math.min(255, Math.round((value * 255) / alpha));
  }
  return table;
}
