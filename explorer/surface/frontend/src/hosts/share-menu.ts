/** What stands in the header's menu for sharing? Two entries that open the dialog; they look as the menu's others do. */

import { share } from "../kernel/screen";
import { button, h } from "../ui/dom";

const STYLE = `
.entry { display: block; width: 100%; padding: 6px 0; border: 0; background: none; color: var(--st-text-color); text-align: left;
  font: 400 15px/1.4 var(--st-font); cursor: pointer; }
.entry:hover { color: var(--st-primary-color); }
.entry:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; border-radius: 4px; }
`;

/** Opens it, with the keyboard in it: what it holds is Streamlit's, which closes it for a click beside it, also for the one that asked. */
export function openShareMenu(): void {
  setTimeout(() => {
    const opener = document.querySelector<HTMLElement>(".st-key-share button");
    opener?.focus();
    opener?.click();
  });
}

/** tell: hears the fragment when the menu opens, so that a page that is saved from it opens as this one is. */
export function shareButtons(parent: HTMLElement | ShadowRoot, tell: (fragment: string) => void): () => void {
  const element = h(
    "div",
    {},
    h("style", {}, STYLE),
    button("entry", {}, () => share(true), "Copy link"),
    button("entry", {}, () => share(false), "QR code"),
  );
  parent.replaceChildren(element);
  tell(location.hash);
  return () => element.remove();
}
