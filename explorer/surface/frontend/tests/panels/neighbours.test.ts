/** Which images are listed as nearest, of which code, and what leads to them? */

import { describe, expect, test, vi } from "vitest";
import { Derived } from "../../src/kernel/derive";
import { noPins } from "../../src/kernel/pins";
import type { MapState } from "../../src/kernel/state";
import { Neighbours } from "../../src/panels/neighbours";
import { fake, withoutPage } from "../fake-dom";
import { state } from "../map-state";

withoutPage(true);

const REST_MS = 200;

function shown(first: MapState): {
  told: () => string[];
  flown: number[];
  tell: (next: MapState) => void;
  one: Neighbours;
} {
  vi.useFakeTimers();
  let now = first;
  const flown: number[] = [];
  const derived = new Derived(() => now);
  const one = new Neighbours({ state: () => now, derived, flyTo: (i) => void flown.push(i) });
  const tell = (next: MapState): void => {
    now = next;
    one.update({ state: now, derived, now: 0, isStill: true });
    vi.advanceTimersByTime(REST_MS);
  };
  tell(first);
  const entries = () =>
    fake(one.element)
      .all()
      .filter(({ tag, hidden }) => tag === "li" && !hidden);
  return { told: () => entries().map(({ textContent }) => textContent), flown, tell, one };
}

/** All points in the order of their distance to z, by brute force. */
function byDistance({ data }: MapState, z: ArrayLike<number>): string[] {
  const far = Array.from({ length: data.nPoints }, (_, i) => ({
    i,
    d: Math.hypot(...Array.from(data.muOf(i), (mu, k) => mu - z[k])),
  }));
  return far.sort((a, b) => a.d - b.d).map(({ i, d }) => `image ${data.numberOf(i)}|${d.toFixed(2)}`);
}

function numbered(told: readonly string[]): string[] {
  return told.map((text) => text.replace(/^(image \d+).*?(?:· )?(\d+\.\d+)$/, "$1|$2"));
}

const pin = (z: readonly number[], label: string) => ({ label, map: [z[0], z[1]] as const, z, name: "" });

describe("the nearest test images", () => {
  test("are those of the shown code, nearest first, with their distances", () => {
    const one = state({ tab: "neighbours", probe: { from: "map", at: [0.9, 0.1] } });
    expect(numbered(shown(one).told())).toEqual(byDistance(one, [0.9, 0.1]));
  });
  test("are of the pin that was just made, until the shown picture is chosen again", () => {
    const one = state({ tab: "neighbours", probe: { from: "map", at: [0.9, 0.1] } });
    const seen = shown(one);
    const pins = { ...noPins(false), known: [pin([-1, 2], "A")] } as unknown as MapState["pins"];
    seen.tell({ ...one, pins });
    expect(numbered(seen.told())).toEqual(byDistance(one, [-1, 2]));
    const [select] = fake(seen.one.element)
      .all()
      .filter(({ tag }) => tag === "select");
    select.value = "";
    select.tell("change");
    expect(numbered(seen.told())).toEqual(byDistance(one, [0.9, 0.1]));
  });
  test("leave hidden classes out", () => {
    const one = state({ tab: "neighbours" });
    const seen = shown({ ...one, shown: one.shown.map((_, slot) => (slot === 0 ? 0 : 1)) });
    const visible = Array.from({ length: one.data.nPoints }, (_, i) => i).filter((i) => one.data.slots[i] !== 0);
    expect(seen.told()).toHaveLength(visible.length);
  });
  test("are led to by a click", () => {
    const one = state({ tab: "neighbours" });
    const seen = shown(one);
    const first = fake(seen.one.element)
      .all()
      .filter(({ tag }) => tag === "button")[0];
    first.press();
    expect(byDistance(one, one.probe.at)[0]).toContain(`image ${one.data.numberOf(seen.flown[0])}|`);
  });
  test("are not looked for while another tab is open", () => {
    expect(
      shown(state({ tab: "details" }))
        .told()
        .join(""),
    ).not.toContain("image");
  });
  test("say where they are reconstructions", () => {
    expect(fake(shown(state({ tab: "neighbours" })).one.element).textContent).toContain("the model's reconstructions");
  });
});
