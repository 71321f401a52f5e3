/** Which of the map's layers follow a network that learns? Those that a moment is enough for: nothing that is searched or computed in slices. */

import type { Layer } from "../kernel/extension";
import { grid, paper, plain, tickLabels } from "../layers/background/grid";
import { priorRingLabels, priorRings } from "../layers/overlays/prior-rings";
import { probeMarker } from "../layers/overlays/probe-marker";
import { points } from "../layers/points/points";

/** From below. */
export const LAYERS: readonly Layer[] = [
  paper,
  plain,
  grid,
  priorRings,
  tickLabels,
  points,
  priorRingLabels,
  probeMarker,
];
