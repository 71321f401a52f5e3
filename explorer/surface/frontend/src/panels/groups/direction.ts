/** What do two groups differ in? The way from the mean code of B to that of A, walked from the cursor or from a pin, and added to every pin. */

import type { RunOnMap } from "../../data/run-on-map";
import { direction } from "../../data/selection";
import { alongDirection } from "../../geometry/planes";
import type { PanelEditor } from "../../kernel/panel-editor";
import { pinName } from "../../kernel/pins";
import { button, chip, h, setText } from "../../ui/dom";
import { number } from "../../ui/format";
import { newPicture, type Picture } from "../../ui/picture";
import type { PinRecord } from "../../wire/schema";
import type { Group } from "./names";

const REACH = 2;
const ANALOGY_PX = 64;
const HERE = "here";

/** Two groups, and A − B (K,). */
interface Way {
  readonly a: Group;
  readonly b: Group;
  readonly along: readonly number[];
}

export class Direction {
  readonly element = h("div", { class: "la-between-box", hidden: true });
  private readonly from = h("select", { class: "la-select", "aria-label": "Start of the walk" });
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
  private groups: readonly Group[] = [];
  private scene: RunOnMap | null = null;
  private base: readonly number[] | null = null;
  private pins: readonly PinRecord[] = [];
  private cells: { readonly pin: PinRecord; readonly picture: Picture }[] = [];

  constructor(private readonly editor: Pick<PanelEditor, "derived" | "toCode" | "layPlane">) {
    this.element.append(
      row(
        "Direction",
        this.a,
        h("span", {}, "−"),
        this.b,
        chip("Use as map axis", () => this.lay()),
      ),
      row("added to", this.from, this.strength, this.strengthText),
      this.analogies,
    );
    for (const select of [this.a, this.b, this.from]) select.addEventListener("change", () => this.start());
    // the slider goes on from where the cursor was when it was last touched, or from the pin
    this.strength.addEventListener("pointerdown", () => this.from.value === HERE && this.start());
    this.strength.addEventListener("input", () => this.step());
  }

  configure(scene: RunOnMap): void {
    this.scene = scene;
    this.cells = [];
  }

  /** Two are needed. */
  showGroups(groups: readonly Group[]): void {
    this.groups = groups;
    const isNew = this.element.hidden && groups.length >= 2;
    this.element.hidden = groups.length < 2;
    for (const [select, fallback] of [
      [this.a, 0],
      [this.b, 1],
    ] as const) {
      const before = select.options.length > 1 ? select.value : "";
      select.replaceChildren(...groups.map(({ name }, i) => h("option", { value: i }, name)));
      const isThere = before !== "" && Number(before) < groups.length;
      select.value = isThere ? before : String(Math.min(fallback, groups.length - 1));
    }
    if (isNew) this.showAnalogies();
  }

  /** Every pin can start the walk, and beneath the walk each is shown with the direction added: a − b + pin. */
  showPins(pins: readonly PinRecord[]): void {
    const { scene } = this;
    this.pins = pins.filter(({ z }) => z.length === scene?.space.latentDim);
    const before = this.from.value || HERE;
    this.from.replaceChildren(
      h("option", { value: HERE }, "the code under the cursor"),
      ...this.pins.map((pin) => h("option", { value: pin.label }, `pin ${pinName(pin)}`)),
    );
    this.from.value = this.pins.some(({ label }) => label === before) ? before : HERE;
    const isSame =
      this.cells.length === this.pins.length &&
      this.cells.every(({ pin }, i) => pin.label === this.pins[i].label && String(pin.z) === String(this.pins[i].z));
    if (!isSame && scene) this.cells = this.pins.map((pin) => this.cell(pin, scene));
    this.analogies.replaceChildren(...this.cells.map(({ picture }) => picture.canvas.parentElement as HTMLElement));
    this.analogies.hidden = this.cells.length === 0;
    if (!this.element.hidden) this.showAnalogies();
  }

  private cell(pin: PinRecord, scene: RunOnMap): { readonly pin: PinRecord; readonly picture: Picture } {
    const picture = newPicture();
    picture.setShape(scene.header.run.image_shape);
    picture.fitInto(ANALOGY_PX);
    const walk = (): void => {
      this.from.value = pin.label;
      this.base = pin.z;
      this.step();
    };
    button("la-pin", { "aria-label": `Walk from pin ${pin.label}` }, walk, picture.canvas, h("span", {}, pin.label));
    return { pin, picture };
  }

  private showAnalogies(): void {
    const { scene, way } = this;
    if (!scene || !way) return;
    const codes = this.cells.map(({ pin }) => this.walked(pin.z, way));
    scene.model.decodeEach(codes, (x_hat, from, i) => this.cells[i].picture.paint(x_hat, from));
  }

  /** Once two groups are there. */
  private get way(): Way | null {
    const [a, b] = [this.groups[Number(this.a.value)], this.groups[Number(this.b.value)]];
    return a && b ? { a, b, along: direction(a.facts, b.facts) } : null;
  }

  /** As far as the slider says. */
  private walked(from: readonly number[], { along }: Way): number[] {
    const t = Number(this.strength.value);
    return from.map((value, k) => value + t * along[k]);
  }

  private lay(): void {
    const { way, scene } = this;
    if (!way || !scene) return;
    this.editor.layPlane(
      alongDirection(way.along, scene.mu, `${way.a.name} − ${way.b.name}`),
      "These two groups have the same mean code: no direction leads from one to the other.",
    );
  }

  private start(): void {
    this.base = this.pins.find(({ label }) => label === this.from.value)?.z ?? Array.from(this.editor.derived.code);
    this.strength.value = "0";
    this.step();
  }

  private step(): void {
    const { way } = this;
    if (!way) return;
    const { a, b, along } = way;
    this.base ??= Array.from(this.editor.derived.code);
    if (along.every((value) => Math.abs(value) < 1e-6))
      return setText(
        this.strengthText,
        `${a.name} and ${b.name} have the same mean code: there is no direction between them.`,
      );
    const t = Number(this.strength.value);
    const start = this.from.value === HERE ? "" : `Pin ${this.from.value} `;
    const words = `${number(t)} × (${a.name} − ${b.name})`;
    setText(this.strengthText, words);
    this.strength.setAttribute("aria-valuetext", `${number(t)} times ${a.name} minus ${b.name}`);
    this.editor.toCode(this.walked(this.base, way), `${start}${start && t >= 0 ? "+ " : ""}${words}`);
    this.showAnalogies();
  }
}

function row(words: string, ...content: readonly HTMLElement[]): HTMLElement {
  return h("div", { class: "la-between" }, h("span", { class: "la-small" }, words), ...content);
}
