import { describe, expect, test } from "vitest";
import { interpolate, stopsOf, through } from "../../src/data/interpolation";
import { choiceOf, endsOf, pathOn } from "../../src/kernel/path-ends";
import type { PinRecord } from "../../src/wire/schema";

const pin = (x: number, label = "A"): PinRecord => ({ label, map: [x, 0], z: [x, x * x] });
const place = (z: ArrayLike<number>): readonly [number, number] => [z[0], z[1]];

describe("a path through pins", () => {
  test("meets them in order, forth or back, or only its ends", () => {
    expect(stopsOf({ kind: "linear", from: 1, to: 4, all: true })).toEqual([1, 2, 3, 4]);
    expect(stopsOf({ kind: "linear", from: 3, to: 1, all: true })).toEqual([3, 2, 1]);
    expect(stopsOf({ kind: "linear", from: 3, to: 1, all: false })).toEqual([3, 1]);
  });
  test("is its legs one after the other, every stop once", () => {
    const stops = [
      [0, 1],
      [2, 0],
      [2, 5],
    ];
    const z = through(stops, "linear", 11);
    expect(z).toHaveLength(21);
    expect([z[0], z[10], z[20]]).toEqual(stops);
    expect(z.slice(0, 11)).toEqual(interpolate(stops[0], stops[1], "linear", 11));
    expect(z[15]).toEqual([2, 2.5]);
  });
  test("keeps its ends when other pins come and go, and ends with them", () => {
    const ends = endsOf({ kind: "spherical", from: 0, to: 2, all: true }, [pin(1), pin(2), pin(3)]);
    expect(choiceOf(ends, [pin(9), pin(1), pin(3)])).toEqual({ kind: "spherical", from: 1, to: 2, all: true });
    expect(choiceOf(ends, [pin(3), pin(2), pin(1)])).toMatchObject({ from: 2, to: 0 });
    expect(choiceOf(ends, [pin(1), pin(2)])).toBeNull();
    expect(choiceOf(ends, [pin(1), pin(2), pin(3)])).not.toBeNull(); // undone: it is there again
    expect(choiceOf(endsOf(null, []), [pin(1), pin(2), pin(3)])).toBeNull();
  });
  test("stands on the map where its codes do", () => {
    const ends = endsOf({ kind: "linear", from: 0, to: 1, all: false }, [pin(0), pin(2)]);
    const record = pathOn(ends, [pin(0, "A"), pin(2, "B")], place);
    expect(record?.ends).toEqual(["A", "B"]);
    expect(record?.map[30]).toEqual([1, 2]);
    expect(record?.map[60]).toEqual([2, 0]); // the pin's own place
  });
});
