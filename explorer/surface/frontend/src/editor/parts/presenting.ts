/** How does the map become large for a room? On the whole screen where the browser allows it; what is worked goes while the mouse rests. */

import type { Context } from "../context";

/** So long the controls stay after the mouse moved. */
const QUIET_MS = 2000;

export class Presenting {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private wasPresenting = false;

  constructor(
    private readonly root: HTMLElement,
    private readonly context: Context,
  ) {
    const { disposer, store } = context;
    disposer.add(store.on(["isPresenting"], () => this.change()));
    disposer.listen(root, "pointermove", () => this.stir());
    disposer.listen(root, "focusin", () => this.stir());
    disposer.listen(document, "fullscreenchange", () => {
      if (!document.fullscreenElement) this.context.store.set({ isPresenting: false }); // the browser's own Escape
    });
    disposer.add(() => clearTimeout(this.timer));
  }

  private change(): void {
    const { isPresenting } = this.context.state;
    if (isPresenting === this.wasPresenting) return;
    this.wasPresenting = isPresenting;
    this.root.toggleAttribute("data-presents", isPresenting);
    this.stir();
    if (isPresenting)
      void this.root.requestFullscreen?.().catch(() => undefined); // large within the window all the same
    else if (document.fullscreenElement) void document.exitFullscreen().catch(() => undefined);
  }

  /** The hand has come back. */
  private stir(): void {
    clearTimeout(this.timer);
    this.root.toggleAttribute("data-quiet", false);
    if (this.wasPresenting) this.timer = setTimeout(() => this.root.toggleAttribute("data-quiet", true), QUIET_MS);
  }
}
