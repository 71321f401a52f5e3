/** Where does the film of a training live? In the app, as a Streamlit component in the map's place. */

import { asksToLeave } from "../replay/leaving";
import { Replay, type Whereabouts } from "../replay/replay";
import { Disposer, h } from "../ui/dom";
import { PayloadError } from "../wire/errors";
import { fetched } from "../wire/fetched";
import { readFilm } from "../wire/film";
import type { AppFilm } from "../wire/schema";
import { leaving } from "./streamlit-cleanup";

export interface FilmComponent {
  readonly parentElement: HTMLElement | ShadowRoot;
  readonly data: unknown;
  readonly key: string;
  setTriggerValue(name: string, value: unknown): void;
}

interface Mounted {
  replay: Replay | null;
  /** What is shown: the same again changes nothing. */
  words: string;
  /** The page's latest handlers: older ones belong to an earlier rerun. */
  component: FilmComponent;
  calls: number;
  /** Where a film was that stood here before; null where none did. */
  from: Whereabouts | null;
  stopListening(): void;
}

const mounted = new WeakMap<Node, Mounted>();
/** By the keys of the films that went a moment ago: a page that is built anew mounts the same film at once, which goes on. */
const gone = new Map<string, Whereabouts>();
/** Time enough for a program that is loaded already; a hand that leaves the film and comes back needs two answers of the server. */
const GONE_MS = 100;

/** Called again whenever data or theme change: a film goes on as long as it is the same on the same map. */
export function inApp(component: FilmComponent): (() => void) | undefined {
  const { parentElement: parent, data } = component;
  const before = mounted.get(parent);
  if (data === null || typeof data !== "object" || !("address" in data)) return before && left(parent, before); // nothing to show yet
  const here = before ?? begun(component);
  here.component = component;
  mounted.set(parent, here);
  void show(parent, data as AppFilm, here);
  here.replay?.retheme();
  return left(parent, here);
}

function left(parent: Node, here: Mounted): () => void {
  return leaving(mounted, parent, here, () => {
    here.stopListening();
    keep(here.component.key, here.replay?.whereabouts ?? here.from);
    here.replay?.destroy();
  });
}

/** For what is mounted next, and for no one who comes back to the film later. */
function keep(key: string, from: Whereabouts | null): void {
  if (!from) return;
  gone.set(key, from);
  setTimeout(() => gone.get(key) === from && gone.delete(key), GONE_MS);
}

/**
 * From now on Esc and the film's key are the film's, before anything else on the page hears them: the bytes may still be on their way, and the map
 * whose place it takes may still stand there with the keyboard, and would ask for the film once more.
 */
function begun(component: FilmComponent): Mounted {
  const disposer = new Disposer();
  const here: Mounted = {
    replay: null,
    words: "",
    component,
    calls: 0,
    from: gone.get(component.key) ?? null,
    stopListening: () => disposer.dispose(),
  };
  gone.delete(component.key);
  const take = (event: KeyboardEvent): void => {
    const { leaves } = (here.component.data as AppFilm).shown;
    if (!leaves || event.defaultPrevented || !asksToLeave(event)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    here.component.setTriggerValue("leave", Date.now());
  };
  disposer.listen(window, "keydown", take, { capture: true });
  return here;
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
    const from = here.replay?.whereabouts ?? here.from;
    here.replay?.destroy();
    // of films that move together another run's goes where the one before was
    const isOn = from !== null && (from.run === film.header.run || shown.link !== "");
    here.replay = new Replay(film, shown, null, isOn ? from : null);
    here.replay.showIn(parent);
  } catch (error) {
    if (!(error instanceof PayloadError)) throw error;
    if (isWanted()) parent.replaceChildren(h("p", { role: "alert" }, error.message));
  }
}
