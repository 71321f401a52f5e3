import { expect, test } from "vitest";
import { changedKeys, Store } from "../../src/kernel/store";

test("state is replaced, never changed, and only those hear who asked for what changed", () => {
  const store = new Store({ a: 1, b: "x", c: [1] });
  const heard: string[] = [];
  store.on(["a", "c"], () => heard.push("ac"));
  const stop = store.on(["b"], () => heard.push("b"));
  const before = store.get();
  store.set({ a: 2 });
  expect(before.a).toBe(1);
  expect(store.get()).toEqual({ a: 2, b: "x", c: [1] });
  expect(Object.isFrozen(store.get())).toBe(true);
  store.set({ b: "y", a: 2 });
  expect(heard).toEqual(["ac", "b"]);
  stop();
  store.set({ b: "z" });
  expect(heard).toEqual(["ac", "b"]);
});

test("the same values are no change, and lists count by reference", () => {
  const list = [1];
  const store = new Store({ list });
  const before = store.get();
  store.set({ list });
  expect(store.get()).toBe(before);
  expect(changedKeys({ list }, { list: [1] })).toEqual(["list"]);
});
