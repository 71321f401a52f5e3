/** What is drawn of the posterior of a picture of the person's own? What the host may mark, with spread and samples. */

import type { MarkerRecord, Point } from "../wire/schema";

export interface PosteriorMarker extends MarkerRecord {
  /** Covariance xx, xy, yy on the map, where that is a plane. */
  readonly spread?: readonly [xx: number, xy: number, yy: number] | null;
  /** Samples of the posterior. */
  readonly dots?: readonly Point[];
  /** Which of them is told of. */
  readonly chosen?: number;
}
