/** Do packed kernels and style sheets become exactly the bytes that were packed? */

import { expect, test } from "vitest";
import { packed } from "../../pack.mjs";
import { MODULES, SIMD_BYTES } from "../../src/engine/modules";
import { unpack, unpackText } from "../../src/wire/unpack";

const base64 = (bytes: Iterable<number>): string => Buffer.from(Uint8Array.from(bytes)).toString("base64");
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

test("new bytes and copies, by hand: a copy may run into itself", () => {
  expect(text(unpack(base64([6, 97, 98, 99, 5, 3])))).toBe("abcabcab"); // three new ones, then 2 + 3 from three back
  expect(text(unpack(base64([2, 122, 1, 1])))).toBe("zzzz");
});

test("what is packed comes back, runs of every length and far copies too", () => {
  let seed = 1;
  const random = (n: number): number => (seed = (48271 * seed) % 2147483647) % n;
  const noise = Array.from({ length: 500 }, () => random(256));
  const samples = [
    [],
    [0],
    noise,
    [...noise, ...noise],
    Array(260).fill(7),
    Array.from({ length: 300 }, () => random(3)),
  ];
  for (const sample of samples) expect([...unpack(base64(packed(Uint8Array.from(sample))))]).toEqual(sample);
});

test("what is repeated is not written twice", () => {
  const noise = Uint8Array.from({ length: 200 }, (_, i) => (i * i * 31) % 251);
  const once = packed(noise).length;
  expect(packed(Uint8Array.from([...noise, ...noise])).length).toBeLessThan(once + 6);
});

test("both modules are WebAssembly", () => {
  const both = unpack(MODULES);
  const head = [0, 0x61, 0x73, 0x6d];
  expect([...both.subarray(0, 4)]).toEqual(head);
  expect([...both.subarray(SIMD_BYTES, SIMD_BYTES + 4)]).toEqual(head);
  expect(WebAssembly.validate(both.subarray(0, SIMD_BYTES))).toBe(true);
});

test("letters of every length in UTF-8", () => {
  const sheet = '.la-z::before { content: "μ → 𝑧 − ‖x‖" } '.repeat(3);
  expect(unpackText(base64(packed(Buffer.from(sheet))))).toBe(sheet);
});
