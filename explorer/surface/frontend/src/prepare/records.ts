/** What goes into the preparation of a picture, and what comes out? */

import type { Plane } from "./plane";

/** In pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Bitmap {
  readonly width: number;
  readonly height: number;
  /** RGBA. */
  readonly data: Uint8ClampedArray;
  /** Of the file, where it was larger and was reduced when it was opened. */
  readonly file?: Size;
}

/** One step that a person can look at; values in 0..255, one plane or three. */
export interface Step {
  readonly title: string;
  readonly sentence: string;
  /** Made when somebody looks. */
  planes(): readonly Plane[];
}

export interface Prepared {
  readonly x: Float32Array;
  readonly steps: readonly Step[];
}

/** Title of the last step, which shows exactly what the model is fed. */
export const MODEL_INPUT = "Model input";
