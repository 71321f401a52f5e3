import { describe, expect, test } from "vitest";
import { COMMANDS, type CommandEditor, type EditorCommand, GESTURES, TOOLBAR } from "../../src/editor/commands";
import { commandFor, keyName, keyWords } from "../../src/editor/keymap";
import type { CommandState } from "../../src/kernel/extension";

function key(name: string, more = {}) {
  return { key: name, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, ...more };
}

function command(id: string): EditorCommand {
  return COMMANDS.find((one) => one.id === id) as EditorCommand;
}

/** What the editor is asked by a command: for each call the method's name and what it is given. */
function calls(one: EditorCommand | null, by: ReturnType<typeof key> | null = null): unknown[][] {
  const made: unknown[][] = [];
  const editor = new Proxy({} as CommandEditor, {
    get:
      (_, name) =>
      (...given: unknown[]) =>
        made.push([name, ...given]),
  });
  one?.run(editor, by);
  return made;
}

/** The only call. */
function asked(one: EditorCommand | null, by: ReturnType<typeof key> | null = null): unknown[] {
  return calls(one, by)[0];
}

const STATE: CommandState = {
  layers: { background: "none" },
  tool: "probe",
  open: null,
  tab: "details",
  isSideOpen: true,
  host: { options: { drawable: true, film: true } },
};

describe("the list", () => {
  test("no two commands have one name, or one key", () => {
    const ids = COMMANDS.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const keys = COMMANDS.flatMap(({ id, keys: own }) => own.map((name) => ({ id, name })));
    const taken = keys.filter(({ name }, i) => keys.findIndex((other) => other.name === name) !== i);
    expect(taken.map(({ id, name }) => `${id}: the key ${name} is taken`)).toEqual([]);
  });
  test("every command asks exactly one thing of the editor", () => {
    for (const one of COMMANDS) expect(calls(one, key(one.keys[0] ?? "")), one.id).toHaveLength(1);
  });
  test("every key of the help does something", () => {
    const inHelp = COMMANDS.flatMap(({ help }) => (help ? help[0].split("  ") : []));
    expect(inHelp.length).toBeGreaterThan(16);
    for (const written of inHelp) {
      const name =
        { Arrows: "ArrowLeft", "−": "-", "Ctrl+Z": "Ctrl+z", "Ctrl+K": "Ctrl+k", "Shift+P": "Shift+p" }[written] ??
        written;
      expect(
        COMMANDS.some(({ keys }) => keys.includes(name)),
        written,
      ).toBe(true);
    }
  });
  test("every key is told of, in the help or on a button", () => {
    const untold = COMMANDS.filter(({ keys, help, button }) => keys.length > 0 && !help && !button);
    expect(untold.map(({ id }) => id)).toEqual(["redo", "escape"]); // redo is in the line of undo
  });
  test("a button's title names a key of its command", () => {
    for (const { button, keys } of COMMANDS) {
      if (!button) continue;
      const written = / \((.|Ctrl\+.)\)$/.exec(button.title)?.[1] ?? "";
      expect(keys).toContain({ "−": "-", "Ctrl+K": "Ctrl+k" }[written] ?? written);
    }
  });
  test("every place in the toolbar has a command with a button, and every button a place", () => {
    const places = TOOLBAR.flatMap(([, ids]) => ids);
    const buttons = COMMANDS.filter(({ button }) => button).map(({ id }) => id);
    expect([...places].sort()).toEqual([...buttons].sort());
  });
  test("a button stays pressed, opens a panel, or does a thing once: never two of them", () => {
    for (const { pressed, expanded } of COMMANDS) expect(Boolean(pressed) && Boolean(expanded)).toBe(false);
  });
  test("gestures without a key are in the help too", () => {
    expect(GESTURES.map(([gesture]) => gesture)).toEqual(["Shift- or Space-drag", "Wheel, pinch"]);
  });
});

