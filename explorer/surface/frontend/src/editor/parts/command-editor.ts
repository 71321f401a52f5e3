/** What do commands do? Each is the work of one part. */

import { bounds } from "../../geometry/planes";
import { allPins } from "../../kernel/pins";
import type { CommandEditor } from "../commands";
import type { Context } from "../context";
import type { Choices } from "./choices";
import type { Finding } from "./finding";
import type { Maps } from "./maps";
import type { Pinning } from "./pinning";
import type { Playback } from "./playback";
import type { Probing } from "./probing";
import type { Selecting } from "./selecting";

export function commandEditor(
  context: Context,
  parts: {
    readonly playback: Playback;
    readonly probing: Probing;
    readonly pinning: Pinning;
    readonly choices: Choices;
    readonly finding: Finding;
    readonly selecting: Selecting;
    readonly maps: Maps;
  },
): CommandEditor {
  const { playback, probing, pinning, choices, finding, selecting, maps } = parts;
  const { viewport, store } = context;
  return {
    step: (dx, dy) => probing.step(dx, dy),
    /** Around the probe, where the keyboard's attention is. */
    zoomStep: (factor) => {
      viewport.glideZoom(factor, context.state.probe.at);
      context.cameraMoved();
    },
    /** All but the outermost points, which would make the others small; asked again, those and all pins too. */
    showEverything: () => {
      const { data, pins } = context.state;
      const places = allPins(pins).map(({ map }) => map);
      if (viewport.isAtHome) viewport.lookAt(bounds(data.points, places), 0.94);
      else viewport.glideHome();
      context.cameraMoved();
    },
    pinProbe: () => pinning.pin(),
    toggleBackground: (id) => choices.toggleBackground(id),
    toggleOverlay: (id) => choices.toggleOverlay(id),
    togglePanel: (id) => store.set({ open: context.state.open === id ? null : id }),
    escape: () => (context.state.open ? store.set({ open: null }) : playback.pause()),
    showHole: () => finding.showHole(),
    togglePlaying: () => playback.togglePlaying(),
    toggleRandomWalk: () => playback.toggleWalk(),
    toggleTool: (id) => selecting.toggleTool(id),
    undo: () => pinning.panel.key("undo"),
    redo: () => pinning.panel.key("redo"),
    leavePlane: () => maps.leavePlane(),
  };
}
