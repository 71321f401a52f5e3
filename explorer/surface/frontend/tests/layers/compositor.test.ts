import { describe, expect, test } from "vitest";
import type { Layer, LayerCanvas, Progress } from "../../src/kernel/extension";
import { firstChoice, isOn, named, tilesOf } from "../../src/kernel/layer-choice";
import type { MapState } from "../../src/kernel/state";
import type { Stage } from "../../src/layers/canvas";
import { Compositor } from "../../src/layers/compositor";
import { LAYERS } from "../../src/layers/index";
import { frameOf, state } from "../map-state";

const stage = { begin: () => ({}) as LayerCanvas } as unknown as Stage;

/** A layer that notes when it is drawn. */
function layer(id: string, change: Partial<Layer>, drawn: string[], again = false): Layer {
  const draw = (): boolean => {
    drawn.push(id);
    return again;
  };
  return { id, stratum: "overlay", words: null, reads: [], draw, ...change };
}

describe("a stratum is drawn again", () => {
  const drawn: string[] = [];
  const compositor = (layers: readonly Layer[]): Compositor => new Compositor(stage, layers);
  const drawnAfter = (one: Compositor, now: MapState): string[] => {
    drawn.length = 0;
    one.draw(frameOf(now));
    return [...drawn];
  };
  test("when a field was replaced that one of its layers reads, and with all its layers", () => {
    const layers = [
      layer("below", { stratum: "background" }, drawn),
      layer("still", {}, drawn),
      layer("follows", { reads: ["probe"] }, drawn),
    ];
    const one = compositor(layers);
    const first = state();
    expect(drawnAfter(one, first)).toEqual(["below", "still", "follows"]);
    expect(drawnAfter(one, first)).toEqual([]);
    const moved: MapState = { ...first, probe: { from: "map", at: [1, 1] } };
    expect(drawnAfter(one, moved)).toEqual(["still", "follows"]);
    expect(drawnAfter(one, { ...moved, view: { ...moved.view } })).toEqual(["below", "still", "follows"]);
  });
  test("not for what a layer reads that is off or makes no sense here", () => {
    const words = { group: "overlay", rank: 1, name: "Lines", help: "", sketch: {} } as const;
    const one = compositor([
      layer("off", { words, reads: ["probe"] }, drawn),
      layer("never", { offered: () => false, reads: ["probe"] }, drawn),
    ]);
    const first = state();
    expect(drawnAfter(one, first)).toEqual([]);
    expect(drawnAfter(one, { ...first, probe: { from: "map", at: [1, 1] } })).toEqual([]);
    const on = { ...first, layers: { ...first.layers, on: { off: true } } };
    expect(drawnAfter(one, on)).toEqual(["off"]);
  });
  test("while an entrance goes on, after work that shows something, and when all is said to be another", () => {
    const steps: Progress[] = ["working", "show", "done"];
    const one = compositor([
      layer("entering", { stratum: "background" }, drawn, true),
      layer("growing", { work: () => steps.shift() ?? "done" }, drawn),
    ]);
    const first = state();
    drawnAfter(one, first);
    expect(one.isDue).toBe(true);
    expect(one.work(frameOf(first))).toBe(true);
    expect(drawnAfter(one, first)).toEqual(["entering"]);
    expect(one.work(frameOf(first))).toBe(true);
    expect(drawnAfter(one, first)).toEqual(["entering", "growing"]);
    expect(one.work(frameOf(first))).toBe(false);
    one.invalidate();
    expect(drawnAfter(one, first)).toEqual(["entering", "growing"]);
  });
});

describe("the list of layers", () => {
  test("has an id for each, and a place in the menu for each that can be switched", () => {
    expect(new Set(LAYERS.map(({ id }) => id)).size).toBe(LAYERS.length);
    for (const group of ["background", "overlay"] as const) {
      const ranks = named(LAYERS, group).map(({ words }) => words.rank);
      expect(new Set(ranks).size).toBe(ranks.length);
    }
    const ids = LAYERS.map(({ id }) => id);
    for (const { follows } of LAYERS) if (follows) expect(ids).toContain(follows);
  });
  test("begins plain, with points, rings and pictures", () => {
    const { background, on } = firstChoice(LAYERS);
    expect(background).toBe("none");
    expect(
      Object.entries(on)
        .filter(([, isOn]) => isOn)
        .map(([id]) => id)
        .sort(),
    ).toEqual(["points", "rings", "thumbnails"]);
  });
  test("labels of rings go with their rings, and nothing is drawn that makes no sense on this map", () => {
    const first = state({ layers: firstChoice(LAYERS) });
    const on = (id: string, now: MapState): boolean => LAYERS.some((one) => one.id === id && isOn(one, now));
    expect(on("ring-labels", first)).toBe(true);
    const off = { ...first, layers: { ...first.layers, on: { ...first.layers.on, rings: false, ellipses: true } } };
    expect(on("ring-labels", off)).toBe(false);
    expect(on("ellipses", off)).toBe(false); // these codes are points
  });
  test("tiles: a latent plane is known by its prior first", () => {
    expect(tilesOf(state().data)).toEqual(["shares", "steps"]);
  });
});
