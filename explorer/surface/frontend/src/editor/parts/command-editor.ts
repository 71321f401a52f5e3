/** What do commands do? Each is the work of one part. */

import { bounds } from "../../geometry/planes";
import type { ToolEditor } from "../../kernel/map-tool";
import type { PanelEditor } from "../../kernel/panel-editor";
import { allPins } from "../../kernel/pins";
import { share } from "../../kernel/screen";
import { FIRST_TAB } from "../../kernel/tabs";
import { toggleTool } from "../../tools/index";
import type { CommandEditor } from "../commands";
import type { Context } from "../context";
import type { Choices } from "./choices";
import type { Finding } from "./finding";
import type { Maps } from "./maps";
import type { Pinning } from "./pinning";
import type { Playback } from "./playback";
import type { Probing } from "./probing";

export function commandEditor(
  context: Context,
  parts: {
    readonly playback: Playback;
    readonly probing: Probing;
    readonly pinning: Pinning;
    readonly choices: Choices;
    readonly finding: Finding;
    readonly actions: ToolEditor & PanelEditor;
    readonly maps: Maps;
  },
): CommandEditor {
  const { playback, probing, pinning, choices, finding, actions, maps } = parts;
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
    toggleTab: (id) => {
      const { tab, isSideOpen } = context.state;
      store.set({ tab: tab === id && isSideOpen ? FIRST_TAB : id, isSideOpen: true });
    },
    toggleSide: () => store.set({ isSideOpen: !context.state.isSideOpen }),
    togglePresenting: () => store.set({ isPresenting: !context.state.isPresenting, open: null }),
    escape: () => {
      const { open, isPresenting } = context.state;
      if (open) store.set({ open: null });
      else if (isPresenting) store.set({ isPresenting: false });
      else playback.pause();
    },
    share: () => share(true),
    showHole: () => finding.showHole(),
    /** Where there is no path, the one through the pins. */
    togglePlaying: () => {
      const to = allPins(context.state.pins).length - 1;
      if (!playback.togglePlaying() && to > 0) pinning.choosePath({ kind: "linear", from: 0, to, all: true });
    },
    toggleRandomWalk: () => playback.toggleWalk(),
    showFilm: () => context.callbacks.onFilm?.(),
    toggleTool: (id) => toggleTool(actions, id),
    undo: () => context.state.host.undo.back && actions.editPins({ kind: "undo" }),
    redo: () => context.state.host.undo.forth && actions.editPins({ kind: "redo" }),
    leavePlane: () => maps.leavePlane(),
  };
}
