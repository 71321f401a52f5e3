import { deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { sizeOf } from "../../src/pad/intake";

/** The beginnings of files, written by hand from their formats' specifications. */
const ascii = (text: string): number[] => [...text].map((letter) => letter.charCodeAt(0));
const PNG = [0x89, ...ascii("PNG\r\n"), 0x1a, 0x0a, 0, 0, 0, 13, ...ascii("IHDR"), 0, 0, 1, 0x2c, 0, 0, 0, 200, 8, 2];
const GIF = [...ascii("GIF89a"), 0x2c, 1, 200, 0];
const BMP = [...ascii("BM"), ...new Array<number>(12).fill(0), 40, 0, 0, 0, 0x2c, 1, 0, 0, 0x38, 0xff, 0xff, 0xff]; // −200: from the top
const JPEG = [0xff, 0xd8, 0xff, 0xe1, 0, 6, 1, 2, 3, 4, 0xff, 0xff, 0xc0, 0, 17, 8, 0, 200, 1, 0x2c];
const RIFF = [...ascii("RIFF"), 0, 0, 0, 0, ...ascii("WEBP")];
const LOSSY = [...RIFF, ...ascii("VP8 "), 0, 0, 0, 0, 0, 0, 0, 0x9d, 1, 0x2a, 0x2c, 1, 200, 0];
const LOSSLESS = [...RIFF, ...ascii("VP8L"), 0, 0, 0, 0, 0x2f, ...bits(299 | (199 << 14))];
const EXTENDED = [...RIFF, ...ascii("VP8X"), 0, 0, 0, 0, 0, 0, 0, 0, 299 & 255, 299 >> 8, 0, 199, 0, 0];

function bits(value: number): number[] {
  return [value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >> 24) & 255];
}

describe("the size in a file's header", () => {
  test.each(Object.entries({ PNG, GIF, BMP, JPEG, LOSSY, LOSSLESS, EXTENDED }))("%s", (_, bytes) => {
    expect(sizeOf(Uint8Array.from(bytes))).toEqual({ width: 300, height: 200 });
  });
  test.each(Object.entries({ PNG, GIF, BMP, JPEG, LOSSY, LOSSLESS, EXTENDED }))(
    "%s cut short has none, at any length",
    (_, bytes) => {
      for (let n = 0; n < bytes.length - 4; n++) {
        const size = sizeOf(Uint8Array.from(bytes.slice(0, n)));
        expect(size === null || size.width === 300).toBe(true);
      }
    },
  );
  test("text, SVG, PDF and noise have none", () => {
    for (const text of ["", "hello", "<svg xmlns='http://www.w3.org/2000/svg'/>", "%PDF-1.7", "<!doctype html>"])
      expect(sizeOf(Uint8Array.from(ascii(text)))).toBeNull();
    expect(sizeOf(new Uint8Array(deflateSync(new Uint8Array(99))))).toBeNull();
    expect(sizeOf(Uint8Array.from([0xff, 0xd8, ...new Array<number>(50).fill(0xff)]))).toBeNull();
  });
});
