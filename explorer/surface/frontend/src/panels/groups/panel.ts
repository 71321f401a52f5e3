/** What was selected, and what do two selections differ in? Facts, saved groups, the way from B to A. */

import type { RunOnMap } from "../../data/run-on-map";
import { type SavedGroup, saveGroups } from "../../data/saved-groups";
import { factsOf, type GroupFacts, selectionCsv } from "../../data/selection";
import type { Frame, Panel, Progress } from "../../kernel/extension";
import type { PanelEditor } from "../../kernel/panel-editor";
import { classEntries } from "../../kernel/shown-classes";
import type { MapState } from "../../kernel/state";
import { chip, h } from "../../ui/dom";
import { count } from "../../ui/format";
import { save } from "../../ui/save";
import type { PinRecord } from "../../wire/schema";
import { Direction } from "./direction";
import { freeName, type Group, slotName, wishedName } from "./names";
import { SelectForm } from "./select-form";
import { Selected } from "./selected";

export class GroupsPanel implements Panel {
  readonly id = "groups";
  readonly slot = "tab-group";
  readonly reads: readonly (keyof MapState)[] = ["data", "selection", "groups", "theme", "pins"];
  readonly element: HTMLElement;
  private readonly selected = new Selected({
    keep: (name) => this.keep(name),
    download: () => this.download(),
    clear: () => this.select([]),
  });
  private readonly picker: SelectForm;
  private readonly chips = h("div", { class: "la-tools" });
  private readonly direction: Direction;
  private saved: readonly SavedGroup[] = [];
  private groups: readonly Group[] = [];
  private scene: RunOnMap | null = null;
  private current: GroupFacts | null = null;
  private indices: readonly number[] = [];
  private pins: readonly PinRecord[] | null = null;
  private isDark = false;
  private originals: Uint8Array | null = null;

  constructor(private readonly editor: PanelEditor) {
    this.direction = new Direction(editor);
    this.picker = new SelectForm((choice) => editor.select(choice));
    this.element = h(
      "div",
      { class: "la-groups", role: "group", "aria-label": "Selection and groups" },
      h("p", { class: "la-muted" }, "Points are selected by name here, or by a loop drawn on the map (x)."),
      this.picker.element,
      this.selected.element,
      this.chips,
      this.direction.element,
    );
  }

  /** The originals come later than a selection that a link brought. */
  work({ state: { data } }: Frame): Progress {
    if (data.originals === this.originals) return "done";
    this.originals = data.originals;
    if (!this.current) return "done";
    this.current = factsOf(data, this.current.indices);
    this.selected.show(data, this.current, this.isDark);
    return "done";
  }

  update({ state: { data, selection, groups, theme }, derived: { pins } }: Frame): void {
    const isOtherMap = data !== this.scene;
    const isNewRun = isOtherMap && !this.scene?.isSameRun(data);
    if (isOtherMap) this.configure(data);
    if (isNewRun || groups !== this.saved) this.take(data, groups, isNewRun);
    if (isOtherMap) this.show(data, isNewRun ? null : this.current);
    const { indices } = selection;
    if (indices !== this.indices || theme.isDark !== this.isDark) {
      this.isDark = theme.isDark;
      this.show(data, indices.length ? factsOf(data, indices) : null);
    }
    this.indices = indices;
    if (isOtherMap || pins !== this.pins) this.direction.showPins(pins);
    this.pins = pins;
  }

  private select(indices: readonly number[]): void {
    this.editor.set({ selection: { indices, outline: [] } });
  }

  /** On another map of the same run the points are the same, and so are groups and direction. */
  private configure(scene: RunOnMap): void {
    this.scene = scene;
    this.selected.configure(scene);
    this.direction.configure(scene);
    this.picker.configure(scene.hasLabels ? classEntries(scene) : []);
  }

  /** What is known of a group already is not counted again. */
  private take(scene: RunOnMap, saved: readonly SavedGroup[], isNewRun: boolean): void {
    const known = new Map(isNewRun ? [] : this.groups.map(({ facts }) => [facts.indices, facts]));
    this.saved = saved;
    this.groups = saved.map(({ name, indices }) => ({ name, facts: known.get(indices) ?? factsOf(scene, indices) }));
    this.showGroups();
  }

  private show(scene: RunOnMap, facts: GroupFacts | null): void {
    if (facts !== this.current) this.selected.propose(facts ? this.wish(scene, facts) : "");
    this.current = facts;
    this.selected.element.hidden = facts === null;
    if (facts) this.selected.show(scene, facts, this.isDark);
    this.showGroups();
  }

  private showGroups(): void {
    this.chips.replaceChildren(...this.groups.map((group) => this.groupChip(group)));
    this.direction.showGroups(this.groups);
  }

  private groupChip(group: Group): HTMLElement {
    const { name, facts } = group;
    const again = chip(`${name}: ${count(facts.indices.length)} points`, () => this.select(facts.indices));
    again.title = `Select the points of ${name} again`;
    const forget = chip("×", () => this.remember(this.groups.filter((one) => one !== group)));
    forget.title = `Forget ${name}`;
    forget.setAttribute("aria-label", `Forget ${name}`);
    return h("span", { class: "la-group-chip" }, again, forget);
  }

  private keep(name: string): void {
    const { current, scene } = this;
    if (!current || !scene) return;
    const free = freeName(name || this.wish(scene, current), this.groups);
    this.remember([...this.groups, { name: free, facts: current }]);
    this.select([]);
  }

  private remember(groups: readonly Group[]): void {
    const saved = groups.map(({ name, facts: { indices } }) => ({ name, indices }));
    if (this.scene) saveGroups(this.scene.header.run.id, saved);
    this.editor.set({ groups: saved });
  }

  /** What a group would be called if nobody named it. */
  private wish(scene: RunOnMap, { shares: [most] }: GroupFacts): string {
    return freeName(wishedName(most ? { name: slotName(scene, most.slot), share: most.share } : null), this.groups);
  }

  private download(): void {
    if (!this.scene || !this.current) return;
    save("selection.csv", new Blob([selectionCsv(this.scene, this.current.indices)], { type: "text/csv" }));
  }
}
