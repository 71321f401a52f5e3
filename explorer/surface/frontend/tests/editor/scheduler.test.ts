import { expect, test, vi } from "vitest";
import { FrameLoop, Watchers } from "../../src/editor/scheduler";
import type { MapState } from "../../src/kernel/state";
import { Store } from "../../src/kernel/store";
import { frameOf, state } from "../map-state";

test("each is told first of everything, then only after what it reads was replaced", () => {
  const store = new Store<MapState>(state());
  const told: string[] = [];
  const watcher = (name: string, reads: readonly (keyof MapState)[]) => ({
    reads,
    update: () => void told.push(name),
  });
  const all = new Watchers([watcher("probe", ["probe"]), watcher("colour", ["colourBy", "shown"])]);
  const tell = (): string[] => {
    told.length = 0;
    all.update(() => frameOf(store.get()));
    return [...told];
  };
  expect(tell()).toEqual(["probe", "colour"]);
  expect(tell()).toEqual([]);
  store.set({ probe: { from: "map", at: [1, 1] } });
  expect(tell()).toEqual(["probe"]);
  store.set({ shown: new Uint8Array(3) });
  expect(tell()).toEqual(["colour"]);
});

test("what an earlier one changes, a later one sees in the same frame", () => {
  const store = new Store<MapState>(state());
  const seen: string[] = [];
  const all = new Watchers([
    { reads: ["host"], update: () => store.set({ open: "help" }) },
    { reads: ["open"], update: (frame) => void seen.push(String(frame.state.open)) },
  ]);
  all.update(() => frameOf(store.get()));
  expect(seen).toEqual(["help"]);
});

test("work goes on as long as one has more to do", () => {
  let left = 2;
  const all = new Watchers([
    { reads: [], update: () => undefined },
    { reads: [], update: () => undefined, work: () => (left-- > 0 ? "working" : "done") },
  ]);
  const frame = frameOf(state());
  expect([all.work(frame), all.work(frame), all.work(frame)]).toEqual([true, true, false]);
});

test("a loop that has ended draws nothing more, whatever still asks", () => {
  const asked: FrameRequestCallback[] = [];
  vi.stubGlobal("requestAnimationFrame", (draw: FrameRequestCallback) => asked.push(draw));
  vi.stubGlobal("cancelAnimationFrame", (handle: number) => void delete asked[handle - 1]);
  let drawn = 0;
  const loop = new FrameLoop(() => {
    drawn++;
    if (drawn === 2) loop.end(); // what it shows is taken away while it is drawn
    loop.request();
  });
  loop.request();
  while (asked.length > drawn) asked[drawn]?.(0);
  loop.request();
  loop.run(0);
  vi.unstubAllGlobals();
  expect([drawn, asked.length]).toEqual([2, 2]);
});
