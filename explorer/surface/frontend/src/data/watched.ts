/** What of a map or of a training can a lesson's task be about? Plain values under the names of `explorer/lessons/conditions.py`. */

/** What can be counted or measured, as a number; null while it is not known. */
export type Numbers = Readonly<Record<string, number | null>>;

export interface Watched {
  /** Whose map it is; of a training the key by which the lesson knows it. */
  readonly run: string;
  readonly numbers: Numbers;
  /** What has a name, such as the class under the cursor; of what may be several, all of them. */
  readonly names: Readonly<Record<string, readonly string[]>>;
}

/** A training, which can be asked how far it is; a map is asked by its `ScreenSource`. */
export interface WatchedSource {
  watched(): Watched;
}

/** Events of the window, because the page's programs are loaded apart: a training is further (detail: its `WatchedSource`). */
export const WATCHED = "latent-atlas-watched";
/** A lesson has come: who is there tells of itself. */
export const WHO_IS_WATCHED = "latent-atlas-who-is-watched";
