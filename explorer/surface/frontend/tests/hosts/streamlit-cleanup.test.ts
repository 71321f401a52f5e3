/** Is what was mounted taken away once, by the last call's word and no other's? */

import { expect, test } from "vitest";
import { type Called, leaving } from "../../src/hosts/streamlit-cleanup";

function page(): { call(): () => void; gone: number; isMounted(): boolean } {
  const parent = {} as Node;
  const here: Called = { calls: 0 };
  const mounted = new WeakMap([[parent, here]]);
  const told = {
    gone: 0,
    call: () => leaving(mounted, parent, here, () => void told.gone++),
    isMounted: () => mounted.has(parent),
  };
  return told;
}

test("the last call's cleaning up takes it away, once", () => {
  const one = page();
  one.call();
  const last = one.call();
  last();
  last();
  expect([one.gone, one.isMounted()]).toEqual([1, false]);
});

test("a call that was overtaken takes nothing away", () => {
  const one = page();
  const early = one.call();
  const last = one.call();
  early();
  expect([one.gone, one.isMounted()]).toEqual([0, true]);
  last();
  expect(one.gone).toBe(1);
});
