/** What do layers, tools, panels and commands share? One frozen record of plain values; caches, canvases and elements stay with their owners. */

import type { PosteriorMarker } from "../data/posterior-marker";
import type { RunOnMap } from "../data/run-on-map";
import type { SavedGroup } from "../data/saved-groups";
import type { Camera, Size } from "../geometry/camera";
import type { Theme } from "../ui/theme";
import type { HostRecord } from "../wire/payload";
import type { Point } from "../wire/schema";
import type { Ways } from "./geodesics";
import type { PathEnds } from "./path-ends";
import type { Motion } from "./path-playback";
import type { PinsState } from "./pins";
import type { Reading } from "./reading";
import type { Shown } from "./shown-classes";
import type { TabId } from "./tabs";

/** A code z (K,). */
export type Code = readonly number[];

/**
 * What the person looks at: exactly one of these.
 *
 * `at` is where the probe stands on the map that is shown. Only a probe from the map has the code of that place; every other one brings its
 * code, for which the place may be only the nearest.
 */
export type Probe =
  | { readonly from: "map"; readonly at: Point }
  /** Sliders, a pin, a sample, a drawing, the host. */
  | { readonly from: "code"; readonly at: Point; readonly z: Code; readonly heading: string }
  /** A moment of the path that is played. */
  | { readonly from: "path"; readonly at: Point; readonly z: Code; readonly decodeAs: number | null }
  | { readonly from: "random-walk"; readonly at: Point; readonly z: Code }
  /** Another map of the page: the same code, or this run's own code of the same image, which is point `nearest` (−1: none). */
  | {
      readonly from: "linked";
      readonly at: Point;
      readonly z: Code;
      readonly heading: string;
      readonly nearest: number;
    };

/** The map's rectangle within the stage, CSS pixels; the rest carries tick labels. */
export interface Plot extends Size {
  readonly left: number;
  readonly top: number;
}

/** What part of the map is seen, and on how large a canvas. */
export interface View {
  readonly camera: Camera;
  /** How much closer than when everything is shown. */
  readonly zoom: number;
  readonly plot: Plot;
  /** Pixels of the screen in one CSS pixel. */
  readonly ratio: number;
}

/** How tiles of the decoded manifold are laid: equal steps of the map's unit, or equal shares of the prior (Kingma & Welling 2014, fig. 4). */
export type Tiles = "steps" | "shares";

/** Which layers are on, by their ids in `layers/index.ts`. */
export interface LayerChoice {
  /** Exactly one lies under the points. */
  readonly background: string;
  readonly tiles: Tiles;
  /** Each of those that can be switched by itself. */
  readonly on: Readonly<Record<string, boolean>>;
}

export interface Selection {
  readonly indices: readonly number[];
  /** The loop or box that is drawn or was drawn last, in map units. */
  readonly outline: readonly Point[];
}

/** The path that is played, and the one that is being drawn by hand. */
export interface PathState {
  /** The path through pins that was chosen here; the host may have one of its own. */
  readonly ends: PathEnds | null;
  /** The geodesics that were found last, of this path or of an earlier one. */
  readonly ways: Ways | null;
  /** When it began to draw itself, performance.now(). */
  readonly since: number;
  readonly trail: readonly Point[];
}

/** An image that did not come with the run, whose posterior may be asked for; “none yet” where a pad is empty. */
export type OwnPicture =
  | { readonly x: Float32Array; readonly q: { readonly mu: ArrayLike<number>; readonly logvar: ArrayLike<number> } }
  | "none yet"
  | null;

/** q(z|x) of one picture; x (C·H·W,) in [0, 1], null where it is not here. std 0: a code that is a point. */
export interface EncodedPicture {
  readonly label: string;
  readonly mu: readonly number[];
  readonly std: readonly number[];
  readonly x: Float32Array | null;
}

/** Which quantity colours the points. */
export interface ColourChoice {
  /** "class" for none. */
  readonly id: string;
  /** False while it is still being counted: until then the classes colour them. */
  readonly isKnown: boolean;
}

/** What a drag does: one of the tools in `tools/index.ts`. */
export type ToolId = string;

/** All that is shared. Frozen; replaced, never changed. A field more needs a reason. */
export interface MapState {
  /** The host's run and map, or the same run on a plane that was laid here. */
  readonly data: RunOnMap;
  readonly view: View;
  readonly theme: Theme;
  readonly probe: Probe;
  readonly shown: Shown;
  readonly layers: LayerChoice;
  readonly colourBy: ColourChoice;
  readonly selection: Selection;
  /** Groups of points that were named; the browser's tab keeps them, `data/saved-groups.ts`. */
  readonly groups: readonly SavedGroup[];
  readonly tool: ToolId;
  readonly pins: PinsState;
  readonly path: PathState;
  readonly motion: Motion;
  /** What is told of the shown code, by one panel and read by others. */
  readonly reading: Reading;
  readonly ownPicture: OwnPicture;
  /** A picture of the person's own, or one that the host chose, whose posterior is told of beside the map. */
  readonly encoded: EncodedPicture | null;
  /** What panels put on the map beside the host's markers. */
  readonly markers: readonly PosteriorMarker[];
  /** Id of the panel that lies over the map. */
  readonly open: string | null;
  /** Which tab beside the map is chosen. */
  readonly tab: TabId;
  /** Whether there is a column beside the map at all, or only the decoded picture in a corner of the map. */
  readonly isSideOpen: boolean;
  /** Large, for a room: one picture, and no controls while the mouse rests. */
  readonly isPresenting: boolean;
  /** What the host said last. */
  readonly host: HostRecord;
}
