import { afterEach, describe, expect, test, vi } from "vitest";
import type { Callbacks } from "../../src/editor/host-events";
import { MapEditor } from "../../src/editor/map-editor";
import { ScreenReader } from "../../src/editor/screen-reader";
import { fit } from "../../src/geometry/camera";
import { PENDING_MS } from "../../src/kernel/pins";
import type { Code, MapState } from "../../src/kernel/state";
import { classWords } from "../../src/ui/format";
import { parsePayload } from "../../src/wire/payload";
import { FakeElement, withoutPage } from "../fake-dom";
import { tinyRun, writePayload } from "../helpers";
import { STRAIGHT_PATH, tiny } from "../map-state";

withoutPage();
vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });

interface Opened {
  readonly editor: MapEditor;
  readonly body: FakeElement;
  readonly heard: unknown[][];
  state(): MapState;
  said(): string;
  /** A frame `ms` after the last one. */
  frame(ms?: number): void;
}

let open: MapEditor | null = null;

/** A map of three points, as a host opens it. */
function opened(says: object = {}, options: object = {}): Opened {
  const [root, body] = [new FakeElement("div"), new FakeElement("div")];
  const heard: unknown[][] = [];
  const callbacks = Object.fromEntries(
    ["onPin", "onEdit", "onWalk"].map((name) => [name, (...given: unknown[]) => heard.push([name, ...given])]),
  ) as Callbacks;
  const { header, arrays } = tinyRun();
  const { host } = tiny();
  const payload = parsePayload(
    writePayload({ ...host, ...says, options: { ...host.options, pinnable: true, ...options } }, header, arrays),
  );
  const reader = new ScreenReader();
  const editor = new MapEditor(
    root as unknown as HTMLElement,
    body as unknown as HTMLElement,
    reader,
    callbacks,
    payload,
  );
  editor.update(payload);
  editor.showNow();
  open = editor;
  let now = performance.now();
  const loop = editor as unknown as { frame(now: number): void };
  return {
    editor,
    body,
    heard,
    state: () => editor.context.state,
    said: () => reader.element.textContent ?? "",
    frame: (ms = 16) => loop.frame((now += ms)),
  };
}

afterEach(() => open?.dispose());

describe("layers and colours", () => {
  test("a background is switched by its command and again by it, aloud", () => {
    const { editor, state, said } = opened();
    editor.parts.commands.toggleBackground("manifold");
    expect(state().layers.background).toBe("manifold");
    expect(said()).toMatch(/^Background: /);
    editor.parts.commands.toggleBackground("manifold");
    expect(state().layers.background).not.toBe("manifold");
  });
  test("an overlay is shown and hidden, aloud", () => {
    const { editor, state, said } = opened();
    editor.parts.commands.toggleOverlay("neighbours");
    expect(state().layers.on["neighbours"]).toBe(true);
    expect(said()).toMatch(/ shown$/);
    editor.parts.commands.toggleOverlay("neighbours");
    expect(said()).toMatch(/ hidden$/);
  });
  test("what no layer is called changes nothing", () => {
    const { editor, state } = opened();
    const before = state().layers;
    editor.parts.commands.toggleOverlay("nothing");
    expect(state().layers).toBe(before);
  });
});

describe("the probe", () => {
  test("goes to a place, to a code with its words, and by steps of the visible width", () => {
    const { editor, state } = opened();
    const { probing } = editor.parts;
    probing.toPlace([0.5, 0.25]);
    expect(state().probe).toEqual({ from: "map", at: [0.5, 0.25] });
    probing.toCode([0.5, 0.25]);
    expect(state().probe).toMatchObject({ from: "code", z: [0.5, 0.25], heading: "By the sliders" });
    const [x, y] = state().probe.at;
    probing.step(0.1, 0);
    expect(state().probe.at[0]).toBeGreaterThan(x);
    expect(state().probe.at[1]).toBe(y);
  });
  test("shows a pin's own code, and of another run's pin only the place", () => {
    const { editor, state } = opened();
    editor.parts.probing.toPin({ label: "A", z: [1, 2], map: [0, 0] } as never);
    expect(state().probe).toMatchObject({ from: "code", z: [1, 2], heading: "Pin A" });
    editor.parts.probing.toPin({ label: "A", z: [1, 2, 3], map: [0, 0] } as never);
    expect(state().probe).toMatchObject({ from: "map", at: [0, 0] });
  });
});

