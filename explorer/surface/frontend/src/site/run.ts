/** What is on the page of a run? What it is and how good, its map with all that belongs to it, and the ways to other pages of it. */

import { KeptScreen } from "../hosts/screen/kept-screen";
import { h } from "../ui/dom";
import { figureWords, unbroken } from "../ui/figure-words";
import { count } from "../ui/format";
import { PayloadError } from "../wire/errors";
import type { BundleContents, SiteIndex, SiteRun } from "../wire/schema";
import { address, parted, queried, screenFragment, write } from "./address";
import { absent, type Place, WHERE_IT_RUNS } from "./frame";
import { ShownRun } from "./shown-run";

export async function runPage(index: SiteIndex, place: Place): Promise<void> {
  const run = runOf(index, queried("run"));
  place.title(run.name);
  place.head.append(h("h1", { class: "lp-h1" }, run.name));
  const facts = h("div", { class: "lp-head" });
  const shown = new ShownRun(run, {
    height: 0,
    filmProgram: index.programs.film ?? "",
    soundProgram: index.programs.sound ?? "",
    options: {},
    fromAddress: () => parted(location.hash).page,
    changed: (page) => write({ page }),
  });
  place.body.replaceChildren(facts, shown.element);
  await shown.open();
  if (shown.contents) {
    facts.replaceChildren(...head(run, shown.contents));
    place.foot.replaceChildren(footWords(shown.contents));
    shown.refresh(); // the map begins lower now
  }
  new KeptScreen(
    screenFragment((changed) =>
      addEventListener("hashchange", () => {
        shown.set(parted(location.hash).page);
        changed();
      }),
    ),
  );
}

/** Raises `PayloadError` with a sentence for the person. */
export function runOf({ runs }: SiteIndex, name: string): SiteRun {
  const found = runs.find((run) => run.name === name);
  if (found) return found;
  const names = runs.map((run) => run.name);
  throw new PayloadError(absent("run", name, names));
}

function head({ name, verdict, tone }: SiteRun, contents: BundleContents): HTMLElement[] {
  const beside = h("a", { href: address("compare", { run: name }) }, "Compare with another run");
  return [
    h("p", { class: "lp-facts" }, contents.facts.map(unbroken).join(" · ")),
    h("p", { class: `si-verdict si-${tone}` }, verdict),
    h("p", { class: "si-beside" }, beside),
    figureWords(contents),
  ];
}

export function footWords({ source }: BundleContents): string {
  const licence = source.licence ? `, ${source.licence}` : "";
  return `Points are codes of ${count(source.n)} test images of ${source.dataset}${licence}; the images themselves are not in this site. ${WHERE_IT_RUNS}`;
}
