/** Which page of the site is this, and what stands around it? The root element names it. */

import { h } from "../ui/dom";
import { PayloadError } from "../wire/errors";
import type { SiteIndex } from "../wire/schema";
import { unpackText } from "../wire/unpack";
import { comparePage } from "./compare";
import { type Place, sheet } from "./frame";
import { homePage } from "./home";
import { lessonPage } from "./lesson/page";
import { keepForOffline } from "./offline";
import { record } from "./parts";
import { runPage } from "./run";
import siteStyle from "./site.css";
import { trainPage } from "./train";

const PAGES: Readonly<Record<string, (index: SiteIndex, place: Place) => Promise<void>>> = {
  index: homePage,
  run: runPage,
  compare: comparePage,
  train: trainPage,
  lesson: lessonPage,
};

/** told: which page this is, and the file of the site's lists, as JSON. */
export async function openSite(root: HTMLElement, told: string): Promise<void> {
  document.head.append(h("style", {}, unpackText(siteStyle)));
  const { page, index } = JSON.parse(told) as { readonly page: string; readonly index: string };
  const place = sheet(root, page);
  try {
    await PAGES[page](await record<SiteIndex>(index), place);
  } catch (error) {
    if (!(error instanceof PayloadError)) console.error(error);
    const sentence = error instanceof PayloadError ? error.message : "This page cannot be shown. Write the site again.";
    if (place.head.childElementCount === 0) place.head.append(h("h1", { class: "lp-h1" }, "Not here"));
    place.body.replaceChildren(h("p", { class: "lp-error", role: "alert" }, sentence));
  }
  void keepForOffline();
}
