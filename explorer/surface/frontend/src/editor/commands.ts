/**
 * What can be done with the map by a key, by a button, or by both? One record for each, in the order of the help: keymap, toolbar and help
 * are read from this list.
 */

import type { Command } from "../kernel/extension";
import type { MapTool } from "../kernel/map-tool";
import type { TabId } from "../kernel/tabs";
import { LAYERS } from "../layers/index";
import { TOOLS } from "../tools/index";

/** What commands ask of the editor. */
export interface CommandEditor {
  /** Shares of the visible width. */
  step(dx: number, dy: number): void;
  zoomStep(factor: number): void;
  showEverything(): void;
  pinProbe(): void;
  toggleBackground(id: string): void;
  toggleOverlay(id: string): void;
  /** Opens the panel over the map, or closes it where it is open. */
  togglePanel(id: "help" | "palette" | "export"): void;
  /** Chooses the tab beside the map; the chosen one again: back to the details. */
  toggleTab(id: TabId): void;
  /** Shows what stands beside the map, or leaves the whole width to the map. */
  toggleSide(): void;
  /** Large, for a room, or as before. */
  togglePresenting(): void;
  /** Closes what is open, else leaves the presenter's size, else stops what moves. */
  escape(): void;
  /** Hands on a link that opens exactly this. */
  share(): void;
  showHole(): void;
  togglePlaying(): void;
  toggleRandomWalk(): void;
  /** The film of the training in the map's place. */
  showFilm(): void;
  /** Chooses what a drag does; the chosen one again: back to the probe. */
  toggleTool(id: string): void;
  undo(): void;
  redo(): void;
  leavePlane(): void;
}

export type EditorCommand = Command<CommandEditor>;

/** Of the visible width; with Shift five times as far. */
const STEP = 1 / 50;
const BIG = 5;
const ARROWS: Readonly<Record<string, readonly [dx: number, dy: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};
/** A key is pressed several times, a button is clicked once. */
const KEY_ZOOM = 1.25;
const BUTTON_ZOOM = 1.5;
const EXPORT = "Export from the map";
const SIDE = "Hide or show what stands beside the map";

/** A tool by its key and its button; the usual one has neither. */
function toolCommands(): EditorCommand[] {
  return TOOLS.flatMap((tool) => (tool.key ? [chooses(tool, tool.key)] : []));
}

function chooses({ id, name, icon, help, offered, isMinor }: MapTool, key: string): EditorCommand {
  return {
    id,
    keys: [key],
    name,
    ...(help ? { help } : {}),
    ...(icon ? { button: { icon, title: `${name} (${key})`, ...(isMinor ? { isMinor } : {}) } } : {}),
    ...(offered ? { enabled: offered } : {}),
    pressed: ({ tool }) => tool === id,
    run: (editor) => editor.toggleTool(id),
  };
}

/** A layer with a letter of its own is switched by it. */
function layerCommands(): EditorCommand[] {
  return LAYERS.flatMap(({ id, words }): EditorCommand[] => {
    if (!words?.key) return [];
    const { key, button, group } = words;
    return [
      {
        id,
        keys: [key[0]],
        help: key,
        ...(button ? { button, pressed: ({ layers }) => layers.background === id } : {}),
        run: (editor) => (group === "background" ? editor.toggleBackground(id) : editor.toggleOverlay(id)),
      },
    ];
  });
}

