/** Where does the film of a training live? In the app, as a Streamlit component in the map's place. */

import { Replay } from "../replay/replay";
import { h } from "../ui/dom";
import { PayloadError } from "../wire/errors";
import { fetched } from "../wire/fetched";
import { readFilm } from "../wire/film";
import type { AppFilm } from "../wire/schema";

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
  if (data === null || typeof data !== "object" || !("address" in data)) return undefined; // nothing to show yet
  const here = mounted.get(parent) ?? { replay: null, words: "", component, calls: 0 };
  here.component = component;
  mounted.set(parent, here);
  void show(parent, data as AppFilm, here);
  here.replay?.retheme();
  const call = ++here.calls;
  // a call that was overtaken while its script loaded is cleaned up late: it must not take the newer one with it
  return () => {
    if (mounted.get(parent) !== here || here.calls !== call) return;
    mounted.delete(parent);
    here.replay?.destroy();
  };
}

/** Fetches the film where the page has not got it; one that comes when another is wanted, or none, is left alone. */
async function show(parent: HTMLElement | ShadowRoot, { shown, address }: AppFilm, here: Mounted): Promise<void> {
  const words = JSON.stringify([address, shown]);
  if (words === here.words) return;
  here.words = words;
  const isWanted = (): boolean => mounted.get(parent) === here && here.words === words;
  try {
    const film = readFilm(await fetched(address));
    if (!isWanted()) return;
    here.replay?.destroy();
    here.replay = new Replay(film, shown, () => here.component.setTriggerValue("leave", Date.now()));
    parent.append(here.replay.element);
  } catch (error) {
    if (!(error instanceof PayloadError)) throw error;
    if (isWanted()) parent.replaceChildren(h("p", { role: "alert" }, error.message));
  }
}
