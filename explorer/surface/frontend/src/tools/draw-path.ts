/** How is a path drawn by hand? Every place decodes as it is drawn; the host keeps the line and plays it. */

import { type MapTool, placeAt, type ToolEditor } from "../kernel/map-tool";
import type { Point } from "../wire/schema";

/** Places of a line drawn by hand. */
const MOST_DRAWN = 400;

function extend(editor: ToolEditor, trail: readonly Point[], left: number, top: number): readonly Point[] {
  const place = placeAt(editor.state(), left, top);
  editor.toPlace(place);
  const longer = [...trail, place];
  editor.set({ path: { ...editor.state().path, trail: longer } });
  return longer;
}

export const drawPath: MapTool = {
  id: "draw",
  name: "Drag draws a path, which is then played",
  key: "d",
  icon: "draw",
  help: ["d", "in Interpolate: drag draws a path; without a mouse: add stops above the map"],
  cursor: "",
  offered: ({ host }) => Boolean(host.options.drawable),
  refusal: ({ data }) =>
    data.plane ? "A path is drawn on the page's own map: press “Back to” above this one first." : null,
  chosen: (editor) => editor.pause(),
  begin: (editor, left, top) => void extend(editor, [], left, top),
  move: (editor, left, top) => void extend(editor, editor.state().path.trail, left, top),
  end: (editor, left, top) => {
    const places = thinned(extend(editor, editor.state().path.trail, left, top), MOST_DRAWN);
    editor.set({ tool: "probe", selection: { indices: [], outline: [] } });
    if (places.length < 2) return;
    editor.announce("Path drawn");
    editor.keepPath(places);
  },
  cancel: (editor) => editor.set({ path: { ...editor.state().path, trail: [] } }),
  left: (editor) => editor.set({ selection: { indices: [], outline: [] } }),
};

/** At most so many places of a line, evenly, both ends among them; places that repeat are left out. */
export function thinned(line: readonly Point[], most: number): Point[] {
  const moved = line.filter(([x, y], i) => i === 0 || x !== line[i - 1][0] || y !== line[i - 1][1]);
  const n = Math.min(most, moved.length);
  return n < 2 ? moved : Array.from({ length: n }, (_, i) => moved[Math.round((i * (moved.length - 1)) / (n - 1))]);
}
