/** What was selected, and what do two selections differ in? The panel below the map: facts, saved groups, the way from B to A. */

import type { Scene } from "../../data/run-on-map";
import { savedGroups, saveGroups } from "../../data/saved-groups";
import { direction, factsOf, type GroupFacts, selectionCsv } from "../../data/selection";
import { alongDirection } from "../../geometry/planes";
import type { Frame, Panel } from "../../kernel/extension";
import type { PanelEditor } from "../../kernel/panel-editor";
import { pinName } from "../../kernel/pins";
import type { MapState } from "../../kernel/state";
import { button, chip, h, setText } from "../../ui/dom";
import { classWords, count, number, percent } from "../../ui/format";
import { classColour } from "../../ui/palette";
import { newPicture, type Picture } from "../../ui/picture";
import { save } from "../../ui/save";
import { MAX_NAME, type PinRecord } from "../../wire/schema";

interface Group {
  readonly name: string;
  readonly facts: GroupFacts;
}

const REACH = 2;
const ANALOGY_PX = 64;
const HERE = "here";

export class GroupsPanel implements Panel {
  readonly id = "groups";
  readonly slot = "below";
  readonly reads: readonly (keyof MapState)[] = ["data", "selection", "theme", "pins"];
  readonly element: HTMLElement;
  private readonly words = h("p", {}, "");
  private readonly bar = h("div", { class: "la-shares", role: "img" });
  private readonly image = newPicture("Mean image of the selection");
  private readonly decoded = newPicture("Decoded mean code of the selection");
  private readonly imageBox = h(
    "figure",
    { class: "la-figure" },
    this.image.canvas,
    h("figcaption", { class: "la-small" }, "mean image"),
  );
  private readonly selected = h("div", { class: "la-selected", hidden: true });
  private readonly saved = h("div", { class: "la-tools" });
  private readonly name = h("input", {
    class: "la-input la-group-name",
    type: "text",
    maxlength: MAX_NAME,
    "aria-label": "Name of the group",
    autocomplete: "off",
    spellcheck: "false",
  });
  private readonly between = h("div", { class: "la-between-box", hidden: true });
  private readonly start_ = h("select", { class: "la-select", "aria-label": "Start of the walk" });
  private readonly analogies = h("div", {
    class: "la-analogies",
    role: "group",
    "aria-label": "The direction applied to every pin",
    hidden: true,
  });
  private readonly a = h("select", { class: "la-select", "aria-label": "Group A" });
  private readonly b = h("select", { class: "la-select", "aria-label": "Group B" });
  private readonly strength = h("input", {
    type: "range",
    class: "la-slider",
    min: -REACH,
    max: REACH,
    step: 0.01,
    value: 0,
    "aria-label": "Strength of the direction from B to A",
  });
  private readonly strengthText = h("span", { class: "la-number la-small" });
  private groups: Group[] = [];
  private scene: Scene | null = null;
  private current: GroupFacts | null = null;
  private indices: readonly number[] = [];
  private base: readonly number[] | null = null;
  private pins: readonly PinRecord[] = [];
  /** Those among which they are, of this run or not. */
  private given: readonly PinRecord[] = [];
  private cells: { readonly pin: PinRecord; readonly picture: Picture }[] = [];
  private isDark = false;

  constructor(private readonly editor: PanelEditor) {
    const save = chip("Save as group", () => this.keep());
    const csv = chip("Download CSV", () => this.download());
    const clear = chip("Clear", () => this.select([]));
    const axis = chip("Use as map axis", () => this.lay());
    this.name.addEventListener("keydown", (event) => {
      event.stopPropagation(); // hosts have one-letter shortcuts of their own
      if (event.key === "Enter") this.keep();
    });
    const pictures = h(
      "div",
      { class: "la-group-pictures" },
      this.imageBox,
      h(
        "figure",
        { class: "la-figure" },
        this.decoded.canvas,
        h("figcaption", { class: "la-small" }, "mean code, decoded"),
      ),
    );
    this.selected.append(
      pictures,
      h(
        "div",
        { class: "la-group-facts" },
        this.words,
        this.bar,
        h("div", { class: "la-tools" }, this.name, save, csv, clear),
      ),
    );
    this.between.append(
      h(
        "div",
        { class: "la-between" },
        h("span", { class: "la-small" }, "Direction"),
        this.a,
        h("span", {}, "−"),
        this.b,
        axis,
      ),
      h(
        "div",
        { class: "la-between" },
        h("span", { class: "la-small" }, "added to"),
        this.start_,
        this.strength,
        this.strengthText,
      ),
      this.analogies,
    );
    for (const select of [this.a, this.b, this.start_]) select.addEventListener("change", () => this.start());
    // the slider goes on from where the cursor was when it was last touched, or from the pin
    this.strength.addEventListener("pointerdown", () => this.start_.value === HERE && this.start());
    this.strength.addEventListener("input", () => this.step());
    this.element = h(
      "section",
      { class: "la-groups", "aria-label": "Selection and groups", hidden: true },
      this.selected,
      this.saved,
      this.between,
    );
  }

