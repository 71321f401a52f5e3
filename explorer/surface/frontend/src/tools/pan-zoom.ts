/** How is the map moved? By a drag with this tool, or with another one by Shift, Space or another button; two fingers zoom as well. */

import { type MapTool, pinAt } from "../kernel/map-tool";

export const pan: MapTool = {
  id: "pan",
  name: "Drag moves the map instead of the probe",
  key: "v",
  icon: "pan",
  isMinor: true,
  help: ["v", "drag moves the map instead of the probe"],
  cursor: "pan",
  move: (editor, _left, _top, dx, dy) => editor.pan(dx, dy),
  click: pinAt,
};
