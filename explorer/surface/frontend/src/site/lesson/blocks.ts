/** How is each block of a lesson shown? A block more is a record in `site_schema.py` and an entry in `BLOCKS`. */

import { h, setHidden } from "../../ui/dom";
import type { SiteBlock, SiteFormula, SiteNode, SiteNumbers, SiteTask, SiteText } from "../../wire/schema";
import { displayed, prose } from "./prose";
import { choiceBlock, numberBlock, placeBlock } from "./questions";
import type { ShownBlock, Teller } from "./teller";

type Blocks = { readonly [B in SiteBlock as B["kind"]]: (block: B, teller: Teller) => ShownBlock };

const BLOCKS: Blocks = {
  text: textBlock,
  math: formulaBlock,
  numbers: numbersBlock,
  task: taskBlock,
  choice: choiceBlock,
  number: numberBlock,
  place: placeBlock,
};

export function shownBlock(block: SiteBlock, teller: Teller): ShownBlock {
  const show = BLOCKS[block.kind] as (block: SiteBlock, teller: Teller) => ShownBlock;
  return show(block, teller);
}

function textBlock({ text }: SiteText, { maths }: Teller): ShownBlock {
  return { element: h("div", { class: "sl-text" }, ...prose(text, maths)) };
}

function formulaBlock({ tex, terms }: SiteFormula, { maths }: Teller): ShownBlock {
  const explained = terms.map(({ name, words }) =>
    h("li", {}, h("em", {}, name), ": ", ...prose(words as readonly SiteNode[], maths)),
  );
  const list = terms.length > 0 ? [h("ul", {}, ...explained)] : [];
  return { element: h("div", { class: "sl-text" }, displayed(tex, true, maths), ...list) };
}

function numbersBlock({ numbers }: SiteNumbers): ShownBlock {
  const lines = numbers.map(({ text, words, definition }) =>
    h("li", { title: definition }, h("strong", { class: "sl-number" }, text), ` ${words}`),
  );
  return { element: h("ul", { class: "sl-numbers" }, ...lines) };
}

function taskBlock({ key, do: what, hint }: SiteTask, { maths, isDone }: Teller): ShownBlock {
  const done = h("p", { class: "si-good", role: "status" });
  const help = h("details", { class: "lp-details" }, h("summary", {}, "Hint"), ...prose(hint, maths));
  const element = h(
    "section",
    { class: "sl-box", "aria-label": "Task" },
    h("p", { class: "sl-kind" }, "Task"),
    h("p", {}, ...prose(what, maths)),
    help,
    done,
  );
  const update = (): void => {
    const is = isDone(key);
    element.classList.toggle("is-done", is);
    setHidden(help, is);
    if (done.textContent !== (is ? "✓ Done" : "")) done.textContent = is ? "✓ Done" : "";
  };
  update();
  return { element, update };
}
