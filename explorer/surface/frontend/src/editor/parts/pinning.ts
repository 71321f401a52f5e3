/** What is kept of what was seen? Pins, and the path through them. */

import { endsOf } from "../../kernel/path-ends";
import { allPins, PENDING_MS, reducePins } from "../../kernel/pins";
import { zText } from "../../ui/format";
import type { PathChoice } from "../../wire/payload";
import { MAX_PINS } from "../../wire/schema";
import type { Context } from "../context";
import { nonce } from "../host-events";

export class Pinning {
  constructor(private readonly context: Context) {}

  /** The pin is exactly what is shown now. */
  pin(): void {
    const { context } = this;
    const { state, derived, store } = context;
    if (!state.host.options.pinnable) return;
    const { data, probe, pins } = state;
    if (allPins(pins).length >= MAX_PINS)
      return context.say(
        `${MAX_PINS} pins are the most. All are kept; remove one (✕ in the tab Pins), then pin again.`,
      );
    const z = Array.from(derived.code);
    const map: [number, number] = [probe.at[0], probe.at[1]];
    const name = nonce();
    const added = reducePins(pins, { kind: "added", map, z, nonce: name }, performance.now());
    store.set({ pins: added });
    context.hint.leave();
    context.reader.now(`Pinned ${allPins(added).slice(-1)[0].label} at ${zText(z, data.decimals.z)}`);
    const timer = setTimeout(() => this.forgetRefused(), PENDING_MS + 50);
    context.disposer.add(() => clearTimeout(timer));
    const isOwnCode = probe.from !== "map" || data.plane !== null;
    const { how } = data.space;
    context.callbacks.onPin?.({ map, z: [...z], how, support: derived.support, isOwnCode, nonce: name });
  }

  choosePath(choice: PathChoice | null): void {
    const { store, state, callbacks } = this.context;
    store.set({ path: { ...state.path, ends: endsOf(choice, allPins(state.pins)) } });
    callbacks.onWalk?.(choice);
    if (choice) this.context.scrollToMap();
  }

  /** The host may have no further word for us: a pin that it did not keep must not stay on the map. */
  private forgetRefused(): void {
    const { store, state } = this.context;
    store.set({ pins: reducePins(state.pins, { kind: "waited" }, performance.now()) });
  }
}
