/** What does the palette list? Commands, tools and layers, each with its key, as their records say; then what panels add of their own. */

import type { Panel } from "../../kernel/extension";
import { isOffered, type NamedLayer, named } from "../../kernel/layer-choice";
import type { PaletteEntry } from "../../kernel/palette-entries";
import { LAYERS } from "../../layers/index";
import { TOOLS } from "../../tools/index";
import { COMMANDS } from "../commands";
import type { Context } from "../context";
import { keyWords } from "../keymap";
import type { Choices } from "./choices";

export function paletteEntries(
  { state }: Context,
  choices: Choices,
  panels: readonly Panel[],
  run: (id: string) => void,
): PaletteEntry[] {
  const tools = new Set(TOOLS.map(({ id }) => id));
  const commands = COMMANDS.flatMap(({ id, name, keys, enabled }) => {
    if (!name || enabled?.(state) === false) return [];
    return [{ name, what: tools.has(id) ? "tool" : "", key: keyWords(keys[0]), run: () => run(id) }];
  });
  const layers = (["background", "overlay"] as const).flatMap((group) =>
    named(LAYERS, group).flatMap((layer) => (isOffered(layer, state.data) ? [layerEntry(layer, choices)] : [])),
  );
  return [...commands, ...layers, ...panels.flatMap((panel) => panel.paletteEntries?.() ?? [])];
}

function layerEntry({ id, words: { group, name, help, key } }: NamedLayer, choices: Choices): PaletteEntry {
  const isBackground = group === "background";
  return {
    name: `${isBackground ? "Background" : "Layer"}: ${name}`,
    what: help,
    key: keyWords(key?.[0]),
    run: () => (isBackground ? choices.setBackground(id) : choices.toggleOverlay(id)),
  };
}
