/** How do two runs stand beside each other? Under one pointer: with the same test images, the other map shows its code of the same image. */

import { KeptScreen } from "../hosts/screen/kept-screen";
import { Select } from "../ui/chooser";
import { h } from "../ui/dom";
import type { SiteIndex, SiteRun } from "../wire/schema";
import { address, parted, queried, screenFragment, write } from "./address";
import type { Place } from "./frame";
import { runOf } from "./run";
import { ShownRun } from "./shown-run";

const KEYS = ["run", "with"] as const;
const MAP_HEIGHT = 460;

export async function comparePage(index: SiteIndex, place: Place): Promise<void> {
  const [left, right] = chosen(index);
  place.title(left.name === right.name ? `${left.name} twice` : `${left.name} and ${right.name}`);
  place.head.append(h("h1", { class: "lp-h1" }, "Compare"));
  const isLinked = left.images === right.images;
  const runs = [left, right];
  const columns = runs.map((run, i) => column(run, i, isLinked));
  const sections = runs.map((run, i) => section(index, runs, run, i, columns[i].element));
  place.body.replaceChildren(
    h("p", { class: "si-small" }, linkWords(left, right, isLinked)),
    h("div", { class: "si-columns" }, ...sections),
  );
  await Promise.all(columns.map((one) => one.open()));
  new KeptScreen(
    screenFragment((changed) =>
      addEventListener("hashchange", () => {
        for (const [i, one] of columns.entries()) one.set(pageOf(i));
        changed();
      }),
    ),
  );
}

/** The named runs; what is not named is a run with the same test images, if there is one. */
function chosen(index: SiteIndex): readonly [SiteRun, SiteRun] {
  const left = queried("run") === "" ? index.runs[0] : runOf(index, queried("run"));
  if (queried("with") !== "") return [left ?? runOf(index, ""), runOf(index, queried("with"))];
  if (!left) return [runOf(index, ""), runOf(index, "")];
  const others = index.runs.filter(({ name }) => name !== left.name);
  return [left, others.find(({ images }) => images === left.images) ?? others[0] ?? left];
}

function linkWords(left: SiteRun, right: SiteRun, isLinked: boolean): string {
  return isLinked
    ? "Move over one map: the other one shows its own code of the same test image, or the same code of the same run."
    : `${left.name} is of ${left.data}, ${right.name} of ${right.data}: with other test images the maps do not follow each other.`;
}

function column(run: SiteRun, i: number, isLinked: boolean): ShownRun {
  return new ShownRun(run, {
    height: MAP_HEIGHT,
    filmProgram: "",
    soundProgram: "",
    options: {
      pinnable: false,
      hint: false,
      compact: true,
      pad: null,
      column: i + 1,
      link: isLinked ? `compare-${run.images}` : "",
    },
    fromAddress: () => pageOf(i),
    changed: (page) => keepPage(i, page),
  });
}

function section(index: SiteIndex, runs: readonly SiteRun[], run: SiteRun, i: number, map: HTMLElement): HTMLElement {
  const select = new Select(i === 0 ? "Left" : "Right", (name) => {
    const names = runs.map((one, j) => (j === i ? name : one.name));
    location.assign(address("compare", { [KEYS[0]]: names[0], [KEYS[1]]: names[1] }));
  });
  select.show(
    index.runs.map(({ name }) => ({ value: name, text: name })),
    run.name,
  );
  return h(
    "section",
    { class: "si-column", "aria-label": i === 0 ? "Left run" : "Right run" },
    h("div", { class: "lp-row" }, select.element, h("a", { href: address("run", { run: run.name }) }, "Open")),
    h("p", { class: "si-facts" }, run.sentence),
    h("p", { class: `si-verdict si-${run.tone}` }, run.verdict),
    map,
  );
}

// ---- the maps of both columns in the address

function pageOf(i: number): string {
  const words = new URLSearchParams(parted(location.hash).own);
  const page = new URLSearchParams();
  const map = words.get(`map${i + 1}`);
  const label = words.get(`as${i + 1}`);
  if (map !== null) page.set("projection", map);
  if (label !== null) page.set("as", label);
  return page.toString();
}

function keepPage(i: number, page: string): void {
  const words = new URLSearchParams(parted(location.hash).own);
  const said = new URLSearchParams(page);
  for (const [key, of] of [
    ["map", "projection"],
    ["as", "as"],
  ]) {
    const value = said.get(of);
    if (value === null) words.delete(`${key}${i + 1}`);
    else words.set(`${key}${i + 1}`, value);
  }
  write({ own: words.toString() });
}
