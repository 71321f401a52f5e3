/**
 * What can a drag do? All tools; a new one is one file and one line here, from which its key, its button and its line of the help are read.
 * The first one is in the hand unless another is chosen.
 */

import type { MapTool, ToolEditor } from "../kernel/map-tool";
import { boxSelect } from "./box-select";
import { drawPath } from "./draw-path";
import { lasso } from "./lasso";
import { pan } from "./pan-zoom";
import { probe } from "./probe";

export const TOOLS: readonly MapTool[] = [probe, drawPath, lasso, boxSelect, pan];

export function toolOf(id: string): MapTool {
  return TOOLS.find((tool) => tool.id === id) ?? probe;
}

/** Chooses a tool; the chosen one again: back to the probe. */
export function toggleTool(editor: ToolEditor, id: string): void {
  const state = editor.state();
  const tool = toolOf(id);
  const refusal = tool.refusal?.(state);
  if (refusal) return editor.say(refusal);
  const isChosen = state.tool === id;
  editor.set({ tool: isChosen ? probe.id : id });
  if (isChosen) tool.left?.(editor);
  else tool.chosen?.(editor);
}
