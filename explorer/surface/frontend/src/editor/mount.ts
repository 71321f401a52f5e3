/** Where does each panel stand? In the slot that its record names: one of the page's, or one within another panel. */

import type { Panel, PanelSlot } from "../kernel/extension";

type Places = Readonly<Partial<Record<PanelSlot, (child: HTMLElement) => void>>>;

/** In the order of the list. page: the slots around the map. */
export function mount(panels: readonly Panel[], page: Places): void {
  const places: Places = Object.assign({}, page, ...panels.map((panel) => panel.places ?? {}));
  for (const { slot, element } of panels) places[slot]?.(element);
}
