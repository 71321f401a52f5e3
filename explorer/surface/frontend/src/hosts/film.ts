/** Where does the film of a training live? In the app, as a Streamlit component in the map's place. */

import { Replay } from "../replay/replay";
import { h } from "../ui/dom";
import { PayloadError } from "../wire/errors";
import { readReplay } from "../wire/film";

export interface FilmComponent {
  readonly parentElement: HTMLElement | ShadowRoot;
  readonly data: unknown;
  setTriggerValue(name: string, value: unknown): void;
}

interface Mounted {
  replay: Replay | null;
  /** What is shown: the same again changes nothing. */
  words: string;
  /** The page's latest handlers: older ones belong to an earlier rerun. */
  component: FilmComponent;
  calls: number;
}

const mounted = new WeakMap<Node, Mounted>();

/** Called again whenever data or theme change: a film goes on as long as it is the same on the same map. */
export function inApp(component: FilmComponent): (() => void) | undefined {
  const { parentElement: parent, data } = component;
  if (!(data instanceof Uint8Array)) return undefined; // nothing to show yet
  const here = mounted.get(parent) ?? { replay: null, words: "", component, calls: 0 };
  here.component = component;
  mounted.set(parent, here);
  show(parent, data, here);
  here.replay?.retheme();
  const call = ++here.calls;
  // a call that was overtaken while its script loaded is cleaned up late: it must not take the newer one with it
  return () => {
    if (mounted.get(parent) !== here || here.calls !== call) return;
    mounted.delete(parent);
    here.replay?.destroy();
  };
}

function show(parent: HTMLElement | ShadowRoot, data: Uint8Array, here: Mounted): void {
  try {
    const { shown, film } = readReplay(data);
    const words = JSON.stringify([film.header.id, shown]);
    if (words === here.words) return;
    here.words = words;
    here.replay?.destroy();
    here.replay = new Replay(film, shown, () => here.component.setTriggerValue("leave", Date.now()));
    parent.append(here.replay.element);
  } catch (error) {
    if (!(error instanceof PayloadError)) throw error;
    parent.replaceChildren(h("p", { role: "alert" }, error.message));
  }
}
