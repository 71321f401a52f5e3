/** What may a panel ask of the editor? */

import type { Plane } from "../geometry/planes";
import type { PathChoice } from "../wire/payload";
import type { PinRecord } from "../wire/schema";
import type { Derived } from "./derive";
import type { PinEdit } from "./pins";
import type { MapState } from "./state";

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
  /** The small picture of a point, as the map draws it. */
  thumbnail(point: number): HTMLCanvasElement;
  /** Lays a plane in place of the host's map; without one, says why. */
  layPlane(plane: Plane | null, refusal?: string): void;
  editPins(edit: PinEdit): void;
  /** The path through pins that was chosen here. */
  choosePath(choice: PathChoice | null): void;
  /** Another class to decode as, by its number; null where the host has no chooser. */
  readonly chooseClass: ((label: number) => void) | null;
}
