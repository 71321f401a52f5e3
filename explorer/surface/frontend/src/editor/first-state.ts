/** What is the state of the surface's map when its first bytes have come? */

import { RunOnMap } from "../data/run-on-map";
import { restState } from "../kernel/rest-state";
import type { MapState } from "../kernel/state";
import { LAYERS } from "../layers/index";
import type { Payload } from "../wire/payload";
import type { Callbacks } from "./host-events";
import { themeOf } from "./parts/page-layout";

export function firstState(root: HTMLElement, { onPin }: Callbacks, payload: Payload): MapState {
  const data = new RunOnMap(payload);
  const pinnable = onPin !== undefined;
  return restState({ data, theme: themeOf(root), layers: LAYERS, host: payload.dynamic, pinnable });
}
