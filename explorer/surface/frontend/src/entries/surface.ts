/** What does the bundle offer? `mount` for any host, `Model` without a page, and Streamlit's entry as the default. */

export { offerSearches } from "../data/searches";

import { SurfaceView } from "../editor/editor";
import type { Callbacks, Surface } from "../editor/host-events";

export type { FrameStats } from "../editor/frame-stats";
export type { Callbacks, Pin, Surface } from "../editor/host-events";
export { use as useArithmetic } from "../engine/kernels";
export type { Posterior } from "../engine/model";
export { Model } from "../engine/model";
export { default } from "../hosts/streamlit";

/** Shows the payload in `element`, until `destroy()`. */
export function mount(element: HTMLElement | ShadowRoot, bytes: Uint8Array, callbacks: Callbacks = {}): Surface {
  return new SurfaceView(element, bytes, callbacks);
}
