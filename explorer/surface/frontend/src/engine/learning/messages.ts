/** What do a page and a learner tell each other? Records that a worker's messages carry; arrays go over without being copied. */

import type { Place } from "./parameters";
import type { Pixels, Settings, Snapshot, Terms, VaeRecord } from "./records";

export interface Start {
  readonly kind: "start";
  readonly record: VaeRecord;
  readonly seed: number;
  readonly batchSize?: number;
  readonly settings?: Partial<Settings>;
  /** To learn from. */
  readonly images: Pixels;
  /** Whose codes are told; left out: the first images that are learned from. */
  readonly shown?: Pixels;
  /** To be the same on every machine: no fused multiply-add. */
  readonly isExact?: boolean;
}

export type ToLearner =
  | Start
  | { readonly kind: "train" }
  | { readonly kind: "pause" }
  | { readonly kind: "step"; readonly steps: number }
  /** To the end of this epoch. */
  | { readonly kind: "epoch" }
  | { readonly kind: "set"; readonly settings: Partial<Settings> }
  | { readonly kind: "snapshot" }
  | { readonly kind: "restore"; readonly snapshot: Snapshot }
  | { readonly kind: "evaluate"; readonly images: Pixels }
  /** The last progress has been taken in: the next may come. */
  | { readonly kind: "seen" };

export interface Progress {
  readonly kind: "progress";
  readonly step: number;
  /** With its part. */
  readonly epoch: number;
  readonly isRunning: boolean;
  readonly settings: Settings;
  /** Means over the steps since the last progress; null where there was none. */
  readonly terms: Terms | null;
  /** Rows of the shown images (n·K); while it runs some may be as they were a little earlier. */
  readonly mu: Float32Array<ArrayBuffer>;
  readonly logvar: Float32Array<ArrayBuffer>;
  /** All arrays of weights as one block, laid out as `Ready` says. */
  readonly weights: Float32Array<ArrayBuffer>;
}

/** A snapshot, and where the shown images are with its weights. */
export interface Kept {
  readonly kind: "snapshot";
  readonly snapshot: Snapshot;
  /** Rows of the shown images (n·K). */
  readonly mu: Float32Array<ArrayBuffer>;
  readonly logvar: Float32Array<ArrayBuffer>;
}

/** The answer to `start`; a progress follows. */
export interface Ready {
  readonly kind: "ready";
  readonly places: readonly Place[];
  readonly nImages: number;
  readonly stepsPerEpoch: number;
  /** Which kernels compute. */
  readonly arithmetic: string;
}

export type FromLearner =
  /** It is there and can be started. */
  | { readonly kind: "here" }
  | Ready
  | Progress
  | Kept
  | { readonly kind: "evaluation"; readonly terms: Terms; readonly step: number }
  /** A term was no finite number, or what was asked for cannot be done; the state is as before. */
  | {
      readonly kind: "stopped";
      readonly term: string;
      readonly sentence: string;
      /** It could not be started: no `ready` comes. */
      readonly isStart?: true;
    };
