/**
 * What can be added to the map, and what does one write for it? A layer, a tool, a panel or a command: one record in one file, and one line
 * in the list of its folder (`layers/index.ts`, `tools/index.ts`, `panels/index.ts`, `editor/commands.ts`). The editor only loops over the lists.
 */

import type { RunOnMap } from "../data/run-on-map";
import type { IconName } from "../ui/dom";
import type { ScaleWords } from "../ui/scale-bar";
import type { Sketch } from "../ui/sketch";
import type { Point } from "../wire/schema";
import type { Derived } from "./derive";
import type { PaletteEntry } from "./palette-entries";
import type { MapState, Plot, ToolId } from "./state";
import type { TabSlot } from "./tabs";

/** One moment of the map: everything is drawn from this and from nothing else. */
export interface Frame {
  readonly state: MapState;
  /** What follows from the state, each computed once a frame and only when it is asked for. */
  readonly derived: Derived;
  /** performance.now() */
  readonly now: number;
  /** Motion is unwelcome: entrances are at their end at once. */
  readonly isStill: boolean;
}

/** What a layer draws on. */
export interface LayerCanvas {
  /** In CSS pixels, cleared where the layer is one of several on it. */
  readonly context: CanvasRenderingContext2D;
  /** Of the map within the canvas: at the origin, but for backgrounds, whose canvas has room for tick labels. */
  readonly plot: Plot;
  /** The whole canvas, CSS pixels. */
  readonly width: number;
  readonly height: number;
  readonly ratio: number;
}

/** From below: canvases for what lies under the points, the points, and what lies over them; then elements that are moved, not drawn. */
export type Stratum = "background" | "points" | "overlay" | "marks";

/** Of work in slices: nothing left, more to do, or more to do and something new to be seen. */
export type Progress = "done" | "working" | "show";

/** How a layer that can be switched is told of in the layers menu, in the palette, in announcements and in the help. */
export interface LayerWords {
  /** One background at a time lies under the points; overlays are switched one by one. */
  readonly group: "background" | "overlay";
  /** Its place in the menu: smaller numbers come first. */
  readonly rank: number;
  readonly name: string;
  readonly help: string;
  /** What it looks like, for the menu. */
  readonly sketch: Sketch;
  /** In announcements, where the name would not do. */
  readonly spoken?: string;
  /** The letter that switches it, and what the list of keys says of it. */
  readonly key?: readonly [letter: string, help: string];
  /** Its button in the toolbar. */
  readonly button?: CommandButton;
}

/** A name beside a mark of the map; without a text the mark alone, which no name may cover. */
export interface MapLabel {
  readonly text: string;
  /** Of the mark's middle on the map, CSS pixels. */
  readonly at: Point;
  /** From there to the mark's edge, CSS pixels. */
  readonly reach: number;
  /** Smaller is more important: it is placed first. */
  readonly rank: number;
}

export interface Layer {
  readonly id: string;
  readonly stratum: Stratum;
  /** Null: it is always on, and draws nothing where there is nothing. */
  readonly words: LayerWords | null;
  /** The layer whose switch it shares. */
  readonly follows?: string;
  readonly isOnAtFirst?: boolean;
  /** Whether it makes sense for this run and map. */
  offered?(data: RunOnMap): boolean;
  /** Fields after whose change it must be drawn again; data, view, theme and layers count for every layer. */
  readonly reads: readonly (keyof MapState)[];
  /**
   * Returns whether it must be drawn again in the next frame: an entrance goes on, pictures are missing.
   * Without it the switch only changes how another layer looks.
   */
  draw?(canvas: LayerCanvas, frame: Frame): boolean;
  /** Names that are drawn over all layers of its canvas, each where there is room for it. */
  labels?(canvas: LayerCanvas, frame: Frame): readonly MapLabel[];
  /** Moves its elements, of a layer of the stratum "marks". */
  place?(marks: HTMLElement, frame: Frame): void;
  /** A slice of what takes longer than a frame, while the layer is on. */
  work?(frame: Frame): Progress;
  /** Of its colours: the words, or how far they are computed, 0 … 1. */
  scale?(data: RunOnMap): { readonly words: ScaleWords | null; readonly share: number };
  /** A sentence under the map about what is not drawn now; "" for none. */
  note?(frame: Frame): string;
}

