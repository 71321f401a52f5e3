/** Is what the page looks for the geodesic of the path that is asked for now, and never longer than a line? */

import { describe, expect, test } from "vitest";
import { SEARCHES } from "../../src/data/all-searches";
import { interpolate } from "../../src/data/interpolation";
import { offerSearches } from "../../src/data/searches";
import { curveLength } from "../../src/geometry/decoded-length";
import { Derived } from "../../src/kernel/derive";
import type { Frame } from "../../src/kernel/extension";
import { GeodesicSearch, keyOf } from "../../src/kernel/geodesics";
import { endsOf } from "../../src/kernel/path-ends";
import { noPins, type PinEdit, reducePins } from "../../src/kernel/pins";
import type { MapState } from "../../src/kernel/state";
import { GeodesicProgress } from "../../src/panels/geodesic";
import type { LegRecord, PathRecord, PinRecord } from "../../src/wire/schema";
import { withoutPage } from "../fake-dom";
import { STRAIGHT_PATH, state, tiny } from "../map-state";

withoutPage();
offerSearches(SEARCHES);

const leg = (a: readonly number[], b: readonly number[]): LegRecord => ({ a, b, label_a: null, label_b: null, of: "" });
const FIRST = leg([-1, 0.5], [1, 1]);
const SECOND = leg([1, 1], [0, -1]);

function found(search: GeodesicSearch, legs: readonly LegRecord[]) {
  for (let turns = 0; turns < 1e5; turns++) {
    const { ways } = search.known(legs);
    if (ways) return ways;
    search.work(legs, 0, SEARCHES); // a deadline that is over: one part a slice
  }
  throw new Error("no end");
}

describe("a search", () => {
  test("works in slices, tells how far it is, and remembers what it found", () => {
    const search = new GeodesicSearch(tiny().data);
    const legs = [FIRST, SECOND];
    const shares: number[] = [];
    while (!search.known(legs).ways) {
      shares.push(search.known(legs).share);
      search.work(legs, 0, SEARCHES);
    }
    expect(shares[0]).toBe(0);
    expect(shares).toEqual([...shares].sort((one, other) => one - other));
    expect(shares[shares.length - 1]).toBeLessThan(1);
    expect(search.known([SECOND])).toMatchObject({ share: 1, ways: { key: keyOf([SECOND]) } });
  });

  test("leaves a leg that nobody asks for any more", () => {
    const search = new GeodesicSearch(tiny().data);
    search.work([FIRST], 0, SEARCHES);
    found(search, [SECOND]);
    expect(search.known([FIRST]).ways).toBeNull();
  });

  test("finds a way between both ends that is no longer than the line", () => {
    const { data } = tiny();
    const [z] = found(new GeodesicSearch(data), [FIRST]).codes;
    const length = (path: readonly (readonly number[])[]): number => {
      const parts = curveLength(path, (codes, n) => data.model.decodeMany(codes, n));
      for (;;) {
        const { done, value } = parts.next();
        if (done) return value;
      }
    };
    expect([z[0], z[60]]).toEqual([FIRST.a, FIRST.b]);
    expect(length(z)).toBeLessThanOrEqual(length(interpolate([...FIRST.a], [...FIRST.b], "linear")));
  });
});

/** A panel, the state that it writes to, and what its host hears. */
function working(first: MapState) {
  let now = first;
  const heard: PinEdit[] = [];
  const panel = new GeodesicProgress({
    state: () => now,
    set: (patch) => {
      now = { ...now, ...patch };
    },
    editPins: (edit) => heard.push(edit),
  });
  const derived = new Derived(() => now);
  const frame = (): Frame => ({ state: now, derived, now: 0, isStill: true });
  const seen = (): void => panel.update(frame());
  const rest = (): void => {
    do panel.update(frame());
    while (panel.work(frame()) !== "done");
    panel.update(frame());
  };
  return {
    panel,
    heard,
    seen,
    rest,
    path: () => derived.path,
    host: (path: PathRecord | null) => (now = { ...now, host: { ...now.host, path } }),
  };
}

const pin = (label: string, z: readonly number[]): PinRecord => ({ label, name: "", map: [z[0], z[1]], z });

describe("a geodesic path", () => {
  test("through pins is a line until it is found, then the geodesic", () => {
    const known = [pin("A", FIRST.a), pin("B", FIRST.b), pin("C", SECOND.b)];
    const pins = reducePins(noPins(false), { kind: "confirmed", known, taken: [] }, 0);
    const ends = endsOf({ kind: "geodesic", from: 0, to: 2, all: true }, known);
    const { panel, rest, path } = working(state({ pins, path: { ends, ways: null, since: 0, trail: [] } }));
    expect(path()).toMatchObject({ title: "3-pin linear", is_meanwhile: true });
    expect(path()?.missing).toHaveLength(2);
    rest();
    expect(path()).toMatchObject({ title: "3-pin geodesic", is_meanwhile: false, missing: [] });
    expect([0, 60, 120].map((i) => path()?.z[i])).toEqual([FIRST.a, FIRST.b, SECOND.b]);
    expect(panel.element.textContent).toBe("");
  });

  test("of a host is told to it once, leg by leg in its own words, and the words end when it is found", () => {
    const asked = { ...STRAIGHT_PATH, title: "linear", missing: [{ ...FIRST, of: "run 7" }], is_meanwhile: true };
    const { panel, heard, seen, rest, host } = working(state());
    host(asked);
    seen();
    expect(panel.element.textContent).toMatch(/^Computing the geodesic … .*The linear path is shown until then\.$/);
    rest();
    expect(panel.element.textContent).toBe(""); // however long the host takes
    rest();
    expect(heard).toHaveLength(1);
    expect(heard[0]).toMatchObject({ kind: "geodesic", ways: [{ ...FIRST, of: "run 7" }] });
    host({ ...STRAIGHT_PATH, title: "geodesic" });
    rest();
    expect([panel.element.textContent, heard.length]).toEqual(["", 1]);
  });

  test("that a host lost is told again, but not for ever to one that does not take it", () => {
    const { panel, heard, rest, host } = working(state());
    for (let answers = 0; answers < 8; answers++) {
      host({ ...STRAIGHT_PATH, missing: [FIRST] });
      rest();
    }
    expect([panel.element.textContent, heard.length]).toEqual(["", 3]);
    host({ ...STRAIGHT_PATH, missing: [] });
    rest();
    host({ ...STRAIGHT_PATH, missing: [FIRST] });
    rest();
    expect(heard).toHaveLength(4);
  });

  test("is given up for another kind", () => {
    const { panel, heard, seen, rest, host } = working(state());
    host({ ...STRAIGHT_PATH, missing: [FIRST] });
    seen();
    expect(panel.element.textContent).toMatch(/^Computing the geodesic … [\d.]+.%$/);
    host({ ...STRAIGHT_PATH, missing: [] });
    rest();
    expect([panel.element.textContent, heard.length]).toEqual(["", 0]);
  });
});
