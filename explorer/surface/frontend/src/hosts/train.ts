/** Where does the Train page live? In the app as a Streamlit component, in a notebook as an anywidget, in a file that is opened from disk. */

import { Workbench } from "../train/workbench";
import { h } from "../ui/dom";
import pageStyle from "../ui/page.css";
import { PayloadError } from "../wire/errors";
import { readTraining } from "../wire/training";
import { unpackText } from "../wire/unpack";
import { bytesOf, followTheme, type WidgetModel } from "./widget";

interface StreamlitComponent {
  readonly parentElement: HTMLElement | ShadowRoot;
  readonly data: unknown;
}

interface Mounted {
  readonly page: Workbench;
  calls: number;
}

const mounted = new WeakMap<Node, Mounted>();

/** Called again whenever data or theme change: a training goes on as long as its images are the same. */
export function inApp(program: string, { parentElement: parent, data }: StreamlitComponent): (() => void) | undefined {
  if (!(data instanceof Uint8Array)) return undefined; // nothing to learn from yet
  const images = readTraining(data);
  let here = mounted.get(parent);
  if (here && here.page.given.header.id !== images.header.id) {
    here.page.destroy();
    here = undefined;
  }
  here ??= { page: new Workbench(program, images), calls: 0 };
  mounted.set(parent, here);
  const { page } = here;
  if (!page.element.isConnected) parent.append(page.element);
  page.retheme();
  const call = ++here.calls;
  // a call that was overtaken while its script loaded is cleaned up late: it must not take the newer one with it
  return () => {
    if (mounted.get(parent)?.page !== page || mounted.get(parent)?.calls !== call) return;
    mounted.delete(parent);
    page.destroy();
  };
}

export function inNotebook(program: string, { model, el }: { model: WidgetModel; el: HTMLElement }): () => void {
  // Lumino would take the keys away
  const root = h(
    "div",
    { class: "lp-root lp-cell", "data-lm-suppress-shortcuts": "true" },
    h("style", {}, unpackText(pageStyle)),
  );
  el.append(root);
  const watch = followTheme(root);
  const page = shown(root, program, () => bytesOf(model.get("images")));
  if (page) watch.tell(() => page.retheme());
  return () => {
    watch.stop();
    page?.destroy();
    root.remove();
  };
}

/** `root`: where the page goes · `data`: the element that holds the images in base64. */
export function inFile(program: string, root: HTMLElement, data: Element): void {
  const text = atob((data.textContent ?? "").trim());
  const body = h("main", { class: "lp-sheet" }, h("h1", { class: "lp-hidden" }, "Train in this page"));
  root.replaceChildren(body);
  shown(body, program, () => Uint8Array.from(text, (letter) => letter.charCodeAt(0)));
}

/** The page in its place; null where its images cannot be read, which a sentence says there. */
function shown(root: HTMLElement, program: string, read: () => Uint8Array): Workbench | null {
  try {
    const page = new Workbench(program, readTraining(read()));
    root.append(page.element);
    page.retheme();
    return page;
  } catch (error) {
    if (!(error instanceof PayloadError)) throw error;
    root.append(h("p", { class: "lp-error", role: "alert" }, error.message));
    return null;
  }
}
