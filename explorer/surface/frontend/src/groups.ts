/** What was selected, and what do two selections differ in? The panel below the map: facts, saved groups, the way from B to A. */

import { classWords } from "./card";
import { h, setText } from "./dom";
import { count, number } from "./format";
import { classColour } from "./palette";
import { Picture } from "./picture";
import type { Scene } from "./scene";
import { direction, selectionCsv, type GroupFacts } from "./selection";
import { save } from "./takeaway";

export interface GroupActions {
  /** The code to start a walk from. */
  here(): readonly number[];
  walk(z: readonly number[]): void;
  clear(): void;
}

interface Group {
  readonly name: string;
  readonly facts: GroupFacts;
}

const REACH = 2;

export class Groups {
  readonly element: HTMLElement;
  private readonly words = h("p", {}, "");
  private readonly bar = h("div", { class: "la-shares", role: "img" });
  private readonly image = new Picture(h("canvas", { class: "la-pixels", role: "img", "aria-label": "Mean image of the selection" }));
  private readonly decoded = new Picture(h("canvas", { class: "la-pixels", role: "img", "aria-label": "Decoded mean code of the selection" }));
  private readonly imageBox = h("figure", { class: "la-figure" }, this.image.canvas, h("figcaption", { class: "la-small" }, "mean image"));
  private readonly selected = h("div", { class: "la-selected", hidden: true });
  private readonly saved = h("div", { class: "la-tools" });
  private readonly between = h("div", { class: "la-between", hidden: true });
  private readonly a = h("select", { class: "la-select", "aria-label": "Group A" });
  private readonly b = h("select", { class: "la-select", "aria-label": "Group B" });
  private readonly strength = h("input", { type: "range", class: "la-slider", min: -REACH, max: REACH, step: 0.01, value: 0, "aria-label": "Strength of the direction from B to A" });
  private readonly strengthText = h("span", { class: "la-number la-small" });
  private groups: Group[] = [];
  private scene: Scene | null = null;
  private current: GroupFacts | null = null;
  private base: readonly number[] | null = null;
  private isDark = false;

  constructor(private readonly actions: GroupActions) {
    const save = this.button("Save as group", () => this.keep());
    const csv = this.button("Download CSV", () => this.download());
    const clear = this.button("Clear", () => actions.clear());
    const pictures = h("div", { class: "la-group-pictures" }, this.imageBox, h("figure", { class: "la-figure" }, this.decoded.canvas, h("figcaption", { class: "la-small" }, "mean code, decoded")));
    this.selected.append(pictures, h("div", { class: "la-group-facts" }, this.words, this.bar, h("div", { class: "la-tools" }, save, csv, clear)));
    this.between.append(h("span", { class: "la-small" }, "Walk along"), this.a, h("span", {}, "−"), this.b, this.strength, this.strengthText);
    for (const select of [this.a, this.b]) select.addEventListener("change", () => this.start());
    this.strength.addEventListener("pointerdown", () => this.start());
    this.strength.addEventListener("input", () => this.step());
    this.element = h("section", { class: "la-groups", "aria-label": "Selection and groups", hidden: true }, this.selected, this.saved, this.between);
  }

  configure(scene: Scene, isNewMap: boolean): void {
    this.scene = scene;
    for (const picture of [this.image, this.decoded]) {
      picture.setShape(scene.header.run.image_shape);
      picture.fitInto(84);
    }
    if (isNewMap) {
      this.groups = [];
      this.show(null, this.isDark);
    } else this.show(this.current, this.isDark);
  }

  show(facts: GroupFacts | null, isDark: boolean): void {
    const { scene } = this;
    this.current = facts;
    this.isDark = isDark;
    this.selected.hidden = facts === null;
    this.element.hidden = facts === null && this.groups.length === 0;
    if (facts && scene) {
      const top = facts.shares.slice(0, 3).map(({ slot, share }) => `${this.slotName(slot)} ${Math.round(100 * share)} %`);
      const kl = facts.meanKl === null ? "" : ` Mean KL ${number(facts.meanKl)} nats.`;
      setText(this.words, `${count(facts.indices.length)} points selected: ${top.join(", ")}.${kl}`);
      this.bar.setAttribute("aria-label", `Class shares: ${facts.shares.map(({ slot, share }) => `${this.slotName(slot)} ${Math.round(100 * share)} %`).join(", ")}`);
      this.bar.replaceChildren(...facts.shares.map(({ slot, share }) => this.share(slot, share)));
      this.imageBox.hidden = facts.meanImage === null;
      if (facts.meanImage) this.image.paint(facts.meanImage);
      this.decoded.paint(scene.model.decodeShared(facts.meanZ));
    }
    this.showSaved();
  }

  private showSaved(): void {
    this.saved.replaceChildren(...this.groups.map((group, index) => this.chip(group, index)));
    this.between.hidden = this.groups.length < 2;
    for (const [select, fallback] of [[this.a, 0], [this.b, 1]] as const) {
      const before = select.options.length > 1 ? select.value : "";
      select.replaceChildren(...this.groups.map(({ name }, i) => h("option", { value: i }, name)));
      select.value = before !== "" && Number(before) < this.groups.length ? before : String(Math.min(fallback, this.groups.length - 1));
    }
  }

  private chip({ name, facts }: Group, index: number): HTMLElement {
    const chip = this.button(`${name}: ${count(facts.indices.length)} points ×`, () => {
      this.groups.splice(index, 1);
      this.show(this.current, this.isDark);
    });
    chip.title = `Forget ${name}`;
    return chip;
  }

  private keep(): void {
    if (!this.current) return;
    const used = new Set(this.groups.map(({ name }) => name));
    const first = this.current.shares[0];
    const wish = first && first.share > 0.5 ? `Mostly ${this.slotName(first.slot)}` : "Group";
    let name = wish;
    for (let i = 2; used.has(name); i++) name = `${wish} ${i}`;
    this.groups.push({ name, facts: this.current });
    this.actions.clear();
  }

  private start(): void {
    this.base = this.actions.here();
    this.strength.value = "0";
    this.step();
  }

  private step(): void {
    const [a, b] = [this.groups[Number(this.a.value)], this.groups[Number(this.b.value)]];
    if (!a || !b) return;
    this.base ??= this.actions.here();
    const t = Number(this.strength.value);
    const along = direction(a.facts, b.facts);
    setText(this.strengthText, `${number(t)} × (${a.name} − ${b.name})`);
    this.actions.walk(this.base.map((value, k) => value + t * along[k]));
  }

  private download(): void {
    if (!this.scene || !this.current) return;
    save("selection.csv", new Blob([selectionCsv(this.scene, this.current.indices)], { type: "text/csv" }));
  }

  private slotName(slot: number): string {
    const { scene } = this;
    return classWords(scene?.className(slot === scene.nClasses ? -1 : slot) ?? null);
  }

  private share(slot: number, share: number): HTMLElement {
    const part = h("span", { title: `${this.slotName(slot)}: ${(100 * share).toFixed(1)} %` });
    part.style.flexGrow = String(share);
    part.style.background = classColour(slot === this.scene?.nClasses ? -1 : slot, this.isDark);
    return part;
  }

  private button(text: string, act: () => void): HTMLButtonElement {
    const button = h("button", { type: "button", class: "la-chip la-all" }, text);
    button.addEventListener("click", act);
    return button;
  }
}
