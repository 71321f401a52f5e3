import { describe, expect, test } from "vitest";
import { COMMANDS, GESTURES, TOOLBAR } from "../../src/editor/commands";
import { mount } from "../../src/editor/mount";
import type { Panel, PanelSlot } from "../../src/kernel/extension";
import type { PanelEditor, PanelMaker } from "../../src/kernel/panel-editor";
import type { MapState } from "../../src/kernel/state";
import { LAYER_PANELS, LAYERS } from "../../src/layers/index";
import { PANELS } from "../../src/panels/index";
import { FakeElement, fake, focus, withoutPage } from "../fake-dom";
import { frameOf, STRAIGHT_PATH, state } from "../map-state";

withoutPage(true);

/** An editor whose state is the given one; what panels ask of it is noted. */
function editorOf(first: MapState): { editor: PanelEditor; asked: unknown[][]; now: () => MapState } {
  let now = first;
  const asked: unknown[][] = [];
  const known: Partial<PanelEditor> = {
    layers: LAYERS,
    toolbar: TOOLBAR.map(([name, ids]) => [name, COMMANDS.filter(({ id }) => ids.includes(id))]),
    help: [...COMMANDS.flatMap(({ help }) => (help ? [help] : [])), ...GESTURES],
    chooseClass: null,
    entries: () => [],
    findings: () => [],
    state: () => now,
    set: (patch) => {
      now = { ...now, ...patch };
      asked.push(["set", ...Object.keys(patch)]);
    },
  };
  const editor = new Proxy(known as PanelEditor, {
    get: (target, name) =>
      name === "derived"
        ? frameOf(now).derived
        : Reflect.has(target, name)
          ? Reflect.get(target, name)
          : (...given: unknown[]) => void asked.push([name, ...given]),
  });
  return { editor, asked, now: () => now };
}

const ALL: readonly PanelMaker[] = [...PANELS, ...LAYER_PANELS];

function made(first = state()): { panels: Panel[] } & ReturnType<typeof editorOf> {
  const one = editorOf(first);
  return { panels: ALL.map((Made) => new Made(one.editor)), ...one };
}

function panel(id: string, first = state()): { one: Panel } & ReturnType<typeof editorOf> {
  const { panels, ...editor } = made(first);
  const one = panels.find((candidate) => candidate.id === id);
  if (!one) throw new Error(id);
  return { one, ...editor };
}

describe("every panel of the list", () => {
  const { panels } = made();
  test("has a name of its own", () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });
  test("reads fields that the state has", () => {
    const fields = Object.keys(state());
    for (const { id, reads } of panels)
      expect(
        reads.filter((key) => !fields.includes(key)),
        id,
      ).toEqual([]);
  });
  test("stands somewhere: on the page, or in another panel", () => {
    const slots = new Set<PanelSlot>(["above", "over", "below", "side"]);
    for (const { places } of panels) for (const slot of Object.keys(places ?? {})) slots.add(slot as PanelSlot);
    expect(panels.filter(({ slot }) => !slots.has(slot)).map(({ id }) => id)).toEqual([]);
  });
  test("can be told of the state, again, and of another size of the page", () => {
    const all = made();
    for (const one of all.panels) {
      one.update(frameOf(all.now()));
      one.update(frameOf(all.now()));
      one.work?.(frameOf(all.now()));
      one.fit?.({
        isWide: true,
        isFolded: false,
        isNarrow: false,
        isCompact: false,
        isPresenting: false,
        width: 1000,
        height: 600,
        sideWidth: 300,
      });
      one.dispose?.();
    }
  });
});

describe("where panels stand", () => {
  const panels = ["first", "second", "third"].map((id) => {
    const element = new FakeElement("div") as unknown as HTMLElement;
    return { id, slot: "below", reads: [], element, update: () => undefined } as Panel;
  });
  test("in the order of the list, and parts of theirs in other slots", () => {
    const [left, tab, part] = [new FakeElement("div"), new FakeElement("div"), new FakeElement("p")];
    const parted: Panel = { ...panels[1], parts: { "tab-details": part as unknown as HTMLElement } };
    mount([panels[0], parted, panels[2]], {
      below: (child) => left.append(fake(child)),
      "tab-details": (child) => tab.append(fake(child)),
    });
    expect(left.nodes).toEqual(panels.map(({ element }) => element));
    expect(tab.nodes).toEqual([part]);
  });
});

