/** What may tools and panels do to the map? Each of their wishes, and the part of the editor that fulfils it. */

import type { ToolEditor } from "../../kernel/map-tool";
import type { PanelEditor } from "../../kernel/panel-editor";
import { thumbnail } from "../../layers/points/thumbnails";
import type { Context } from "../context";
import { nonce } from "../host-events";
import type { Maps } from "./maps";
import type { Pinning } from "./pinning";
import type { Playback } from "./playback";
import type { Probing } from "./probing";

interface Parts {
  readonly probing: Probing;
  readonly playback: Playback;
  readonly pinning: Pinning;
  readonly maps: Maps;
}

/** What tools and panels ask, as the parts of the editor do it. */
export function actionsOf(context: Context, { probing, playback, pinning, maps }: Parts): ToolEditor & PanelEditor {
  const { store, derived, viewport, hint, reader, callbacks } = context;
  const { onClass } = callbacks;
  return {
    derived,
    request: context.request,
    toCode: (z, heading) => probing.toCode(z, heading),
    toPin: (pin) => probing.toPin(pin),
    flyTo: (point) => probing.flyTo(point),
    thumbnail: (point) => thumbnail(context.state.data, point),
    layPlane: (plane, refusal) => maps.layPlane(plane, refusal),
    editPins: (edit) => callbacks.onEdit?.(edit, nonce()),
    choosePath: (choice) => pinning.choosePath(choice),
    chooseClass: onClass ? (label) => onClass(context.state.data.className(label) ?? "") : null,
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
