/** How are points selected by an outline? It grows with the hand; what lies inside is selected when the hand lets go. */

import { caught } from "../data/selection";
import { count } from "../ui/format";
import type { Point } from "../wire/schema";
import { type MapTool, placeAt, type ToolEditor } from "./map-tool";

/** grow: the outline with one place more. */
export function outlineTool(
  words: Pick<MapTool, "id" | "name" | "key" | "icon" | "isMinor" | "help">,
  grow: (outline: readonly Point[], place: Point) => readonly Point[],
): MapTool {
  const select = (editor: ToolEditor, indices: readonly number[], outline: readonly Point[] = []): void =>
    editor.set({ selection: { indices, outline } });
  return {
    ...words,
    cursor: "",
    begin: (editor, left, top) => select(editor, [], grow([], placeAt(editor.state(), left, top))),
    move: (editor, left, top) => {
      const { indices, outline } = editor.state().selection;
      select(editor, indices, grow(outline, placeAt(editor.state(), left, top)));
    },
    end: (editor, left, top) => {
      const state = editor.state();
      const outline = grow(state.selection.outline, placeAt(state, left, top));
      const found = caught(state.data, outline, state.shown);
      select(editor, found, found.length ? outline : []);
      if (found.length) editor.announce(`${count(found.length)} points selected`);
      else editor.say("No point selected: there is none inside.");
    },
    cancel: (editor) => select(editor, []),
    left: (editor) => select(editor, []),
  };
}
