import { describe, expect, test } from "vitest";
import type { Quantity } from "../../src/data/quantities";
import {
  codeOf,
  colourChoice,
  colouredBy,
  Derived,
  decodedLabel,
  headingOf,
  markedPoint,
  trustOf,
} from "../../src/kernel/derive";
import { endsOf } from "../../src/kernel/path-ends";
import { reducePins } from "../../src/kernel/pins";
import { allShown, only } from "../../src/kernel/shown-classes";
import type { Probe } from "../../src/kernel/state";
import type { HostRecord } from "../../src/wire/payload";
import { SWAPPED, state, tiny } from "../map-state";

const code: Probe = { from: "code", at: [9, 9], z: [1, 1], heading: "Pin A" };

describe("what is shown", () => {
  const { data } = tiny();
  const z = new Float64Array(2);
  test("is the code of the place under the cursor, or the code that was chosen", () => {
    expect([...codeOf(data, { from: "map", at: [0.5, 0.25] }, z)]).toEqual([0.5, 0.25]);
    expect([...codeOf(data, code, z)]).toEqual([1, 1]);
  });
  test("says where it comes from", () => {
    expect(headingOf({ from: "map", at: [0, 0] })).toBe("Under the cursor");
    expect(headingOf(code)).toBe("Pin A");
    expect(headingOf({ from: "path", at: [0, 0], z: [0, 0], decodeAs: null })).toBe("On the path");
    expect(headingOf({ from: "random-walk", at: [0, 0], z: [0, 0] })).toBe("Random walk");
    expect(headingOf({ from: "linked", at: [0, 0], z: [0, 0], heading: "The same code here", nearest: 1 })).toBe(
      "The same code here",
    );
  });
  test("only a path says as which class it is decoded; all else follows the chosen one", () => {
    expect(decodedLabel(data, code)).toBe(data.model.label);
    expect(decodedLabel(data, { from: "path", at: [0, 0], z: [0, 0], decodeAs: 1 })).toBe(1);
    expect(decodedLabel(data, { from: "path", at: [0, 0], z: [0, 0], decodeAs: null })).toBe(data.model.label);
  });
});

describe("the marked point", () => {
  const { data } = tiny();
  const all = allShown(data.nClasses);
  test("is the nearest on the map of those whose class is shown", () => {
    expect(markedPoint(data, { from: "map", at: [0.9, 0.9] }, [0.9, 0.9], all)).toBe(1);
    expect(markedPoint(data, { from: "map", at: [0.9, 0.9] }, [0.9, 0.9], only(3, 0))).toBe(0);
    expect(markedPoint(data, { from: "map", at: [0, 0] }, [0, 0], new Uint8Array(3))).toBe(-1);
  });
  test("of a code that no place need stand for, the nearest in latent space", () => {
    const plane = data.onto(SWAPPED);
    expect(markedPoint(plane, { ...code, at: [-5, -5] }, [1, 1], all)).toBe(1);
    expect(markedPoint(plane, { from: "map", at: [0.5, -1] }, [-1, 0.5], all)).toBe(2);
  });
  test("is the image that another map of the page shows", () => {
    const linked: Probe = { from: "linked", at: [0, 0], z: [0, 0], heading: "", nearest: 2 };
    expect(markedPoint(data, linked, [0, 0], all)).toBe(2);
    expect(markedPoint(data, { ...linked, nearest: -1 }, [0, 0], all)).toBe(0);
  });
});

test("trust measures to the nearest shown code, and says whether that is of all", () => {
  const { data } = tiny();
  const near = data.codes.find([1, 0], 3);
  expect(trustOf(data, [1, 0], allShown(2), near)).toEqual({
    radius: 1,
    priorShare: null,
    distance: 1,
    isAmongAll: true,
  });
  const hidden = trustOf(data, [1, 0], only(3, 2), near);
  expect(hidden.isAmongAll).toBe(false);
  expect(hidden.distance).toBeCloseTo(Math.hypot(2, 0.5), 6);
});

test("a quantity that is being counted colours nothing yet", () => {
  const { data } = tiny();
  const coloured = (id: string): Quantity | null => colouredBy(data, colourChoice(data, id));
  expect(coloured("class")).toBeNull();
  expect(coloured("purity")).toBeNull();
  data.purity?.job.work(Infinity);
  expect(coloured("purity")?.values).toHaveLength(3);
});

describe("all of it for one state", () => {
  test("is made once, and again when what it is made from was replaced", () => {
    let now = state();
    const derived = new Derived(() => now);
    expect([...derived.code]).toEqual([0.5, 0.25]);
    const { near, pins } = derived;
    expect(derived.near).toBe(near);
    now = { ...now, colourBy: { id: "kl", isKnown: true } };
    expect(derived.near).toBe(near);
    now = { ...now, probe: code };
    expect(derived.near).not.toBe(near);
    expect([...derived.code]).toEqual([1, 1]);
    expect(derived.pins).toBe(pins);
  });
  test("pins, markers and the path through pins stand on a plane where their codes do", () => {
    let now = state();
    for (const x of [1, -1])
      now = { ...now, pins: reducePins(now.pins, { kind: "added", map: [x, 0.5], z: [x, 0.5], nonce: `${x}` }, 0) };
    const derived = new Derived(() => now);
    const choice = { kind: "linear", from: 0, to: 1, all: false } as const;
    now = { ...now, path: { ...now.path, ends: endsOf(choice, derived.pins) } };
    expect(derived.path?.map[0]).toEqual([1, 0.5]);
    const marker = { label: "x", map: [1, 0.5], z: [1, 0.5], ellipse: { rx: 1, ry: 1 } } as const;
    now = { ...now, data: now.data.onto(SWAPPED), markers: [marker] };
    expect(derived.pins.map(({ map }) => map)).toEqual([
      [0.5, 1],
      [0.5, -1],
    ]);
    expect(derived.path?.map[0]).toEqual([0.5, 1]);
    expect(derived.markers[0]).toMatchObject({ map: [0.5, 1], ellipse: null });
  });
  test("the host's path wins over the one through pins", () => {
    const path = { title: "linear", z: [[0, 0]], map: [[0, 0]], ends: [] } as unknown as HostRecord["path"];
    const now = state();
    expect(new Derived(() => ({ ...now, host: { ...now.host, path } })).path).toBe(path);
  });
});
