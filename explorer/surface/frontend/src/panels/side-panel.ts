/** What stands beside the map? The decoded picture, always seen, and under it one tab of several; what an action brings chooses its tab. */

import type { Frame, Panel, PanelSlot } from "../kernel/extension";
import type { PaletteEntry } from "../kernel/palette-entries";
import type { PanelEditor } from "../kernel/panel-editor";
import type { MapState } from "../kernel/state";
import { FIRST_TAB, TABS, type TabId } from "../kernel/tabs";
import { button, h, setHidden, setText } from "../ui/dom";

interface Tab {
  readonly id: TabId;
  readonly button: HTMLButtonElement;
  readonly name: HTMLElement;
  readonly panel: HTMLElement;
}

/** Of a tab that has its place and is not seen; also in layout.css. */
const WAITING = "data-waiting";

let sides = 0;

export class SidePanel implements Panel {
  readonly id = "side";
  readonly slot = "side";
  readonly reads: readonly (keyof MapState)[] = [
    "data",
    "host",
    "pins",
    "path",
    "selection",
    "encoded",
    "ownPicture",
    "tab",
  ];
  readonly element: HTMLElement;
  readonly places: Readonly<Partial<Record<PanelSlot, (child: HTMLElement) => void>>>;
  private readonly tabs: readonly Tab[];
  private readonly list: HTMLElement;
  private nPins = 0;
  private nSelected = 0;
  private run = "";
  private hadPad = false;
  private shown: TabId = FIRST_TAB;
  private hadPath = false;

  constructor(private readonly editor: Pick<PanelEditor, "state" | "set">) {
    const group = `la-side-${++sides}`;
    this.tabs = TABS.map(({ id, name }) => this.tab(id, name, `${group}-${id}`));
    this.list = h(
      "div",
      { class: "la-tabs", role: "tablist", "aria-label": "Beside the map" },
      ...this.tabs.map((tab) => tab.button),
    );
    this.list.addEventListener("keydown", (event) => this.key(event));
    this.element = h("div", { class: "la-side" }, this.list, ...this.tabs.map(({ panel }) => panel));
    this.places = Object.fromEntries([
      ["card", (child: HTMLElement) => this.list.before(child)],
      ...this.tabs.map(({ id, panel }) => [`tab-${id}`, (child: HTMLElement) => panel.append(child)] as const),
    ]);
  }

  update({ state, derived: { pins } }: Frame): void {
    this.follow(state, pins.length);
    const tab = this.isOffered(this.editor.state().tab) ? this.editor.state().tab : FIRST_TAB;
    const isOther = this.element.dataset.tab !== tab; // an attribute that is set again costs style, even to what it was
    if (isOther) this.element.dataset.tab = tab;
    for (const one of this.tabs) {
      const isChosen = one.id === tab;
      // layers have their button in the toolbar: their tab takes no room from the others
      const isWaiting = one.id === "posterior" && this.isWaiting();
      if (one.button.hasAttribute(WAITING) !== isWaiting) one.button.toggleAttribute(WAITING, isWaiting);
      setHidden(one.button, !isChosen && !isWaiting && (one.id === "layers" || !this.isOffered(one.id)));
      setHidden(one.panel, !isChosen);
      if (!isOther) continue;
      one.button.setAttribute("aria-selected", String(isChosen));
      one.button.tabIndex = isChosen ? 0 : -1;
    }
    if (tab !== this.shown) this.bringIntoView(this.named(tab).button);
    this.shown = tab;
    setText(this.named("pins").name, pins.length > 0 ? `Pins ${pins.length}` : "Pins");
  }

  /** What was just made is shown: a pin, a selection, the figures of a path, the pad of a page that has one. */
  private follow({ data, selection, host, tab }: MapState, nPins: number): void {
    const isOtherRun = data.header.run.id !== this.run;
    const nSelected = selection.indices.length;
    const hasPad = host.options.pad_hands_over && this.isOffered("draw"); // a page about drawing, not one that also has a pad
    const hasPath = this.isOffered("path");
    const hasNewPins = nPins > this.nPins || (isOtherRun && nPins > 0);
    if (hasPad && (!this.hadPad || isOtherRun)) this.choose("draw");
    else if (hasNewPins && !hasPad && tab !== "neighbours" && this.isOffered("pins")) this.choose("pins");
    else if (nSelected > 0 && nSelected !== this.nSelected) this.choose("group");
    else if (hasPath && !this.hadPath && tab === FIRST_TAB) this.choose("path");
    [this.run, this.nPins, this.nSelected] = [data.header.run.id, nPins, nSelected];
    [this.hadPad, this.hadPath] = [hasPad, hasPath];
  }

  /** The tabs that are offered. */
  paletteEntries(): readonly PaletteEntry[] {
    return TABS.filter(({ id }) => this.isOffered(id)).map(({ id, name }) => ({
      name: `Tab: ${name}`,
      what: "beside the map",
      key: id === "layers" ? "l" : "",
      run: () => this.editor.set({ tab: id, isSideOpen: true }),
    }));
  }

  private choose(tab: TabId): void {
    if (this.isOffered(tab)) this.editor.set({ tab });
  }

  /** Of tabs that are too many for the width. */
  private bringIntoView({ offsetLeft, offsetWidth }: HTMLElement): void {
    const { list } = this;
    list.scrollLeft = Math.max(offsetLeft + offsetWidth - list.clientWidth, Math.min(list.scrollLeft, offsetLeft));
  }

  private named(id: TabId): Tab {
    return this.tabs.find((tab) => tab.id === id) as Tab;
  }

  private isOffered(id: TabId): boolean {
    return Array.from(this.named(id).panel.children).some((child) => !(child as HTMLElement).hidden);
  }

  /** The first stroke on the pad brings the posterior's tab: its room is kept, or the pad would move under the pen. */
  private isWaiting(): boolean {
    return this.isOffered("draw") && !this.isOffered("posterior");
  }

  private tab(id: TabId, text: string, name: string): Tab {
    const words = h("span", {}, text);
    const attributes = { role: "tab", id: `${name}-tab`, "aria-controls": name };
    return {
      id,
      name: words,
      button: button("la-tab", attributes, () => this.editor.set({ tab: id, isSideOpen: true }), words),
      panel: h("div", {
        class: "la-tab-panel",
        role: "tabpanel",
        id: name,
        "aria-labelledby": `${name}-tab`,
        tabindex: "0", // it scrolls
      }),
    };
  }

  /** As the pattern for tabs asks: arrows, Home and End go through those that are there. */
  private key(event: KeyboardEvent): void {
    const there = this.tabs.filter(({ button }) => !button.hidden && !button.hasAttribute(WAITING));
    const at = there.findIndex(({ id }) => id === this.shown); // the chosen one may have gone
    const next = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: there.length - 1 }[event.key];
    if (next === undefined) return;
    const { id, button: chosen } = there[(next + there.length) % there.length];
    this.editor.set({ tab: id });
    chosen.focus();
    event.preventDefault();
    event.stopPropagation();
  }
}