  update({ state: { data, selection, theme }, derived: { pins } }: Frame): void {
    if (data !== this.scene) this.configure(data, !this.scene?.isSameRun(data));
    const { indices } = selection;
    if (indices !== this.indices || theme.isDark !== this.isDark)
      this.show(indices.length ? factsOf(data, indices) : null, theme.isDark);
    this.indices = indices;
    if (pins !== this.given) this.showPins(pins);
  }

  private select(indices: readonly number[]): void {
    this.editor.set({ selection: { indices, outline: [] } });
  }

  /** On another map of the same run the points are the same, and so are groups and direction. */
  private configure(scene: Scene, isNewRun: boolean): void {
    this.scene = scene;
    for (const picture of [this.image, this.decoded]) {
      picture.setShape(scene.header.run.image_shape);
      picture.fitInto(84);
    }
    if (isNewRun)
      this.groups = savedGroups(scene.header.run.id, scene.nPoints).map(({ name, indices }) => ({
        name,
        facts: factsOf(scene, indices),
      }));
    this.show(isNewRun ? null : this.current, this.isDark);
    this.cells = [];
    this.showPins(this.given);
  }

  /** Every pin can start the walk, and beneath the walk each is shown with the direction added: a − b + pin. */
  private showPins(pins: readonly PinRecord[]): void {
    const { scene } = this;
    this.given = pins;
    this.pins = pins.filter(({ z }) => z.length === scene?.space.latentDim);
    const before = this.start_.value || HERE;
    this.start_.replaceChildren(
      h("option", { value: HERE }, "the code under the cursor"),
      ...this.pins.map((pin) => h("option", { value: pin.label }, `pin ${pinName(pin)}`)),
    );
    this.start_.value = this.pins.some(({ label }) => label === before) ? before : HERE;
    const isSame =
      this.cells.length === this.pins.length &&
      this.cells.every(({ pin }, i) => pin.label === this.pins[i].label && String(pin.z) === String(this.pins[i].z));
    if (!isSame && scene) this.cells = this.pins.map((pin) => this.cell(pin, scene));
    this.analogies.replaceChildren(...this.cells.map(({ picture }) => picture.canvas.parentElement as HTMLElement));
    this.analogies.hidden = this.cells.length === 0;
    if (!this.between.hidden) this.showAnalogies();
  }

  private cell(pin: PinRecord, scene: Scene): { readonly pin: PinRecord; readonly picture: Picture } {
    const picture = newPicture();
    picture.setShape(scene.header.run.image_shape);
    picture.fitInto(ANALOGY_PX);
    const walk = (): void => {
      this.start_.value = pin.label;
      this.base = pin.z;
      this.step();
    };
    button("la-pin", { "aria-label": `Walk from pin ${pin.label}` }, walk, picture.canvas, h("span", {}, pin.label));
    return { pin, picture };
  }

  private showAnalogies(): void {
    const { scene } = this;
    const along = this.along();
    if (!scene || !along) return;
    const t = Number(this.strength.value);
    for (const { pin, picture } of this.cells)
      picture.paint(scene.model.decodeShared(pin.z.map((value, k) => value + t * along[k])));
  }

  /** A − B (K,), once two groups are there. */
  private along(): readonly number[] | null {
    const [a, b] = this.ends();
    return a && b ? direction(a.facts, b.facts) : null;
  }

  private ends(): readonly [Group | undefined, Group | undefined] {
    return [this.groups[Number(this.a.value)], this.groups[Number(this.b.value)]];
  }

  private lay(): void {
    const [a, b] = this.ends();
    const along = this.along();
    if (!a || !b || !along) return;
    this.editor.layPlane(
      alongDirection(along, this.editor.state().data.mu, `${a.name} − ${b.name}`),
      "These two groups have the same mean code: no direction leads from one to the other.",
    );
  }

