import { beforeEach, describe, expect, test } from "vitest";
import type { MapTool, ToolEditor } from "../../src/kernel/map-tool";
import type { MapState } from "../../src/kernel/state";
import { boxOf, boxSelect } from "../../src/tools/box-select";
import { drawPath, thinned } from "../../src/tools/draw-path";
import { TOOLS, toggleTool, toolOf } from "../../src/tools/index";
import { lasso } from "../../src/tools/lasso";
import { pan } from "../../src/tools/pan-zoom";
import { probe } from "../../src/tools/probe";
import { fakeEditor, fakeState, pixels } from "./fake-editor";

/** Pixels a unit: the three points lie at (0, 0), (1, 1) and (−1, 0.5). */
const SCALE = 100;
let log: string[];
let editor: ToolEditor;

beforeEach(() => {
  log = [];
  editor = fakeEditor(log, fakeState(SCALE));
});

/** Leads a tool along places of the map. */
function drag(tool: MapTool, ...places: readonly (readonly number[])[]): void {
  const way = places.map((place) => pixels(place, SCALE));
  const [first] = way;
  const last = way[way.length - 1];
  tool.begin?.(editor, ...first);
  way.slice(1).forEach(([left, top], i) => tool.move(editor, left, top, left - way[i][0], top - way[i][1]));
  tool.end?.(editor, ...last);
}

describe("the list", () => {
  test("tools have names and keys of their own, and all but the usual one a key and a button", () => {
    for (const of of ["id", "name", "key"] as const) {
      const all = TOOLS.map((tool) => tool[of]);
      expect(new Set(all).size).toBe(all.length);
    }
    expect(TOOLS.filter(({ key, icon }) => !key || !icon)).toEqual([probe]);
  });
  test("a name that no tool has is the usual one's", () => {
    expect(toolOf("lasso")).toBe(lasso);
    expect(toolOf("nothing")).toBe(probe);
  });
});

describe("choosing", () => {
  test("the chosen one again: back to the probe, and what was selected with it is let go", () => {
    toggleTool(editor, "lasso");
    expect(editor.state().tool).toBe("lasso");
    editor.set({ selection: { indices: [1], outline: [] } });
    toggleTool(editor, "lasso");
    expect(editor.state().tool).toBe("probe");
    expect(editor.state().selection.indices).toEqual([]);
  });
  test("from one to another what is selected stays, with the one that pans too", () => {
    editor.set({ tool: "lasso", selection: { indices: [1], outline: [] } });
    for (const id of ["box", "pan", "pan"]) toggleTool(editor, id);
    expect(editor.state().tool).toBe("probe");
    expect(editor.state().selection.indices).toEqual([1]);
  });
  test("drawing stops what moves", () => {
    toggleTool(editor, "draw");
    expect(log).toEqual(["pause"]);
  });
  test("on a plane of one's own no path is drawn, and why is said", () => {
    const { data } = editor.state();
    editor.set({ data: { ...data, plane: {} } as unknown as MapState["data"] });
    toggleTool(editor, "draw");
    expect(editor.state().tool).toBe("probe");
    expect(log[0]).toMatch(/^say A path is drawn on the page's own map/);
  });
  test("drawing is offered where the host keeps what is drawn", () => {
    const { host } = editor.state();
    expect(drawPath.offered?.(editor.state())).toBe(true);
    expect(
      drawPath.offered?.({ ...editor.state(), host: { ...host, options: { ...host.options, drawable: false } } }),
    ).toBe(false);
  });
});

describe("probe", () => {
  test("decodes along the way, and stays where it can be seen", () => {
    const places: (readonly number[])[] = [];
    editor = { ...editor, toPlace: (at) => places.push(at) };
    drag(probe, [0, 0], [1, 0.5], [9, -9]);
    expect(places).toEqual([
      [0, 0],
      [1, 0.5],
      [2, -2],
    ]);
  });
  test("a click pins where it began", () => {
    editor = fakeEditor(log);
    probe.click?.(editor, 30, 40);
    expect(log).toEqual(["pin 30 40"]);
  });
});

test("pan: the map follows the hand, nothing is decoded", () => {
  drag(pan, [0, 0], [0.5, 0], [0.5, -0.25]);
  expect(log).toEqual(["pan 50 0", "pan 0 25"]);
});

describe("lasso", () => {
  test("selects what lies in the loop, and tells how many", () => {
    drag(lasso, [-0.5, -0.5], [1.5, -0.5], [1.5, 1.5], [-0.5, 1.5]);
    expect(editor.state().selection.indices).toEqual([0, 1]);
    expect(editor.state().selection.outline).toHaveLength(5);
    expect(log).toEqual(["announce 2 points selected"]);
  });
  test("hidden classes are not caught", () => {
    editor.set({ shown: Uint8Array.of(1, 0, 1) });
    drag(lasso, [-0.5, -0.5], [1.5, -0.5], [1.5, 1.5], [-0.5, 1.5]);
    expect(editor.state().selection.indices).toEqual([0]);
  });
  test("an empty loop leaves nothing behind", () => {
    drag(lasso, [1.6, -1.6], [1.8, -1.6], [1.8, -1.4]);
    expect(editor.state().selection).toEqual({ indices: [], outline: [] });
    expect(log).toEqual(["say No point selected: there is none inside."]);
  });
  test("so does one that is cut off", () => {
    lasso.begin?.(editor, 10, 10);
    expect(editor.state().selection.outline).toHaveLength(1);
    lasso.cancel?.(editor);
    expect(editor.state().selection.outline).toEqual([]);
  });
});

describe("box", () => {
  test("from corner to corner, whichever way", () => {
    drag(boxSelect, [0.5, 1.5], [-1.5, -0.5]);
    expect(editor.state().selection.indices).toEqual([0, 2]);
    expect(editor.state().selection.outline).toEqual(boxOf([0.5, 1.5], [-1.5, -0.5]));
  });
});

describe("path by hand", () => {
  test("decodes along the way, hands its places on, and the probe is back in the hand", () => {
    editor = fakeEditor(log);
    editor.set({ tool: "draw" });
    drawPath.begin?.(editor, 10, 10);
    drawPath.move(editor, 20, 10, 10, 0);
    drawPath.end?.(editor, 20, 30);
    expect(log).toEqual(["look 10 10", "look 20 10", "look 20 30", "announce Path drawn", "keep 10 10, 20 10, 20 30"]);
    expect(editor.state().tool).toBe("probe");
    expect(editor.state().path.trail).toHaveLength(3);
  });
  test("a click is no path", () => {
    editor = fakeEditor(log);
    drawPath.begin?.(editor, 10, 10);
    drawPath.end?.(editor, 10, 10);
    expect(log).toEqual(["look 10 10", "look 10 10"]);
  });
  test("one that is cut off leaves no line", () => {
    drawPath.begin?.(editor, 10, 10);
    drawPath.cancel?.(editor);
    expect(editor.state().path.trail).toEqual([]);
  });
  test("a long line keeps its ends, evenly between them, and no place twice in a row", () => {
    const line = Array.from({ length: 1001 }, (_, i): [number, number] => [i, 0]);
    const short = thinned(line, 11);
    expect(short.map(([x]) => x)).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);
    expect(
      thinned(
        [
          [0, 0],
          [0, 0],
          [1, 0],
        ],
        9,
      ),
    ).toHaveLength(2);
  });
});
