import { expect, test } from "vitest";
import { floatsToHalves, halfToNumber, halvesToFloats } from "../../src/wire/float16";

/** All finite non-negative halves in order: equal steps of 2^-24 through two binades, then the step doubles with each of the next. */
function byCounting(): number[] {
  const values = [0];
  let step = 2 ** -24;
  while (values.length < 0x7c00) {
    values.push(values[values.length - 1] + step);
    if (values.length % 1024 === 1 && values.length > 2048) step *= 2;
  }
  return values;
}

test("every finite half equals the value found by counting up from zero", () => {
  byCounting().forEach((value, bits) => {
    expect(halfToNumber(bits)).toBe(value);
    expect(halfToNumber(bits | 0x8000)).toBe(-value);
  });
});

test("anchors of IEEE 754: one, a third, the largest, the smallest, infinities, not a number", () => {
  expect(halfToNumber(0x3c00)).toBe(1);
  expect(halfToNumber(0x3555)).toBe(0.333251953125);
  expect(halfToNumber(0x7bff)).toBe(65504);
  expect(halfToNumber(0x0001)).toBe(2 ** -24);
  expect(halfToNumber(0xfc00)).toBe(-Infinity);
  expect(halfToNumber(0x7e01)).toBeNaN();
});

test("a whole array is converted value by value", () => {
  expect([...halvesToFloats(Uint16Array.of(0x3c00, 0xc000, 0))]).toEqual([1, -2, 0]);
});

test("every half is its own nearest, and between two neighbours the nearer one is taken, the even one in the middle", () => {
  const values = byCounting();
  const nearest = (value: number): number => floatsToHalves(Float32Array.of(value))[0];
  values.forEach((value, bits) => {
    expect(nearest(value)).toBe(bits);
    expect(nearest(-value)).toBe(bits | 0x8000);
    const next = values[bits + 1];
    if (next === undefined) return;
    expect(nearest(value + (next - value) / 4)).toBe(bits);
    expect(nearest(next - (next - value) / 4)).toBe(bits + 1);
    expect(nearest((value + next) / 2)).toBe(bits % 2 ? bits + 1 : bits);
  });
});

test("nothing becomes infinite that was not, and what is no number stays none", () => {
  const bits = floatsToHalves(Float32Array.of(1e6, -1e6, Infinity, -Infinity, NaN));
  expect(halvesToFloats(bits)).toEqual(Float32Array.of(65504, -65504, Infinity, -Infinity, NaN));
});
