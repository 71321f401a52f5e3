/** Which layers are there? All of them, from the lowest to the highest; a new one is one file and one line here. */

import type { Layer } from "../kernel/extension";
import type { PanelMaker } from "../kernel/panel-editor";
import { density } from "./background/density";
import { grid, paper, plain, tickLabels } from "./background/grid";
import { holes } from "./background/holes";
import { magnification } from "./background/magnification";
import { manifold } from "./background/manifold";
import { classContours } from "./overlays/class-contours";
import { markers } from "./overlays/markers";
import { nearestCodes } from "./overlays/nearest-codes";
import { path, trail } from "./overlays/path";
import { pins } from "./overlays/pins";
import { posteriorEllipses } from "./overlays/posterior-ellipses";
import { priorRingLabels, priorRings } from "./overlays/prior-rings";
import { probeMarker } from "./overlays/probe-marker";
import { selection } from "./overlays/selection";
import { truePosterior } from "./overlays/true-posterior/layer";
import { TruePosteriorWords } from "./overlays/true-posterior/words";
import { points, shapes } from "./points/points";
import { thumbnails } from "./points/thumbnails";

export const LAYERS: readonly Layer[] = [
  paper,
  plain,
  manifold,
  density,
  holes,
  magnification,
  grid,
  priorRings,
  tickLabels,
  points,
  shapes,
  thumbnails,
  classContours,
  posteriorEllipses,
  truePosterior,
  selection,
  priorRingLabels,
  nearestCodes,
  trail,
  path,
  markers,
  pins,
  probeMarker,
];

/** What is told of a layer beside the map, where its colours need more words than a scale. */
export const LAYER_PANELS: readonly PanelMaker[] = [TruePosteriorWords];
