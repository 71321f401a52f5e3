/** What does a plain drag do? It looks: every place decodes as the hand passes, and a click pins. */

import { type MapTool, pinAt, placeInView, type ToolEditor } from "../kernel/map-tool";

function look(editor: ToolEditor, left: number, top: number): void {
  editor.toPlace(placeInView(editor.state(), left, top));
}

export const probe: MapTool = {
  id: "probe",
  name: "Drag decodes along the way",
  cursor: "",
  begin: look,
  move: look,
  click: pinAt,
};
