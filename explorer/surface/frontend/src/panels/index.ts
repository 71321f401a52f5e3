/** Which panels stand around the map, each told of the state by itself? From above to below; a new one is one file and one line here. */

import type { Panel } from "../kernel/extension";
import type { PanelEditor } from "../kernel/panel-editor";
import { Extremes } from "./extremes";
import { GroupsPanel } from "./groups/panel";
import { Legend } from "./legend";
import { PicturesByClass } from "./pictures-by-class";
import { PinsPanel } from "./pins";
import { PlanePanel } from "./plane";
import { LatentSliders } from "./sliders";

export const PANELS: readonly (new (editor: PanelEditor) => Panel)[] = [
  PicturesByClass,
  Legend,
  GroupsPanel,
  Extremes,
  LatentSliders,
  PinsPanel,
  PlanePanel,
];