test("a picture that the host has no longer, such as after a file that is none, takes its marker along", () => {
  const { editor, state, frame } = opened();
  const tell = (subject: object | null): void => {
    editor.context.store.set({ host: { ...state().host, subject } as never });
    frame();
  };
  frame();
  tell({ label: "your picture", mu: [0.5, 0.25], std: [0.1, 0.1], x: null });
  expect(state().encoded).toMatchObject({ label: "your picture", mu: [0.5, 0.25] });
  tell(null);
  expect(state().encoded).toBeNull();
});

describe("pins", () => {
  test("what is shown is pinned at once, the host hears of it, and what it does not keep goes", () => {
    const { editor, state, heard, said } = opened();
    editor.parts.probing.toCode([0.5, 0.25]);
    editor.parts.commands.pinProbe();
    expect(heard).toEqual([["onPin", expect.objectContaining({ z: [0.5, 0.25], isOwnCode: true })]]);
    expect(editor.context.derived.pins).toHaveLength(1);
    expect(said()).toMatch(/^Pinned A at /);
    expect(state().pins.pending).toHaveLength(1);
    vi.spyOn(performance, "now").mockReturnValue(performance.now() + PENDING_MS + 50);
    vi.advanceTimersByTime(PENDING_MS + 50);
    vi.restoreAllMocks();
    expect(state().pins.pending).toEqual([]);
  });
  test("where nothing can be pinned nothing is", () => {
    const { editor, heard } = opened({}, { pinnable: false });
    editor.parts.commands.pinProbe();
    expect(heard).toEqual([]);
  });
});

describe("what moves by itself", () => {
  test("a path plays at once, the probe goes along, and rests on a frame of its own", () => {
    const { editor, state, frame } = opened({ path: STRAIGHT_PATH });
    expect(state().motion.moving).toBe("path");
    frame();
    frame(500);
    expect(state().probe).toMatchObject({ from: "path" });
    editor.parts.commands.togglePlaying();
    expect(state().motion.moving).toBeNull();
    expect(STRAIGHT_PATH.z).toContainEqual((state().probe as { readonly z?: Code }).z);
  });
  test("a frame that is asked for by its number stops the film there", () => {
    const { editor, state } = opened({ path: STRAIGHT_PATH });
    editor.parts.playback.seek(1);
    expect(state().motion).toMatchObject({ moving: null, head: { position: 0.5 } });
    expect(state().probe).toMatchObject({ from: "path", z: [1, 1], at: [1, 1] });
  });
  test("a hand on the map stops it", () => {
    const { editor, state } = opened({ path: STRAIGHT_PATH });
    editor.parts.probing.toPlace([0, 0]);
    expect(state().motion.moving).toBeNull();
    expect(state().probe.from).toBe("map");
  });
  test("the random walk leaves from the shown code, and its command stops it", () => {
    const { editor, state, frame, said } = opened();
    editor.parts.commands.toggleRandomWalk();
    expect(said()).toBe("Random walk");
    frame();
    frame();
    expect(state().probe.from).toBe("random-walk");
    editor.parts.commands.toggleRandomWalk();
    const { probe } = state();
    frame();
    expect(state().probe).toBe(probe);
  });
  test("Escape closes what is open first, then stops what moves", () => {
    const { editor, state } = opened({ path: STRAIGHT_PATH });
    editor.parts.commands.togglePanel("help");
    editor.parts.commands.escape();
    expect(state().open).toBeNull();
    expect(state().motion.moving).toBe("path");
    editor.parts.commands.escape();
    expect(state().motion.moving).toBeNull();
  });
});

