/** Where does each panel stand? In the slot that its record names: one of the page's, or one within another panel. */

import type { Panel, PanelSlot, Room } from "../kernel/extension";

type Places = Readonly<Partial<Record<PanelSlot, (child: HTMLElement) => void>>>;

/** In the order of the list. page: the slots around the map. Returns what to do when the page gives another room. */
export function mount(panels: readonly Panel[], page: Places): (room: Room) => void {
  const places: Places = Object.assign({}, page, ...panels.map((panel) => panel.places ?? {}));
  const slots = panels.map(({ slot }) => slot);
  for (const { slot, element } of panels) places[slot]?.(element);
  const move = (i: number, slot: PanelSlot): void => {
    slots[i] = slot;
    const next = panels.find((_, k) => k > i && slots[k] === slot);
    if (next) next.element.before(panels[i].element);
    else places[slot]?.(panels[i].element);
  };
  return (room) =>
    panels.forEach((panel, i) => {
      const slot = panel.slotFor?.(room) ?? slots[i];
      if (slot !== slots[i]) move(i, slot);
      panel.fit?.(room);
    });
}
