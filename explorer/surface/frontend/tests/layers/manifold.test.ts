import { expect, test, vi } from "vitest";
import { looksOf, manifold } from "../../src/layers/background/manifold";
import { withoutPage } from "../fake-dom";
import { frameOf, state } from "../map-state";

withoutPage();

test("while nothing moves a slice of work is longer than one between two frames of a hand that moves", () => {
  vi.stubGlobal(
    "ImageData",
    class {
      readonly data: Uint8ClampedArray;
      constructor(width: number, height: number) {
        this.data = new Uint8ClampedArray(4 * width * height);
      }
    },
  );
  let clock = 0;
  let made = 0;
  vi.spyOn(performance, "now").mockImplementation(() => clock);
  const one = state();
  const decode = one.data.model.decodeMany.bind(one.data.model);
  vi.spyOn(one.data.model, "decodeMany").mockImplementation((z, n) => {
    clock += n; // a millisecond a picture
    made += n;
    return decode(z, n);
  });
  const slice = (at: typeof one): number => {
    const before = made;
    manifold.work?.(frameOf(at));
    return made - before;
  };
  const moved = slice(one);
  const rested = slice(one);
  const movedAgain = slice({ ...one, probe: { from: "map", at: [0, 0] } });
  expect([moved, rested, movedAgain].map((n) => n > 30)).toEqual([false, true, false]);
  expect(rested).toBeLessThanOrEqual(50); // milliseconds that a hand waits at most
  expect(looksOf(one.data).first.get("steps")?.isComplete).toBe(false);
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});
