/**
 * Which panels stand around the map? All of them, in the order in which they are told of the state and, in each slot, from above to below; a
 * new one is one file and one line here.
 */

import type { PanelMaker } from "../kernel/panel-editor";
import { ClassProbabilities } from "./class-probabilities";
import { ColourBy } from "./colour-by";
import { CommandPalette } from "./command-palette";
import { DecodedPicture } from "./decoded-picture/panel";
import { ExportMenu } from "./export-menu";
import { Extremes } from "./extremes";
import { GeodesicProgress } from "./geodesic";
import { GroupsPanel } from "./groups/panel";
import { HelpPanel } from "./help";
import { LayersMenu } from "./layers-menu";
import { Legend } from "./legend";
import { Neighbours } from "./neighbours";
import { PathPlayer } from "./path-player/panel";
import { PathTraces } from "./path-traces";
import { PicturesByClass } from "./pictures-by-class";
import { PinsPanel } from "./pins";
import { PosteriorPanel } from "./posterior/panel";
import { RandomWalkButton } from "./random-walk";
import { Scales } from "./scales";
import { SidePanel } from "./side-panel";
import { PlanePanel } from "./slices/panel";
import { LatentSliders } from "./sliders";
import { SoundPanel } from "./sound";
import { Toolbar } from "./toolbar";

export const PANELS: readonly PanelMaker[] = [
  Toolbar,
  HelpPanel,
  CommandPalette,
  ExportMenu,
  LayersMenu,
  Scales,
  DecodedPicture,
  ClassProbabilities,
  Neighbours,
  PathPlayer,
  SoundPanel,
  GeodesicProgress,
  RandomWalkButton,
  PicturesByClass,
  Legend,
  ColourBy,
  GroupsPanel,
  PathTraces,
  Extremes,
  LatentSliders,
  PosteriorPanel,
  PinsPanel,
  PlanePanel,
  SidePanel,
];
