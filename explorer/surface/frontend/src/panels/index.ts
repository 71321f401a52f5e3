/**
 * Which panels stand around the map? All of them, in the order in which they are told of the state and, in each slot, from above to below; a
 * new one is one file and one line here.
 */

import type { PanelMaker } from "../kernel/panel-editor";
import { ClassProbabilities } from "./class-probabilities";
import { DecodedPicture } from "./decoded-picture/panel";
import { Extremes } from "./extremes";
import { GeodesicProgress } from "./geodesic";
import { GroupsPanel } from "./groups/panel";
import { HelpPanel } from "./help";
import { LayersMenu } from "./layers-menu/panel";
import { Legend } from "./legend";
import { Neighbours } from "./neighbours";
import { PathPlayer } from "./path-player/panel";
import { PathTraces } from "./path-traces";
import { PicturesByClass } from "./pictures-by-class";
import { PinsPanel } from "./pins";
import { PlanePanel } from "./plane";
import { PosteriorPanel } from "./posterior/panel";
import { RandomWalkButton } from "./random-walk";
import { Scales } from "./scales";
import { SidePanel } from "./side-panel";
import { LatentSliders } from "./sliders";
import { Toolbar } from "./toolbar";

export const PANELS: readonly PanelMaker[] = [
  Toolbar,
  HelpPanel,
  LayersMenu,
  Scales,
  DecodedPicture,
  ClassProbabilities,
  Neighbours,
  PathPlayer,
  GeodesicProgress,
  RandomWalkButton,
  PicturesByClass,
  Legend,
  GroupsPanel,
  PathTraces,
  Extremes,
  LatentSliders,
  PosteriorPanel,
  PinsPanel,
  PlanePanel,
  SidePanel,
];