  private show(facts: GroupFacts | null, isDark: boolean): void {
    const { scene } = this;
    if (facts !== this.current) this.name.value = facts ? this.wish(facts) : "";
    this.current = facts;
    this.isDark = isDark;
    this.selected.hidden = facts === null;
    this.element.hidden = facts === null && this.groups.length === 0;
    if (facts && scene) {
      const top = facts.shares.slice(0, 3).map(({ slot, share }) => `${this.slotName(slot)} ${percent(share)}`);
      const kl = facts.meanKl === null ? "" : ` Mean KL ${number(facts.meanKl)} nats.`;
      setText(this.words, `${count(facts.indices.length)} points selected: ${top.join(", ")}.${kl}`);
      this.bar.setAttribute(
        "aria-label",
        `Class shares: ${facts.shares.map(({ slot, share }) => `${this.slotName(slot)} ${percent(share)}`).join(", ")}`,
      );
      this.bar.replaceChildren(...facts.shares.map(({ slot, share }) => this.share(slot, share)));
      this.imageBox.hidden = facts.meanImage === null;
      if (facts.meanImage) this.image.paint(facts.meanImage);
      this.decoded.paint(scene.model.decodeShared(facts.meanZ));
    }
    this.showSaved();
  }

  private showSaved(): void {
    this.saved.replaceChildren(...this.groups.map((group, index) => this.groupChip(group, index)));
    const isNew = this.between.hidden && this.groups.length >= 2;
    this.between.hidden = this.groups.length < 2;
    for (const [select, fallback] of [
      [this.a, 0],
      [this.b, 1],
    ] as const) {
      const before = select.options.length > 1 ? select.value : "";
      select.replaceChildren(...this.groups.map(({ name }, i) => h("option", { value: i }, name)));
      select.value =
        before !== "" && Number(before) < this.groups.length
          ? before
          : String(Math.min(fallback, this.groups.length - 1));
    }
    if (isNew) this.showAnalogies();
  }

  private groupChip({ name, facts }: Group, index: number): HTMLElement {
    const again = chip(`${name}: ${count(facts.indices.length)} points`, () => this.select(facts.indices));
    again.title = `Select the points of ${name} again`;
    const forget = chip("×", () => {
      this.groups.splice(index, 1);
      this.remember();
      this.show(this.current, this.isDark);
    });
    forget.title = `Forget ${name}`;
    forget.setAttribute("aria-label", `Forget ${name}`);
    return h("span", { class: "la-group-chip" }, again, forget);
  }

  private keep(): void {
    if (!this.current) return;
    this.groups.push({ name: this.free(this.name.value.trim() || this.wish(this.current)), facts: this.current });
    this.remember();
    this.select([]);
  }

  private remember(): void {
    if (this.scene)
      saveGroups(
        this.scene.header.run.id,
        this.groups.map(({ name, facts: { indices } }) => ({ name, indices })),
      );
  }

  /** What a group would be called if nobody named it. */
  private wish({ shares }: GroupFacts): string {
    const [most] = shares;
    const name = most && most.share > 0.5 ? this.slotName(most.slot) : "";
    return this.free(
      name === "" ? "Group" : most.share === 1 ? name[0].toUpperCase() + name.slice(1) : `Mostly ${name}`,
    );
  }

  private free(wish: string): string {
    const used = new Set(this.groups.map(({ name }) => name));
    let name = wish;
    for (let i = 2; used.has(name); i++) name = `${wish} ${i}`;
    return name;
  }

  private start(): void {
    this.base = this.pins.find(({ label }) => label === this.start_.value)?.z ?? Array.from(this.editor.derived.code);
    this.strength.value = "0";
    this.step();
  }

  private step(): void {
    const [a, b] = this.ends();
    const along = this.along();
    if (!a || !b || !along) return;
    this.base ??= Array.from(this.editor.derived.code);
    if (along.every((value) => Math.abs(value) < 1e-6))
      return setText(
        this.strengthText,
        `${a.name} and ${b.name} have the same mean code: there is no direction between them.`,
      );
    const t = Number(this.strength.value);
    const start = this.start_.value === HERE ? "" : `Pin ${this.start_.value} `;
    setText(this.strengthText, `${number(t)} × (${a.name} − ${b.name})`);
    this.strength.setAttribute("aria-valuetext", `${number(t)} times ${a.name} minus ${b.name}`);
    this.editor.toCode(
      this.base.map((value, k) => value + t * along[k]),
      `${start}${start && t >= 0 ? "+ " : ""}${number(t)} × (${a.name} − ${b.name})`,
    );
    this.showAnalogies();
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
    const part = h("span", { title: `${this.slotName(slot)}: ${percent(share, 1)}` });
    part.style.flexGrow = String(share);
    part.style.background = classColour(slot === this.scene?.nClasses ? -1 : slot, this.isDark);
    return part;
  }
}