export const COMMANDS: readonly EditorCommand[] = [
  {
    id: "move",
    keys: Object.keys(ARROWS),
    help: ["Arrows", "move the probe; with Shift five times as far"],
    run: (editor, key) => {
      const [dx, dy] = ARROWS[key?.key ?? ""] ?? [0, 0];
      const step = STEP * (key?.shiftKey ? BIG : 1);
      editor.step(dx * step, dy * step);
    },
  },
  {
    id: "pin",
    keys: ["Enter"],
    name: "Pin the code",
    help: ["Enter", "pin the code"],
    run: (editor) => editor.pinProbe(),
  },
  {
    id: "zoom-in",
    keys: ["+", "="],
    name: "Zoom in",
    help: ["+  −", "zoom in, zoom out"],
    button: { icon: "plus", title: "Zoom in (+)", isMinor: true },
    run: (editor, key) => editor.zoomStep(key ? KEY_ZOOM : BUTTON_ZOOM),
  },
  {
    id: "zoom-out",
    keys: ["-", "_"],
    name: "Zoom out",
    button: { icon: "minus", title: "Zoom out (−)", isMinor: true },
    run: (editor, key) => editor.zoomStep(1 / (key ? KEY_ZOOM : BUTTON_ZOOM)),
  },
  {
    id: "reset",
    keys: ["0"],
    name: "Show everything",
    help: ["0", "show everything"],
    button: { icon: "reset", title: "Show everything (0)" },
    run: (editor) => editor.showEverything(),
  },
  ...layerCommands(),
  {
    id: "layers",
    keys: ["l"],
    help: ["l", "layers under and over the points"],
    button: { icon: "layers", label: "Layers", title: "what lies under and over the points (l)" },
    expanded: ({ tab, isSideOpen }) => isSideOpen && tab === "layers",
    run: (editor) => editor.toggleTab("layers"),
  },
  {
    id: "hole",
    keys: ["h"],
    name: "Show me a hole",
    help: ["h", "show me a hole: the next region where the prior has mass and no code is near"],
    run: (editor) => editor.showHole(),
  },
  {
    id: "play",
    keys: ["p"],
    name: "Play or pause the path",
    help: ["p", "play or pause the path, or the one through the pins"],
    run: (editor) => editor.togglePlaying(),
  },
  {
    id: "random-walk",
    keys: ["w"],
    name: "Random walk",
    help: ["w", "start or stop a random walk under the prior"],
    run: (editor) => editor.toggleRandomWalk(),
  },
  {
    id: "film",
    keys: ["f"],
    name: "Film of the training",
    help: ["f", "the film of the training in the map's place; f or Esc brings the map back"],
    enabled: ({ host }) => host.options.film === true,
    run: (editor) => editor.showFilm(),
  },
  ...toolCommands(),
  {
    id: "undo",
    keys: ["Ctrl+z"],
    name: "Undo",
    help: ["Ctrl+Z", "undo what was done to the pins; with Shift redo"],
    run: (editor) => editor.undo(),
  },
  { id: "redo", keys: ["Ctrl+Shift+z", "Ctrl+y", "Ctrl+Shift+y"], name: "Redo", run: (editor) => editor.redo() },
  {
    id: "palette",
    keys: ["Ctrl+k"],
    isEverywhere: true,
    help: ["Ctrl+K", "find a command, a layer, an image or a class"],
    button: { icon: "find", label: "Find", title: "commands, layers, images, classes (Ctrl+K)" },
    expanded: ({ open }) => open === "palette",
    run: (editor) => editor.togglePanel("palette"),
  },
  {
    id: "export",
    keys: ["e"],
    name: EXPORT,
    help: ["e", "export the map, the pins, the picture as Python"],
    button: { icon: "export", title: `${EXPORT} (e)` },
    expanded: ({ open }) => open === "export",
    run: (editor) => editor.togglePanel("export"),
  },
  {
    id: "share",
    keys: ["u"],
    name: "Copy link",
    help: ["u", "copy a link that opens exactly this; its QR code"],
    enabled: ({ host }) => host.options.compact !== true,
    run: (editor) => editor.share(),
  },
  {
    id: "present",
    keys: ["Shift+p"],
    name: "Presenter size",
    help: ["Shift+P", "presenter size: large type, one picture, full screen; Esc leaves"],
    run: (editor) => editor.togglePresenting(),
  },
  {
    id: "help",
    keys: ["?"],
    name: "Keys and gestures",
    button: { icon: "help", title: "Keys and gestures (?)", isMinor: true },
    expanded: ({ open }) => open === "help",
    run: (editor) => editor.togglePanel("help"),
  },
  {
    id: "side",
    keys: ["i"],
    name: SIDE,
    help: ["i", "hide or show what stands beside the map"],
    button: { icon: "side", title: `${SIDE} (i)` },
    enabled: ({ host }) => host.options.compact !== true,
    expanded: ({ isSideOpen }) => isSideOpen,
    run: (editor) => editor.toggleSide(),
  },
  { id: "escape", keys: ["Escape"], run: (editor) => editor.escape() },
  { id: "leave-plane", keys: [], run: (editor) => editor.leavePlane() },
];

/** What no key does, for the help. */
export const GESTURES: readonly (readonly [gesture: string, what: string])[] = [
  ["Shift- or Space-drag", "move the map"],
  ["Wheel, pinch", "zoom"],
];

/** The toolbar's groups, and the commands that have a button there, from left to right. */
export const TOOLBAR: readonly (readonly [group: string, commands: readonly string[]])[] = [
  ["Layers", ["manifold", "layers"]],
  ["View", ["lasso", "box", "draw", "pan", "zoom-out", "zoom-in", "reset", "export", "palette", "help", "side"]],
];
