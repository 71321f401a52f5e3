/**
 * How does a map come to its sound? The program that plays piano rolls is fetched when the first map with such pictures is shown, or it stands
 * in the file before the map's own; it draws its controls into an element and is told what is decoded.
 *
 * The names of what both tell each other are kept in every bundle: the map's own program may be any of several.
 */

import type { PianoRoll } from "../wire/schema";

/** What is shown at the moment. */
export interface Decoded {
  /** (C·H·W,), to be read at once: the next one is written over it. */
  readonly picture: Float32Array;
  readonly roll: PianoRoll;
  readonly height: number;
  readonly width: number;
  /** The probe goes by itself, along a path or at random. */
  readonly isUnderWay: boolean;
  /** Motion is unwelcome. */
  readonly isCalm: boolean;
}

export interface SoundControls {
  /** Something else is decoded. */
  tell(decoded: Decoded): void;
  leave(): void;
}

/** `halt` stops what moves the probe by itself. */
export type ShowSound = (element: HTMLElement, halt: () => void) => SoundControls;

/** Where the program of a file puts itself. */
export const SOUND_PROGRAM = Symbol.for("latent-atlas-sound-program");

export type Sounding = Window & { [SOUND_PROGRAM]?: ShowSound };
