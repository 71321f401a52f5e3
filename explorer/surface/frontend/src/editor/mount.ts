/** Where does each panel stand? In the slot that its record names: one of the page's, or one within another panel. */

import type { Panel, PanelSlot, Room } from "../kernel/extension";

type Places = Readonly<Partial<Record<PanelSlot, (child: HTMLElement) => void>>>;

/** In the order of the list. page: the slots around the map. Returns what to do when the page gives another room. */
export function mount(panels: readonly Panel[], page: Places): (room: Room) => void {
  const places: Places = Object.assign({}, page, ...panels.map((panel) => panel.places ?? {}));
  for (const { slot, element, parts } of panels) {
    places[slot]?.(element);
    for (const [other, part] of Object.entries(parts ?? {})) places[other as PanelSlot]?.(part);
  }
  return (room) => {
    for (const panel of panels) panel.fit?.(room);
  };
}