describe("the toolbar", () => {
  test("is told of all that its buttons show: a tab that was left is no longer said to be open", () => {
    const { one, now } = panel("toolbar");
    const looked = new Set<PropertyKey>();
    const watched = new Proxy(now(), {
      get: (of, name) => {
        looked.add(name);
        return Reflect.get(of, name);
      },
    });
    for (const { enabled, pressed, expanded } of COMMANDS)
      for (const look of [enabled, pressed, expanded]) look?.(watched);
    expect([...looked].filter((name) => !one.reads.includes(name as keyof MapState))).toEqual([]);
    expect(looked).toContain("tab");
  });
  test("tells how many points are shown where some are not", () => {
    const { one, now } = panel("toolbar");
    one.update(frameOf(now()));
    expect(fake(one.element).textContent).toContain("3 test images");
    one.update(frameOf({ ...now(), shown: now().shown.map((_, slot) => (slot === 0 ? 0 : 1)) }));
    expect(fake(one.element).textContent).toMatch(/[12] of 3 test images/);
  });
});

describe("what lies over the map", () => {
  test.each(["help", "export", "palette"] as const)(
    "%s is shown while it is open, and gives the keyboard back",
    (id) => {
      const { one, now } = panel(id);
      const before = new FakeElement("button");
      before.focus();
      one.update(frameOf(now()));
      expect(fake(one.element).hidden).toBe(true);
      one.update(frameOf({ ...now(), open: id }));
      expect(fake(one.element).hidden).toBe(false);
      expect(fake(one.element).all()).toContain(focus());
      one.update(frameOf({ ...now(), open: null }));
      expect(fake(one.element).hidden).toBe(true);
      expect(focus()).toBe(before);
    },
  );
  test("a keyboard that has gone elsewhere stays there", () => {
    const { one, now } = panel("help");
    const elsewhere = new FakeElement("input");
    one.update(frameOf({ ...now(), open: "help" }));
    elsewhere.focus();
    one.update(frameOf({ ...now(), open: null }));
    expect(focus()).toBe(elsewhere);
  });
  test("the button of the help closes it", () => {
    const { one, asked } = panel("help");
    fake(one.element).find("Close").press();
    expect(asked.at(-1)).toEqual(["set", "open"]);
  });
  test("the help has a line for every command that has one, and for gestures", () => {
    const { one } = panel("help");
    const terms = fake(one.element)
      .all()
      .filter(({ tag }) => tag === "dt");
    expect(terms).toHaveLength(COMMANDS.filter(({ help }) => help).length + GESTURES.length);
  });
});

describe("the path's player", () => {
  const host = { ...state().host, path: STRAIGHT_PATH } as unknown as MapState["host"];
  test("is there where there is a path, and says which", () => {
    const { one, now } = panel("path-player");
    one.update(frameOf(now()));
    expect(fake(one.element).hidden).toBe(true);
    one.update(frameOf({ ...now(), host }));
    expect(fake(one.element).hidden).toBe(false);
    expect(fake(one.element).textContent).toContain("Straight path, A to B");
    expect(fake(one.element).textContent).toContain("1\u00a0/\u00a03");
  });
  test("a loop is wished for by its button, speed by another", () => {
    const { one, now } = panel("path-player", state({ host }));
    fake(one.element).find("Loop: start over at the end instead of turning round").press();
    fake(one.element).find("2×").press();
    expect(now().motion).toMatchObject({ mode: "loop", wantedMode: "loop", speed: 2 });
  });
  test("its button plays, and pauses what plays", () => {
    const first = state({ host });
    const { one, asked } = panel("path-player", { ...first, motion: { ...first.motion, moving: "path" } });
    one.update(frameOf({ ...first, motion: { ...first.motion, moving: "path" } }));
    fake(one.element).find("Pause").press();
    expect(asked.at(-1)).toEqual(["setPlaying", false]);
  });
});

test("the random walk's button says what pressing it does", () => {
  const { one, now } = panel("random-walk");
  one.update(frameOf(now()));
  expect(fake(one.element).textContent).toBe("Random walk");
  one.update(frameOf({ ...now(), motion: { ...now().motion, moving: "random-walk" } }));
  expect(fake(one.element).textContent).toBe("Stop the random walk");
});

test("a selection is told of, and kept as a group under a name of its own", () => {
  const { one, now, asked } = panel("groups");
  const selected = (): MapState => ({ ...now(), selection: { indices: [0, 1], outline: [] } });
  one.update(frameOf(selected()));
  expect(fake(one.element).hidden).toBe(false);
  expect(fake(one.element).textContent).toContain("2 points selected");
  fake(one.element).find("Save as group").press();
  expect(asked.at(-1)).toEqual(["set", "selection"]);
  one.update(frameOf(now()));
  expect(fake(one.element).textContent).toContain(": 2 points");
});
