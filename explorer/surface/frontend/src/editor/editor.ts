/**
 * What happens when a hand moves over the map? A surface holds a map, says what is wrong with bytes that make none, and goes when its page goes.
 *
 * Nothing is computed in an event: events replace the state, the next animation frame does the work once.
 */

import type { Posterior } from "../engine/model";
import type { OwnPicture } from "../kernel/state";
import { h, setText } from "../ui/dom";
import { STYLE } from "../ui/style";
import { PayloadError } from "../wire/errors";
import { parsePayload } from "../wire/payload";
import type { FrameStats } from "./frame-stats";
import type { Callbacks, Surface } from "./host-events";
import { Inspected } from "./inspected";
import { MapEditor } from "./map-editor";
import { themed } from "./parts/page-layout";
import { ScreenReader } from "./screen-reader";

export class SurfaceView extends Inspected implements Surface {
  private readonly root = h("div", { class: "la-root", "data-testid": "surface" });
  private readonly body = h("div", { class: "la-body" });
  private readonly failure = h("p", { class: "la-error", role: "alert", hidden: true });
  private readonly reader = new ScreenReader();
  private editor: MapEditor | null = null;

  constructor(
    element: HTMLElement | ShadowRoot,
    bytes: Uint8Array,
    private readonly callbacks: Callbacks,
  ) {
    super();
    this.root.append(h("style", {}, STYLE), this.failure, this.body, this.reader.element);
    element.append(this.root);
    Object.defineProperty(this.root, "surface", { value: this }); // a handle for hosts and browser tests
    this.update(bytes);
    this.editor?.parts.screen.tell();
  }

  update(bytes: Uint8Array): void {
    try {
      const payload = parsePayload(bytes);
      this.editor ??= new MapEditor(this.root, this.body, this.reader, this.callbacks, payload);
      this.editor.update(payload);
      this.fail(null);
    } catch (error) {
      this.fail(sentenceFor(error));
    }
    if (this.editor) this.editor.showNow();
    else themed(this.root);
  }

  destroy(): void {
    this.editor?.dispose();
    this.reader.dispose();
    this.editor = null;
    this.root.remove();
  }

  mapId(): string {
    return this.editor?.context.state.data.header.id ?? "";
  }

  taken(): readonly string[] {
    return this.editor?.context.state.host.taken ?? [];
  }

  pinned(): readonly (readonly number[])[] {
    return this.editor?.context.state.host.pins.map(({ z }) => z) ?? [];
  }

  encode(x: Float32Array): Posterior {
    return this.shown().context.state.data.model.encode(x);
  }

  decode(z: ArrayLike<number>): Float32Array {
    return this.shown().context.state.data.model.decode(z);
  }

  moveProbe(map: readonly [number, number]): void {
    this.editor?.parts.probing.toPlace([map[0], map[1]]);
  }

  study(ownPicture: OwnPicture): void {
    this.editor?.context.store.set({ ownPicture });
  }

  stats(): FrameStats {
    const { stats, context } = this.shown();
    return stats.read(context.state.data.model.arithmetic);
  }

  resetStats(): void {
    this.editor?.stats.reset();
  }

  reset(): void {
    this.resetStats();
    this.editor?.parts.commands.showEverything();
  }

  /** The code that is shown: written over by the next one. */
  get z(): Float64Array {
    return this.shown().context.derived.code;
  }

  protected shown(): MapEditor {
    if (!this.editor) throw new PayloadError("No map is loaded.");
    return this.editor;
  }

  private fail(sentence: string | null): void {
    this.failure.hidden = sentence === null;
    this.body.hidden = sentence !== null;
    setText(this.failure, sentence ?? "");
    if (sentence) this.editor?.parts.playback.pause();
  }
}

/** A person never sees a stack trace; what is not ours is a bug and goes to the console too. */
function sentenceFor(error: unknown): string {
  if (error instanceof PayloadError) return error.message;
  console.error(error);
  return "The map cannot be shown: its data do not fit together. Reload the page.";
}
