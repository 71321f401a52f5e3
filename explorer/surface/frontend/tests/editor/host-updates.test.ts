import { describe, expect, test } from "vitest";
import { probeFor } from "../../src/editor/parts/host-updates";
import type { Probe } from "../../src/kernel/state";
import type { HostRecord } from "../../src/wire/payload";
import { SWAPPED, state } from "../map-state";

const { host } = state();
const exact = { z: [0.25, 1], label: "Test image 7" };
const sliders: Probe = { from: "code", at: [1, 1], z: [0.5, 0.5], heading: "By the sliders" };
const says = (change: Partial<HostRecord>): HostRecord => ({ ...host, ...change });

describe("where the host puts the probe", () => {
  test("on another map: where it says, else at a point in the middle", () => {
    expect(probeFor(state({ host: says({ probe: [0.5, 0.5] }) }), null, true)).toEqual({ from: "map", at: [0.5, 0.5] });
    expect(probeFor(state(), null, true)).toEqual({ from: "map", at: [0, 0] });
  });
  test("its code is shown at that place, and only a code of this run", () => {
    const both = says({ probe: [0.5, 0.5], exact });
    expect(probeFor(state({ host: both }), null, true)).toEqual({
      from: "code",
      at: [0.5, 0.5],
      z: exact.z,
      heading: "Test image 7",
    });
    const tooLong = says({ probe: [0.5, 0.5], exact: { z: [1, 2, 3], label: "" } });
    expect(probeFor(state({ host: tooLong }), null, true).from).toBe("map");
  });
  test("between two words of the host the person's probe stays", () => {
    const same = says({ probe: [0.5, 0.5], exact });
    const now = state({ host: same, probe: sliders });
    expect(probeFor(now, same, false)).toBe(sliders);
  });
  test("a host that takes its code back leaves the place", () => {
    const before = says({ exact });
    expect(probeFor(state({ probe: sliders }), before, false)).toEqual({ from: "map", at: [1, 1] });
  });
  test("a path that is shown goes on", () => {
    const path: Probe = { from: "path", at: [0, 0], z: [0, 0], decodeAs: null };
    expect(probeFor(state({ host: says({ exact }), probe: path }), host, false)).toBe(path);
  });
  test("on a plane of one's own a moved code stands where it lies there", () => {
    const { data } = state();
    const now = state({ data: data.onto(SWAPPED), host: says({ probe: [0.25, 1], exact }), probe: sliders });
    expect(probeFor(now, host, false)).toMatchObject({ from: "code", at: [1, 0.25], z: exact.z });
  });
});
