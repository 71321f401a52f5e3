/** What may tools and panels do to the map? Each of their wishes, and the part of the editor that fulfils it. */

import type { ToolEditor } from "../../kernel/map-tool";
import type { PanelEditor } from "../../kernel/panel-editor";
import { LAYERS } from "../../layers/index";
import { picturesOfPoints } from "../../layers/points/thumbnails";
import { COMMANDS, GESTURES, TOOLBAR } from "../commands";
import type { Context } from "../context";
import { nonce } from "../host-events";
import type { Choices } from "./choices";
import { programHere, savePicture, savePins } from "./exporting";
import type { Finding } from "./finding";
import type { Maps } from "./maps";
import type { Pinning } from "./pinning";
import type { Playback } from "./playback";
import type { Probing } from "./probing";

interface Parts {
  readonly probing: Probing;
  readonly playback: Playback;
  readonly pinning: Pinning;
  readonly maps: Maps;
  readonly choices: Choices;
  readonly finding: Finding;
}

/** What tools and panels ask, as the parts of the editor do it. */
export function actionsOf(
  context: Context,
  parts: Parts,
  run: PanelEditor["run"],
  entries: PanelEditor["entries"],
): ToolEditor & PanelEditor {
  const { probing, playback, pinning, maps, choices, finding } = parts;
  const { store, derived, viewport, hint, reader, callbacks } = context;
  const { onClass } = callbacks;
  return {
    derived,
    request: context.request,
    toCode: (z, heading) => probing.toCode(z, heading),
    toPin: (pin) => probing.toPin(pin),
    flyTo: (point) => probing.flyTo(point),
    setPlaying: (isPlaying) => playback.setPlaying(isPlaying),
    seek: (frame) => playback.seek(frame),
    lookAt: (extent, share) => {
      viewport.lookAt(extent, share);
      context.cameraMoved();
    },
    scrollToMap: () => context.scrollToMap(),
    announceLater: (sentence) => reader.later(sentence),
    picturesOf: (points) => picturesOfPoints(context.state.data, points),
    layPlane: (plane, refusal) => maps.layPlane(plane, refusal),
    editPins: (edit) => callbacks.onEdit?.(edit, nonce()),
    choosePath: (choice) => pinning.choosePath(choice),
    chooseClass: onClass ? (label) => onClass(context.state.data.className(label) ?? "") : null,
    layers: LAYERS,
    setBackground: (id) => choices.setBackground(id),
    setTiles: (tiles) => choices.setTiles(tiles),
    toggleOverlay: (id) => choices.toggleOverlay(id),
    setColour: (id) => choices.setColour(id),
    entries,
    findings: (text) => finding.found(text),
    select: (choice) => finding.select(choice),
    savePicture: () => savePicture(context),
    savePins: () => savePins(context),
    python: () => programHere(context, "torch"),
    numpy: () => programHere(context, "numpy"),
    toolbar: TOOLBAR.map(([name, ids]) => [name, ids.flatMap((id) => COMMANDS.find((one) => one.id === id) ?? [])]),
    help: [
      ...COMMANDS.flatMap(({ help, enabled }) => (help && enabled?.(context.state) !== false ? [help] : [])),
      ...GESTURES,
    ],
    run,
    state: () => store.get(),
    set: (patch) => store.set(patch),
    toPlace: (at) => {
      probing.toPlace(at);
      hint.leaveLater();
    },
    pin: () => pinning.pin(),
    pan: (dx, dy) => {
      viewport.pan(dx, dy);
      context.cameraMoved();
    },
    zoom: (factor, left, top) => {
      viewport.zoomBy(factor, left, top);
      context.cameraMoved();
    },
    pause: () => playback.pause(),
    say: (sentence) => context.say(sentence),
    announce: (sentence) => reader.now(sentence),
    keepPath: (places) => callbacks.onEdit?.({ kind: "drawn", places }, nonce()),
  };
}