describe("finding", () => {
  const answered = ({ editor, body }: Opened, text: string): string => {
    editor.parts.commands.togglePanel("palette");
    editor.showNow();
    const search = body.find("Find a command, a layer, an image or a class");
    search.value = text;
    search.tell("input");
    const first = body.find("What is found").children[0]?.textContent ?? "";
    search.tell("keydown", { key: "Enter" });
    return first || (search.parent?.children.at(-1)?.textContent ?? "");
  };
  test("an image by its number, which the probe then shows", () => {
    const one = opened();
    const number = one.state().data.numberOf(2);
    expect(answered(one, `image ${number}`)).toMatch(new RegExp(`^Test image ${number}`));
    expect(one.state().probe.at).toEqual([...one.state().data.place(2)]);
  });
  test("a class by its name, alone or after the word, and all of them by the word alone; an image by its number or after #", () => {
    const { editor, state } = opened();
    const { data } = state();
    const finding = (text: string): string[] => editor.parts.finding.found(text).map(({ name }) => name);
    const all = [0, 1].map((k) => `Only ${classWords(data.className(k))}`);
    expect(finding("class")).toEqual(all);
    expect(finding(`class ${data.className(1)}`)).toEqual([all[1]]);
    expect(finding("#1")).toEqual(["Test image 1"]);
    expect(finding("image 1")).toEqual(["Test image 1"]);
    expect(finding("")).toEqual([]);
    editor.parts.finding.found(`class ${data.className(1)}`)[0].run();
    expect([...state().shown]).toEqual([0, 1, 0]);
  });
  test("what is not there is said to be not there", () => {
    expect(answered(opened(), "77")).toBe("Test image 77is not there: they go from 0 to 2");
    expect(answered(opened(), "no such")).toBe("Nothing found for “no such”.");
  });
});

describe("another payload", () => {
  test("of the same map keeps the probe; undo and redo are asked of the host", () => {
    const { editor, state, heard } = opened({ undo: { back: true, forth: false } });
    editor.parts.probing.toPlace([0.5, 0.25]);
    editor.parts.commands.undo();
    editor.parts.commands.redo();
    expect(heard.map(([name, edit]) => [name, edit])).toEqual([["onEdit", { kind: "undo" }]]);
    expect(state().probe.at).toEqual([0.5, 0.25]);
  });
  test("of another run has no path of the run before, for which pins of the same codes would do; another map of the run has", () => {
    const { editor, state } = opened();
    const { header, arrays } = tinyRun();
    const { host } = tiny();
    const ends = { kind: "linear", all: false, from: "0.0000,0.0000", to: "1.0000,1.0000" } as const;
    editor.context.store.set({ path: { ...state().path, ends, ways: { key: "[]", codes: [] } } });
    const shows = (changed: object): void =>
      editor.update(parsePayload(writePayload(host, { ...header, ...changed }, arrays)));
    shows({ id: "zoomed", view_extent: [-2, 2, -2, 2] });
    expect(state().data.header.id).toBe("zoomed");
    expect(state().path).toMatchObject({ ends });
    shows({ id: "other", run: { ...(header.run as object), id: "other" } });
    expect(state().path).toMatchObject({ ends: null, ways: null });
  });
  test("of another map is looked at as a whole, wherever one looked on the map before", () => {
    const { editor, state } = opened();
    const { header, arrays } = tinyRun();
    editor.context.viewport.zoomBy(4, 10, 10);
    editor.context.cameraMoved();
    const { camera, plot } = state().view;
    const extent = [6, 14, -2, 2] as const;
    editor.update(parsePayload(writePayload(tiny().host, { ...header, id: "elsewhere", view_extent: extent }, arrays)));
    expect(state().view.camera).not.toEqual(camera);
    expect(state().view.camera).toEqual(fit([...extent], plot));
    expect(state().view.zoom).toBe(1);
  });
  test("panels stand where their records say", () => {
    const { body } = opened();
    const [left, card] = body.children;
    expect(left.children[0].getAttribute("class")).toBe("la-toolbar");
    expect(card.getAttribute("class")).toBe("la-side");
    expect(card.children[0].getAttribute("aria-label")).toBe("Under the cursor: tiny, Latent plane");
  });
});
