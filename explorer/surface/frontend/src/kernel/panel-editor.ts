/** What may a panel ask of the editor? */

import type { Choice } from "../data/selection";
import type { Plane } from "../geometry/planes";
import type { PathChoice } from "../wire/payload";
import type { Extent, PinRecord } from "../wire/schema";
import type { Derived } from "./derive";
import type { HelpLine, Layer, Panel, ToolbarGroup } from "./extension";
import type { PaletteEntry } from "./palette-entries";
import type { PinEdit } from "./pins";
import type { MapState, Tiles } from "./state";

export interface PanelEditor {
  state(): MapState;
  readonly derived: Derived;
  set(patch: Partial<MapState>): void;
  /** Asks for a frame. */
  request(): void;
  /** Shows a code that need have no place on the map. */
  toCode(z: readonly number[], heading?: string): void;
  toPin(pin: PinRecord): void;
  /** Goes to a point of the map, closer. */
  flyTo(point: number): void;
  /** Plays the path, or stops it. */
  setPlaying(isPlaying: boolean): void;
  /** Goes to a frame of the path. */
  seek(frame: number): void;
  /** Brings a part of the map into view, which then takes `share` of it at most. */
  lookAt(extent: Extent, share: number): void;
  /** What was pressed may be far below the map. */
  scrollToMap(): void;
  /** Says it to those who do not see the map, once the movement has stopped. */
  announceLater(sentence: () => string): void;
  /** The small pictures of points, as the map draws them. */
  picturesOf(points: readonly number[]): HTMLCanvasElement[];
  /** Lays a plane in place of the host's map; without one, says why. */
  layPlane(plane: Plane | null, refusal?: string): void;
  editPins(edit: PinEdit): void;
  /** The path through pins that was chosen here. */
  choosePath(choice: PathChoice | null): void;
  /** All layers; which of them this map has says `kernel/layer-choice.ts`. */
  readonly layers: readonly Layer[];
  setBackground(id: string): void;
  setTiles(tiles: Tiles): void;
  toggleOverlay(id: string): void;
  setColour(id: string): void;
  /** All that the palette lists. */
  entries(): readonly PaletteEntry[];
  /** Test images by their number, classes by their name. */
  findings(text: string): readonly PaletteEntry[];
  /** Points named instead of drawn around. Returns the sentence to show where there are none. */
  select(choice: Choice): string;
  savePicture(): void;
  savePins(): void;
  /** A program for PyTorch that gives the picture under the cursor. */
  python(): string;
  /** The same for numpy. */
  numpy(): string;
  readonly toolbar: readonly ToolbarGroup[];
  readonly help: readonly HelpLine[];
  /** Does what the command's key does, by the command's id. */
  run(command: string): void;
  /** Another class to decode as, by its number; null where the host has no chooser. */
  readonly chooseClass: ((label: number) => void) | null;
}

/** How a panel is made. */
export type PanelMaker = new (editor: PanelEditor) => Panel;
