/** How does prose of a lesson become elements? Each kind of node has its element; all of its words are text. */

import { h } from "../../ui/dom";
import type { SiteNode } from "../../wire/schema";
import type { SetFormula } from "../programs";

type Nodes = readonly SiteNode[];

/** What makes a formula; null for a lesson without any. */
export type Maths = SetFormula | null;

const SIMPLE: Readonly<Record<string, keyof HTMLElementTagNameMap>> = {
  paragraph: "p",
  list: "ul",
  item: "li",
  quote: "blockquote",
  row: "tr",
  "head-cell": "th",
  "data-cell": "td",
  emphasis: "em",
  strong: "strong",
};

/** Only these are links; everything else is its words. */
const OUTSIDE = /^https?:\/\//;
const INSIDE = /^(#step=\d+|(run|compare)\.html\?[^#]*(#.*)?)$/;

export function prose(nodes: Nodes, maths: Maths): Node[] {
  return nodes.map((node) => element(node, maths));
}

function element(node: SiteNode, maths: Maths): Node {
  const { kind, text } = node;
  const children = (): Node[] => prose(node.children, maths);
  const simple = SIMPLE[kind];
  if (simple) return h(simple, {}, ...children());
  switch (kind) {
    case "text":
      return document.createTextNode(text);
    case "code":
      return h("code", {}, text);
    case "listing":
      return h("pre", { tabindex: 0 }, h("code", {}, text));
    case "math":
      return displayed(text, false, maths);
    case "number":
      return h("strong", { class: "sl-number", title: node.title ?? "" }, text);
    case "link":
      return link(text, children());
    case "absent":
      return h("span", { title: "a page of the app, which this site does not have" }, ...children());
    case "break":
      return h("br");
    case "rule":
      return h("hr");
    case "heading":
      return h(text === "3" ? "h3" : "h4", {}, ...children());
    case "ordered-list":
      return h("ol", { start: text || "1" }, ...children());
    case "table":
      return h("div", { class: "sl-table", tabindex: 0 }, h("table", {}, ...children()));
    default:
      return h("span", {}, text, ...children());
  }
}

function link(to: string, children: readonly Node[]): Node {
  if (OUTSIDE.test(to)) return h("a", { href: to, rel: "noreferrer noopener", target: "_blank" }, ...children);
  return INSIDE.test(to) ? h("a", { href: to }, ...children) : h("span", {}, ...children);
}

export function displayed(tex: string, isDisplayed: boolean, maths: Maths): HTMLElement {
  const element = h(isDisplayed ? "div" : "span", { class: isDisplayed ? "sl-formula" : "sl-inline" });
  if (maths) maths(tex, isDisplayed, element);
  else element.append(h("code", {}, tex));
  return element;
}

/** Prose as letters alone, for titles of windows. */
export function plain(nodes: Nodes): string {
  return nodes
    .map(({ text, kind, children }) => (children.length > 0 || kind === "link" ? plain(children) : text))
    .join("");
}
