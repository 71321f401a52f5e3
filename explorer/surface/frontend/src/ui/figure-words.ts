/** What do the figures of a run mean? To be unfolded on a page that has no server. */

import type { BundleContents } from "../wire/schema";
import { h } from "./dom";

export function figureWords({ meanings, units }: BundleContents): HTMLElement {
  const list = h("dl", {}, ...meanings.flatMap(([term, meaning]) => [h("dt", {}, term), h("dd", {}, meaning)]));
  const details = h(
    "details",
    { class: "lp-details" },
    h("summary", {}, "What the figures mean"),
    list,
    h("p", {}, units),
  );
  details.hidden = meanings.length === 0;
  return details;
}

/** A name and its number stay on one line. */
export function unbroken(text: string): string {
  return text.replace(/ /g, "\u00a0");
}
