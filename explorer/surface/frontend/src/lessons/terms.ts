/** What does a term of a formula mean, and where is it on the map? A chip for each; one that is pointed at or focused says it. */

import { type Disposer, h, icon } from "../ui/dom";
import type { LessonTerm, LessonWord } from "../wire/schema";

const NONE = -1;
const TAGS = { strong: "strong", emphasis: "em", code: "code" } as const;
const HINT = "Point at a term to read what it is.";
const HINT_OF_MAP = "Point at a term to read what it is, and to see it alone on the map where it has a layer.";

/** Words of chips are found by their names within the root that they stand in; several formulas may be in one. */
let count = 0;

export class TermChips {
  readonly element: HTMLElement;
  private readonly chips: readonly HTMLButtonElement[];
  /** Of each chip, and last the hint. */
  private readonly said: readonly HTMLElement[];
  private pointed = NONE;
  private focused = NONE;
  private isTakenBack = false;

  /** light: called with the layer that is to be lit, and with "" when none is any more. */
  constructor(
    private readonly terms: readonly LessonTerm[],
    private readonly light: (layer: string) => void,
    disposer: Disposer,
  ) {
    const hint = terms.some((term) => term.light) ? HINT_OF_MAP : HINT;
    const ids = terms.map(() => `lt-words-${++count}`);
    this.chips = terms.map((term, i) => this.chip(term, i, ids[i]));
    this.said = [
      ...terms.map(({ words }, i) => h("p", { id: ids[i] }, ...words.map(piece))),
      h("p", { class: "lt-hint" }, hint),
    ];
    this.element = h(
      "div",
      { class: "lt-terms", "data-testid": "lesson-terms" },
      h("div", { class: "lt-chips", role: "group", "aria-label": "Terms of the formula" }, ...this.chips),
      h("div", { class: "lt-said" }, ...this.said),
    );
    disposer.listen(window, "pointerdown", (event: PointerEvent) => {
      if (!event.composedPath().includes(this.element)) this.focus(NONE); // a tap elsewhere takes no focus from a chip everywhere
    });
    disposer.add(() => light(""));
    this.show();
  }

  private chip(term: LessonTerm, i: number, words: string): HTMLButtonElement {
    const marks = term.light ? [icon("layers")] : [];
    const chip = h("button", { type: "button", class: "lt-chip", "aria-describedby": words }, ...marks, term.name);
    chip.style.setProperty("--lt-colour", term.colour);
    chip.addEventListener("pointerenter", ({ pointerType }) => pointerType !== "touch" && this.point(i));
    chip.addEventListener("pointerleave", ({ pointerType }) => pointerType !== "touch" && this.point(NONE));
    chip.addEventListener("pointerdown", ({ pointerType }) => {
      this.isTakenBack = pointerType === "touch" && this.shown === i;
    });
    chip.addEventListener("click", () => this.focus(this.isTakenBack ? NONE : i));
    chip.addEventListener("focus", () => !this.isTakenBack && this.focus(i));
    chip.addEventListener("blur", () => this.focus(NONE));
    chip.addEventListener("keydown", ({ key }) => {
      this.isTakenBack = false;
      if (key !== "Escape") return;
      this.pointed = NONE;
      this.focus(NONE);
    });
    return chip;
  }

  private get shown(): number {
    return this.pointed === NONE ? this.focused : this.pointed;
  }

  private point(i: number): void {
    this.pointed = i;
    this.show();
  }

  private focus(i: number): void {
    this.focused = i;
    this.show();
  }

  private show(): void {
    const { shown, terms } = this;
    for (const [i, chip] of this.chips.entries()) chip.classList.toggle("lt-shown", i === shown);
    for (const [i, words] of this.said.entries())
      words.classList.toggle("lt-shown", i === (shown === NONE ? terms.length : shown));
    this.light(terms[shown]?.light ?? "");
  }
}

function piece({ kind, text }: LessonWord): Node {
  return kind === "text" ? document.createTextNode(text) : h(TAGS[kind], {}, text);
}
