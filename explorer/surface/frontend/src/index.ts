/** What does the bundle offer? `mount` for any host, `Model` without a page, and Streamlit's entry as the default. */

import { SurfaceView, type Callbacks, type Surface } from "./surface";

export { Model } from "./model";
export type { Posterior } from "./model";
export type { Callbacks, Pin, Surface } from "./surface";
export type { FrameStats } from "./stats";
export { default } from "./streamlit";

/** Shows the payload in `element`, until `destroy()`. */
export function mount(element: HTMLElement | ShadowRoot, bytes: Uint8Array, callbacks: Callbacks = {}): Surface {
  return new SurfaceView(element, bytes, callbacks);
}
