/** What stands on the screen that only the page knows? Plain values, for a link that opens exactly this. */

import type { Plane } from "../geometry/planes";
import type { PathChoice } from "../wire/payload";
import type { Point } from "../wire/schema";
import type { Code, MapState, Probe, Tiles } from "./state";

/** A line of the drawing; lengths are pixels of the model's frame. */
export interface StrokeRecord {
  readonly tool: "pen" | "eraser";
  readonly width: number;
  readonly dots: readonly Point[];
}

/** A plane that was laid through the latent space; K latent dimensions. */
export interface PlaneRecord {
  readonly title: string;
  readonly note: string;
  readonly labels: readonly [x: string, y: string];
  /** (K,). */
  readonly origin: readonly number[];
  /** (2·K,), two orthonormal rows. */
  readonly basis: readonly number[];
}

/** What is looked at. */
export interface ProbeRecord {
  readonly at: Point;
  /** A code (K,) of which the place need not be the map's own, and what it is called; none for a place of the map. */
  readonly z: readonly number[];
  readonly heading: string;
}

/** Points that were named; rows of the run, in ascending order. */
export interface GroupRecord {
  readonly name: string;
  readonly indices: readonly number[];
}

/** Everything is what it says on its own map; names that a map does not have are nothing there. */
export interface Screen {
  /** Run and map, “mnist-20d/umap”. */
  readonly of: string;
  /** Map place in the middle, and how many map units are seen across; null: everything is shown. */
  readonly camera: readonly [x: number, y: number, across: number] | null;
  readonly background: string;
  readonly overlays: readonly string[];
  readonly tiles: string;
  readonly colour: string;
  /** Slots of the classes that are hidden. */
  readonly hidden: readonly number[];
  readonly tab: string;
  readonly isSideOpen: boolean;
  /** Rows of the run's points, in ascending order. */
  readonly selection: readonly number[];
  readonly groups: readonly GroupRecord[];
  readonly plane: PlaneRecord | null;
  /** Null while something moves. */
  readonly probe: ProbeRecord | null;
  /** Through pins, by their numbers; null for none, or for the host's. */
  readonly walk: PathChoice | null;
  /** Where the film rests, 0 … 1; null while it plays. */
  readonly film: number | null;
  readonly strokes: readonly StrokeRecord[];
}

/** The words that a link may have for this map, by their keys in links. */
export interface Offered {
  readonly bg: readonly string[];
  readonly over: readonly string[];
  readonly tiles: readonly string[];
  readonly by: readonly string[];
  readonly tab: readonly string[];
}

/** A map that fills the page, as the one who keeps its screen sees it. Names here are not those of its parts: its program shortens those. */
export interface ScreenSource {
  state(): MapState;
  /** Whether everything is shown. */
  showsAll(): boolean;
  strokes(): readonly StrokeRecord[];
  /** The class that the picture of a code most probably is of, by its number; −1 where none is known. */
  looks(z: Code): number;
  words(): Offered;
  change(patch: Partial<MapState>): void;
  /** Maps that follow this one do. */
  aim(probe: Probe): void;
  /** A background that this map does not have changes nothing. */
  ground(id: string): void;
  /** A quantity that this map does not have, too. */
  tint(id: string): void;
  tile(tiles: Tiles): void;
  /** Null: the host's map again. */
  lay(plane: Plane | null): void;
  /** Stops the film there. */
  rest(position: number): void;
  take(walk: PathChoice | null): void;
  ink(strokes: readonly StrokeRecord[]): void;
  /** Everything is shown again. */
  whole(): void;
  /** Map place in the middle, and how many map units are seen across. */
  look(x: number, y: number, across: number): void;
  say(sentence: string): void;
  /** That layer alone over the map, until it is null: then those that were on are on again. The screen is told of by none of it. */
  light(id: string | null): void;
}

/** Events of the window, because the page's programs are loaded apart: a map has come or changed (detail: its `ScreenSource`). */
export const SCREEN = "latent-atlas-screen";
/** Who keeps screens has come: maps that are there tell of themselves. */
export const WHICH_SCREEN = "latent-atlas-which-screen";
/** The page is to be shared; detail: whether the link is copied at once. */
export const SHARE = "latent-atlas-share";

/** The run is to be taken away as a web page, which the host has in its menu. */
export const SAVE_PAGE = "latent-atlas-save-page";

export function share(isCopied: boolean): void {
  dispatchEvent(new CustomEvent(SHARE, { detail: isCopied }));
}