describe("what a button shows", () => {
  test.each([
    ["manifold", { layers: { background: "manifold" } }],
    ["lasso", { tool: "lasso" }],
    ["box", { tool: "box" }],
    ["draw", { tool: "draw" }],
    ["pan", { tool: "pan" }],
  ])("%s is pressed in its own state only", (id, state) => {
    expect(command(id).pressed?.({ ...STATE, ...state })).toBe(true);
    expect(command(id).pressed?.(STATE)).toBe(false);
  });
  test("help is expanded while it is open, layers while their tab is seen", () => {
    expect(command("help").expanded?.({ ...STATE, open: "help" })).toBe(true);
    expect(command("help").expanded?.({ ...STATE, open: null })).toBe(false);
    expect(command("layers").expanded?.({ ...STATE, tab: "layers" })).toBe(true);
    expect(command("layers").expanded?.({ ...STATE, tab: "layers", isSideOpen: false })).toBe(false);
    expect(command("layers").expanded?.({ ...STATE, tab: "pins" })).toBe(false);
  });
  test("drawing is offered where the host keeps what is drawn", () => {
    expect(command("draw").enabled?.(STATE)).toBe(true);
    expect(command("draw").enabled?.({ ...STATE, host: { options: {} } })).toBe(false);
  });
});

describe("keys", () => {
  const step = (name: string, more = {}): unknown[] => {
    const input = key(name, more);
    return asked(commandFor(COMMANDS, input), input);
  };
  test("arrows move by a fiftieth of the width, with Shift by a tenth", () => {
    expect(step("ArrowUp")).toEqual(["step", 0, 1 / 50]);
    expect(step("ArrowLeft", { shiftKey: true })).toEqual(["step", -1 / 10, 0]);
  });
  test("plus and minus are each other's inverse, and a click goes further than a key", () => {
    const [more, less] = ["+", "-"].map((name) => step(name)[1] as number);
    expect(more * less).toBeCloseTo(1, 12);
    const [click] = asked(command("zoom-in")).slice(1) as number[];
    expect(click).toBeGreaterThan(more);
  });
  test("letters work with caps lock, browser shortcuts are left alone", () => {
    expect(commandFor(COMMANDS, key("M"))?.id).toBe("manifold");
    expect(commandFor(COMMANDS, key("r", { ctrlKey: true }))).toBeNull();
    expect(commandFor(COMMANDS, key("x", { altKey: true }))).toBeNull();
    expect(commandFor(COMMANDS, key("Tab"))).toBeNull();
  });
  test.each([
    ["undo", key("z", { ctrlKey: true })],
    ["undo", key("z", { metaKey: true })],
    ["redo", key("Z", { ctrlKey: true, shiftKey: true })],
    ["redo", key("y", { metaKey: true })],
  ])("%s: %o", (id, input) => {
    expect(commandFor(COMMANDS, input)?.id).toBe(id);
    expect(asked(commandFor(COMMANDS, input), input)).toEqual([id]);
  });
  test("a letter with Shift gives the command that asks for it, else the letter's own", () => {
    expect(commandFor(COMMANDS, key("P", { shiftKey: true }))?.id).toBe("present");
    expect(commandFor(COMMANDS, key("P"))?.id).toBe("play"); // caps lock
    expect(commandFor(COMMANDS, key("M", { shiftKey: true }))?.id).toBe("manifold");
  });
  test("the palette opens by Ctrl and by ⌘, also while something is typed", () => {
    for (const held of [{ ctrlKey: true }, { metaKey: true }])
      expect(commandFor(COMMANDS, key("k", held))).toMatchObject({ id: "palette", isEverywhere: true });
  });
  test("a key has one name, and is written in one way", () => {
    expect(["m", "Ctrl+k", "Shift+p", "Escape", "?"].map(keyWords)).toEqual(["m", "Ctrl+K", "Shift+P", "Esc", "?"]);
    expect(keyName(key("?", { shiftKey: true }))).toBe("?");
    expect(keyName(key("Z", { ctrlKey: true, shiftKey: true }))).toBe("Ctrl+Shift+z");
    expect(keyName(key("Enter"))).toBe("Enter");
  });
});