/** What a drag does. Places are in CSS pixels from the map's upper left corner. */
export interface Tool<Editor> {
  readonly id: ToolId;
  /** What it does, for its button. */
  readonly name: string;
  readonly key?: string;
  readonly icon?: IconName;
  /** Its button is left out where the toolbar is as narrow as a phone. */
  readonly isMinor?: true;
  /** Its line in the help. */
  readonly help?: HelpLine;
  /** What the pointer looks like over the map: a value of `data-drag` in the style sheet, "" for the usual one. */
  readonly cursor: string;
  /** Without an answer: always. */
  offered?(state: CommandState): boolean;
  /** Why it cannot be chosen now, in a sentence; null: it can. */
  refusal?(state: MapState): string | null;
  chosen?(editor: Editor): void;
  /** It was given back for the usual one. */
  left?(editor: Editor): void;
  begin?(editor: Editor, left: number, top: number): void;
  /** dx, dy: since the last place. */
  move(editor: Editor, left: number, top: number, dx: number, dy: number): void;
  end?(editor: Editor, left: number, top: number): void;
  /** After a drag that went nowhere; `end` was before. */
  click?(editor: Editor, left: number, top: number): void;
  /** The drag was cut off, by the system or by a second finger. */
  cancel?(editor: Editor): void;
}

/** Where a panel stands: above the map, over it, under it, beside it, in a tab beside it, or within another panel. */
export type PanelSlot =
  | "above"
  | "over"
  | "below"
  | "side"
  /** On top of what stands beside the map, seen whatever tab is chosen. */
  | "card"
  | TabSlot
  /** Among the facts of the decoded picture, after its class. */
  | "decoded-class"
  /** Beside the classes that colour the points. */
  | "legend";

/** How much room the page gives. */
export interface Room {
  /** The decoded picture stands beside the map, not below it. */
  readonly isWide: boolean;
  /** Of what stands beside the map only the picture is left, in a corner of the map. */
  readonly isFolded: boolean;
  /** Of all together, CSS pixels, where the surface fills the window; else 0. */
  readonly height: number;
  /** As on a phone. */
  readonly isNarrow: boolean;
  /** A column among columns. */
  readonly isCompact: boolean;
  /** Large, for a room: everything for the picture. */
  readonly isPresenting: boolean;
  /** Of the surface, CSS pixels. */
  readonly width: number;
  /** Of what stands beside the map. */
  readonly sideWidth: number;
}

/** A part of the page beside, below or over the map. */
export interface Panel {
  readonly id: string;
  readonly slot: PanelSlot;
  readonly element: HTMLElement;
  /** Elements of its own that stand in other slots. */
  readonly parts?: Readonly<Partial<Record<PanelSlot, HTMLElement>>>;
  /** Slots within it: where each puts the elements of the panels that name it, in the order of the list. */
  readonly places?: Readonly<Partial<Record<PanelSlot, (child: HTMLElement) => void>>>;
  /** Fields after whose change it must be told. */
  readonly reads: readonly (keyof MapState)[];
  update(frame: Frame): void;
  /** A slice of what takes longer than a frame. */
  work?(frame: Frame): Progress;
  /** The page has another size. */
  fit?(room: Room): void;
  /** What of it the palette lists. */
  paletteEntries?(): readonly PaletteEntry[];
  dispose?(): void;
}

/** What of a key event a command may look at. */
export interface KeyInput {
  readonly key: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

/** What of the map's state commands read, to say whether they are offered and whether their button is pressed. */
export type CommandState = Pick<MapState, "tool" | "open" | "tab" | "isSideOpen"> & {
  readonly layers: Pick<MapState["layers"], "background">;
  readonly host: { readonly options: Partial<Pick<MapState["host"]["options"], "drawable" | "compact" | "film">> };
};

export interface CommandButton {
  readonly icon: IconName;
  /** Written on the button, beside the icon. */
  readonly label?: string;
  /** What it does, and its key in brackets. */
  readonly title: string;
  /** Left to gestures, keys and the palette where the toolbar is as narrow as a phone. */
  readonly isMinor?: true;
}

/** A line of the help: keys as they are written there, and what they do. */
export type HelpLine = readonly [keys: string, what: string];

/** What a key, a button of the toolbar, or both do. */
export interface Command<Editor> {
  readonly id: string;
  /** As `editor/keymap.ts` names them: "m", "Enter", "Ctrl+Shift+z". */
  readonly keys: readonly string[];
  /** Its line in the palette; without one it is not listed there. */
  readonly name?: string;
  /** Its key works wherever the keyboard is, also while something is typed. */
  readonly isEverywhere?: true;
  /** Its line in the help. */
  readonly help?: HelpLine;
  /** Its button in the toolbar. */
  readonly button?: CommandButton;
  /** Without an answer: always. */
  enabled?(state: CommandState): boolean;
  /** For a button that stays pressed. */
  pressed?(state: CommandState): boolean;
  /** For a button that opens a panel. */
  expanded?(state: CommandState): boolean;
  /** `key`: the key that gave it; null: a button. */
  run(editor: Editor, key: KeyInput | null): void;
}

/** What a toolbar has to know of a command. */
export type ToolbarCommand = Pick<Command<never>, "id" | "button" | "enabled" | "pressed" | "expanded">;

/** Buttons that stand together, from left to right. */
export type ToolbarGroup = readonly [name: string, commands: readonly ToolbarCommand[]];
