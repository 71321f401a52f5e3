/** How do the terms of a formula stand in the app, and which map do they light? */

import { SCREEN, type ScreenSource, WHICH_SCREEN } from "../../kernel/screen";
import { TermChips } from "../../lessons/terms";
import sheet from "../../lessons/terms.css";
import { Disposer, h } from "../../ui/dom";
import type { LessonTerms } from "../../wire/schema";
import { unpackText } from "../../wire/unpack";
import { leaving } from "../streamlit-cleanup";

interface Component {
  readonly parentElement: HTMLElement | ShadowRoot;
  readonly data: unknown;
}

interface Mounted {
  readonly root: HTMLElement;
  readonly disposer: Disposer;
  /** What the chips are of, as text. */
  told: string;
  chips: Disposer;
  /** The map of the page; null where it shows none. */
  map: ScreenSource | null;
  /** The map of which a layer is lit. */
  lit: ScreenSource | null;
  calls: number;
}

const mounted = new WeakMap<Node, Mounted>();

/** Called again whenever data or theme change. Gives nothing where the component is another one. */
export function termsInApp({ parentElement: parent, data }: Component): (() => void) | undefined {
  const before = mounted.get(parent);
  if (data === null || typeof data !== "object" || !("terms" in data)) return before && left(parent, before);
  const here = before ?? begun(parent);
  mounted.set(parent, here);
  if (!here.lit) here.map = null; // one that is lit does not tell of itself
  dispatchEvent(new Event(WHICH_SCREEN));
  const told = JSON.stringify(data);
  if (told !== here.told) {
    here.told = told;
    here.chips.dispose();
    const { element } = new TermChips((data as LessonTerms).terms, (layer) => light(here, layer), here.chips);
    here.root.replaceChildren(h("style", {}, unpackText(sheet)), element);
  }
  return left(parent, here);
}

function left(parent: Node, here: Mounted): () => void {
  return leaving(mounted, parent, here, () => {
    here.chips.dispose();
    here.disposer.dispose();
    here.root.remove();
  });
}

function begun(parent: HTMLElement | ShadowRoot): Mounted {
  const [root, disposer] = [h("div"), new Disposer()];
  parent.append(root);
  const here: Mounted = { root, disposer, told: "", chips: new Disposer(), map: null, lit: null, calls: 0 };
  disposer.listen(window, SCREEN, (event) => {
    here.map = (event as CustomEvent<ScreenSource>).detail;
  });
  return here;
}

/** A map that came while a layer of another one was lit is not asked to put anything back. */
function light(here: Mounted, layer: string): void {
  const map = layer && here.map?.words().over.includes(layer) ? here.map : null;
  if (here.lit && here.lit !== map) here.lit.light(null);
  here.lit = map;
  map?.light(layer);
}
