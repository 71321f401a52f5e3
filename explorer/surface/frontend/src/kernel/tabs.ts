/** Which tabs stand beside the map, from left to right? A tab is offered while one of its panels has something to show. */

export const TABS = [
  { id: "draw", name: "Draw" },
  { id: "details", name: "Details" },
  { id: "neighbours", name: "Neighbours" },
  { id: "pins", name: "Pins" },
  { id: "path", name: "Path" },
  { id: "group", name: "Group" },
  { id: "posterior", name: "Posterior" },
  { id: "sliders", name: "Sliders" },
  { id: "slices", name: "Slices" },
  { id: "layers", name: "Layers" },
] as const;

export type TabId = (typeof TABS)[number]["id"];

/** Where a panel of that tab stands. */
export type TabSlot = `tab-${TabId}`;

/** Tabs beside which the decoded picture is small, so that all of them is seen in a low window. */
export const SMALL_PICTURE_TABS: readonly TabId[] = ["draw", "neighbours", "pins", "group", "layers"];

/** What is shown at first, and where a tab has gone. */
export const FIRST_TAB: TabId = "details";
