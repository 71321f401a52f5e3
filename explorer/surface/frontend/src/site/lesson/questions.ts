/** How is a question asked, and what is told after an answer? What is true comes only after one's own answer. */

import { button, h } from "../../ui/dom";
import type { LessonAnswer, Point, SiteChoice, SiteNumber, SitePlace, SiteQuestion } from "../../wire/schema";
import { prose } from "./prose";
import type { ShownBlock, Teller } from "./teller";

/** What was answered: whether it is right, and what is true; null while that cannot be told. */
type Judge = (answer: LessonAnswer) => { readonly isRight: boolean; readonly truth: readonly (Node | string)[] } | null;

let count = 0;

export function choiceBlock(block: SiteChoice, teller: Teller): ShownBlock {
  const { key, choices, right } = block;
  const name = `sl-choice-${++count}`;
  const given = teller.answer(key);
  const inputs = choices.map((_, i) => h("input", { type: "radio", name, value: i, checked: given === i }));
  const rows = choices.map((nodes, i) =>
    h("label", { class: "sl-choice" }, inputs[i], h("span", {}, ...prose(nodes, teller.maths))),
  );
  const form = h("fieldset", { class: "sl-choices" }, h("legend", { class: "lp-hidden" }, "Your answer"), ...rows);
  const box = question(block, teller, form, (answer) => ({
    isRight: answer === right,
    truth: prose(choices[right], teller.maths),
  }));
  form.addEventListener("change", () => box.take(inputs.findIndex((input) => input.checked)));
  return box;
}

export function numberBlock(block: SiteNumber, teller: Teller): ShownBlock {
  const { unit, value, tolerance, truth } = block;
  const given = teller.answer(block.key);
  const field = h("input", {
    type: "number",
    step: "any",
    class: "si-field",
    value: typeof given === "number" ? given : "",
    "aria-label": `Your answer${unit ? `, ${unit}` : ""}`,
  });
  const form = h("form", { class: "lp-row" }, field, h("span", {}, unit), h("button", { class: "lp-share" }, "Answer"));
  const box = question(block, teller, form, (answer) => ({
    isRight: typeof answer === "number" && isNear(answer, value, tolerance),
    truth: [truth],
  }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (Number.isFinite(field.valueAsNumber)) box.take(field.valueAsNumber);
  });
  return box;
}

export function placeBlock(block: SitePlace, teller: Teller): ShownBlock {
  const { place, tolerance, truth } = block;
  const act = button("lp-share", {}, () => answer(), "Answer with the last pin");
  const form = h(
    "div",
    { class: "lp-row" },
    h("p", { class: "si-small" }, "Pin the place on the map, then answer with it."),
    act,
  );
  const box = question(block, teller, form, (answer) => {
    const at = typeof answer === "number" ? null : teller.place(answer);
    return at && { isRight: isNear(distance(at, place), 0, tolerance), truth: [truth] };
  });
  const answer = (): void => {
    const z = teller.lastPin();
    if (z) box.take([...z]);
  };
  const update = (): void => {
    act.disabled = teller.lastPin() === null;
    box.update?.();
  };
  update();
  return { element: box.element, update };
}

function question(
  { key, question: words, because }: SiteQuestion,
  { maths, answer, keep }: Teller,
  form: HTMLElement,
  judge: Judge,
): ShownBlock & { take(answer: LessonAnswer): void } {
  const verdict = h("div", { class: "sl-verdict", role: "status" });
  let told: LessonAnswer | null = null;
  const show = (given: LessonAnswer): void => {
    const judged = judge(given);
    if (!judged) return;
    told = given;
    const word = judged.isRight ? "Right:" : "Not quite:";
    verdict.className = `sl-verdict is-${judged.isRight ? "right" : "wrong"}`;
    verdict.replaceChildren(
      h("p", {}, h("strong", {}, word), " ", ...judged.truth),
      h("p", {}, ...prose(because, maths)),
    );
  };
  const element = h(
    "section",
    { class: "sl-box", "aria-label": "Question" },
    h("p", { class: "sl-kind" }, "Your prediction"),
    h("p", {}, ...prose(words, maths)),
    form,
    verdict,
  );
  const update = (): void => {
    const given = answer(key);
    if (given !== null && given !== told) show(given);
  };
  const take = (given: LessonAnswer): void => {
    keep(key, given);
    show(given);
  };
  update();
  return { element, update, take };
}

/** At most so far off; what rounding adds does not count, as in `explorer/lessons/answers.py`. */
export function isNear(answer: number, value: number, tolerance: number): boolean {
  return Math.abs(answer - value) <= tolerance + 1e-9 * Math.max(1, Math.abs(value));
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}
