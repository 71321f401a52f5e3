/** What stands around each page of the site? Its name and the ways to the other pages above, what it asks of the network below. */

import { ShareDialog } from "../hosts/share-dialog";
import { share } from "../kernel/screen";
import { button, h } from "../ui/dom";
import { address } from "./address";

export interface Place {
  /** The page itself. */
  readonly body: HTMLElement;
  /** Beside the site's name. */
  readonly head: HTMLElement;
  readonly foot: HTMLElement;
  /** Of the page, for the window and those who do not see it. */
  title(text: string): void;
}

const WAYS = [
  ["index", "Lessons and runs"],
  ["compare", "Compare"],
  ["train", "Train"],
] as const;

export const WHERE_IT_RUNS =
  "Everything runs in this page: nothing is asked of another host, and what you draw or train stays here.";

export function sheet(root: HTMLElement, page: string): Place {
  const body = h("div", { class: "si-body" }, h("p", { class: "wait", role: "status" }, "Loading …"));
  const heading = h("div", { class: "si-here" });
  const foot = h("footer", { class: "lp-foot" }, WHERE_IT_RUNS);
  const ways = WAYS.map(([name, words]) =>
    h("a", { href: address(name), ...(name === page && { "aria-current": "page" }) }, words),
  );
  const head = h(
    "header",
    { class: "si-head" },
    h("a", { class: "si-brand", href: address("index") }, "Latent Atlas"),
    h("nav", { class: "si-ways", "aria-label": "Site" }, ...ways),
    heading,
    shareButton(),
  );
  root.replaceChildren(head, h("main", { class: "si-main" }, body), foot);
  new ShareDialog(window);
  const title = (text: string): void => {
    document.title = text === "" ? "Latent Atlas" : `${text} · Latent Atlas`;
  };
  return { body, head: heading, foot, title };
}

function shareButton(): HTMLElement {
  return button(
    "lp-share",
    { title: "a link that opens exactly this, and its QR code" },
    () => share(true),
    "Copy link",
  );
}

/** Where an address names nothing that is here. */
export function absent(what: string, name: string, known: readonly string[]): string {
  const there = known.length > 0 ? `; there are ${known.join(", ")}` : "";
  return name === ""
    ? `The address names no ${what}${there}.`
    : `This site has no ${what} “${name.slice(0, 60)}”${there}.`;
}
