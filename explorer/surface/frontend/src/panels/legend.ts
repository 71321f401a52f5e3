/** Which classes are shown? Chips that toggle a class, show it alone, or bring all back. */

import type { Frame, Panel } from "../kernel/extension";
import type { PanelEditor } from "../kernel/panel-editor";
import { type ClassEntry, classEntries, isolated, type Shown, toggled } from "../kernel/shown-classes";
import type { MapState } from "../kernel/state";
import { button, chip, h, svg } from "../ui/dom";
import { count } from "../ui/format";
import { classColour, classShape, shapePath } from "../ui/palette";

export class Legend implements Panel {
  readonly id = "legend";
  readonly slot = "below";
  readonly reads: readonly (keyof MapState)[] = ["data", "shown", "theme", "layers"];
  private readonly classes = h("div", { class: "la-legend", role: "group", "aria-label": "Classes" });
  readonly element = h("div", { class: "la-key-row" }, this.classes);
  readonly places = { legend: (child: HTMLElement): void => this.element.prepend(child) };
  private chips: { readonly slot: number; readonly chip: HTMLButtonElement; readonly swatch: HTMLElement }[] = [];
  private readonly all = chip("Show all", () => this.change((shown) => shown.slice().fill(1)));
  private key = "";

  constructor(private readonly editor: Pick<PanelEditor, "state" | "set">) {}

  update({ state: { data, shown, theme, layers } }: Frame): void {
    const entries = classEntries(data);
    const key = JSON.stringify(entries);
    if (key !== this.key) this.setEntries(entries); // else a click keeps its focus
    this.key = key;
    this.show(shown, theme.isDark, layers.on["shapes"] === true);
  }

  private change(next: (shown: Shown) => Shown): void {
    this.editor.set({ shown: next(this.editor.state().shown) });
  }

  private setEntries(entries: readonly ClassEntry[]): void {
    this.chips = entries.map((entry) => this.makeChip(entry));
    this.classes.replaceChildren(...this.chips.map(({ chip }) => chip), this.all);
    this.classes.hidden = entries.length < 2;
  }

  private show(shown: Shown, isDark: boolean, withShapes: boolean): void {
    for (const { slot, chip, swatch } of this.chips) {
      const label = slot === shown.length - 1 ? -1 : slot;
      chip.setAttribute("aria-pressed", String(shown[slot] === 1));
      const path = {
        d: shapePath(classShape(label, withShapes)),
        fill: classColour(label, isDark),
        "fill-rule": "evenodd",
      };
      swatch.replaceChildren(svg("-1.3 -1.3 2.6 2.6", [path]));
    }
    this.all.hidden = this.chips.every(({ slot }) => shown[slot] === 1);
  }

  private makeChip({ slot, name, nPoints }: ClassEntry): {
    slot: number;
    chip: HTMLButtonElement;
    swatch: HTMLElement;
  } {
    const swatch = h("span", { class: "la-swatch" });
    const title = `${name}: ${count(nPoints)} points. Click to show or hide, Shift-click or double-click for this class alone.`;
    const click = (event: MouseEvent): void => {
      if (event.detail > 1) return; // the second click of a double click
      this.change((shown) => (event.shiftKey ? isolated(shown, slot) : toggled(shown, slot)));
    };
    const element = button("la-chip", { title, "aria-pressed": "true" }, click, swatch, h("span", {}, name));
    // the first click of the double click has toggled the class: undo it, then isolate
    element.addEventListener("dblclick", (event) => {
      if (!event.shiftKey) this.change((shown) => isolated(toggled(shown, slot), slot));
    });
    return { slot, chip: element, swatch };
  }
}
