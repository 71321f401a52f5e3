/** Is the map large while it is presented, and are the controls gone while the mouse rests? */

import { afterEach, expect, test, vi } from "vitest";
import type { Context } from "../../src/editor/context";
import { Presenting } from "../../src/editor/parts/presenting";
import { Store } from "../../src/kernel/store";
import { Disposer } from "../../src/ui/dom";
import { FakeElement, withoutPage } from "../fake-dom";
import { state } from "../map-state";

withoutPage();
afterEach(() => vi.useRealTimers());

function presented() {
  vi.useFakeTimers();
  const root = new FakeElement("div");
  const store = new Store(state());
  const context = {
    store,
    disposer: new Disposer(),
    get state() {
      return store.get();
    },
  } as unknown as Context;
  new Presenting(root as unknown as HTMLElement, context);
  return { root, store, context };
}

test("it is large as long as the state says so", () => {
  const { root, store } = presented();
  store.set({ isPresenting: true });
  expect(root.hasAttribute("data-presents")).toBe(true);
  store.set({ isPresenting: false });
  expect(root.hasAttribute("data-presents")).toBe(false);
});

test("controls go two seconds after the mouse has moved, and come back with it", () => {
  const { root, store } = presented();
  store.set({ isPresenting: true });
  vi.advanceTimersByTime(1900);
  expect(root.hasAttribute("data-quiet")).toBe(false);
  root.tell("pointermove");
  vi.advanceTimersByTime(1900);
  expect(root.hasAttribute("data-quiet")).toBe(false);
  vi.advanceTimersByTime(200);
  expect(root.hasAttribute("data-quiet")).toBe(true);
  root.tell("pointermove");
  expect(root.hasAttribute("data-quiet")).toBe(false);
});

test("outside of it no control ever goes, and nothing goes on once it is left", () => {
  const { root, store } = presented();
  root.tell("pointermove");
  vi.advanceTimersByTime(5000);
  expect(root.hasAttribute("data-quiet")).toBe(false);
  store.set({ isPresenting: true });
  store.set({ isPresenting: false });
  vi.advanceTimersByTime(5000);
  expect(root.hasAttribute("data-quiet")).toBe(false);
});
