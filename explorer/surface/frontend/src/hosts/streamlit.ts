/** How does the surface live in a Streamlit page? Components v2 calls the default export again whenever data or theme change. */

import { SurfaceView } from "../editor/editor";
import type { Pin, Surface } from "../editor/host-events";
import type { PinEdit } from "../kernel/pins";
import { PENDING_MS, sameCode } from "../kernel/pins";
import { h } from "../ui/dom";
import { PayloadError } from "../wire/errors";
import { fetched, unzipped } from "../wire/fetched";
import { peek, withStatic } from "../wire/payload";
import { base64 } from "./base64";
import { leaving } from "./streamlit-cleanup";
import { keepUnsent, type TabTexts, takeUnsent, type UnsentPin } from "./unsent-pins";

interface StreamlitComponent {
  readonly parentElement: HTMLElement | ShadowRoot;
  readonly data: unknown;
  readonly key: string;
  setStateValue(name: string, value: unknown): void;
  setTriggerValue(name: string, value: unknown): void;
}

/** A pin that was made, or what is to be done to those that are there. */
type Event = (Pin | { readonly edit: PinEdit; readonly nonce: string }) & {
  /** Date.now(): it goes on over a reload. */
  readonly since: number;
  readonly mapId: string;
  readonly page: number;
};

interface Mounted {
  readonly surface: Surface;
  /** Sent and not yet counted: reruns that follow each other closely are joined, and only the last value arrives. */
  waiting: Event[];
  /** Counted a moment ago. */
  counted: UnsentPin[];
  /** The page's latest handlers: older ones belong to an earlier rerun. */
  component: StreamlitComponent;
  /** Listens for the end of the page. */
  readonly leave: () => void;
}

/** Where on the page a surface is, or will be when its map has arrived. */
interface Place {
  calls: number;
  here: Mounted | null;
  /** The latest that was asked for: a map may arrive when another one is wanted. */
  asked: number;
}

const places = new WeakMap<Node, Place>();

export default function streamlit(component: StreamlitComponent): (() => void) | undefined {
  const { parentElement: parent, data } = component;
  const place = places.get(parent) ?? { calls: 0, here: null, asked: 0 };
  places.set(parent, place);
  if (data instanceof Uint8Array) bring(place, component, data); // else there is nothing to show yet
  return leaving(places, parent, place, () => {
    place.asked++;
    if (place.here) leavePage(place.here);
  });
}

/** At once where the page has all of it; else the map before it stays alive until the new one is there. */
function bring(place: Place, component: StreamlitComponent, data: Uint8Array): void {
  const ask = ++place.asked;
  if (place.here) place.here.component = component;
  const address = whereMissing(data, place.here);
  if (address === null) {
    show(place, component, data);
    return;
  }
  const waiting = place.here ? null : waitingWords();
  if (waiting) component.parentElement.append(waiting);
  complete(data, address)
    .finally(() => waiting?.remove())
    .then(
      (whole) => ask === place.asked && show(place, component, whole),
      () => want(place, component, ask),
    );
}

const WANTED_MS = 5000;

/** The next rerun sends everything. A rerun that is overtaken by another one is lost with what it was asked: then it is asked again. */
function want(place: Place, component: StreamlitComponent, ask: number, afterMs = WANTED_MS): void {
  if (ask !== place.asked) return;
  component.setTriggerValue("pin", { want: `${Date.now()}` });
  setTimeout(() => want(place, component, ask, 2 * afterMs), afterMs);
}

/** In the place of the first map, with the room that it takes; on a fast line nobody sees it. */
function waitingWords(): HTMLElement {
  const style =
    "min-height: 60vh; margin: 0; padding: 28px 0; color: var(--st-text-color); font: 400 15px/1.4 var(--st-font)";
  return h("p", { role: "status", style }, "Fetching the map …");
}

function leavePage(here: Mounted): void {
  removeEventListener("pagehide", here.leave);
  here.leave(); // the page is rebuilt while the server is asked: the map that comes sends them again
  here.surface.destroy();
}

const AGAIN_MS = 300;
/** An edit means pins by their numbers: later others may have them. */
const EDIT_MS = 4000;
/** For how long the address of the page may lack a pin that the server has: quick reruns write it one after the other. */
const ADDRESS_MS = 10_000;

/** From where to fetch the arrays that were left out, "" for nowhere; null where nothing is missing. */
function whereMissing(data: Uint8Array, here: Mounted | null): string | null {
  try {
    const { id, isReference, address } = peek(data);
    return isReference && here?.surface.mapId() !== id ? address : null;
  } catch {
    return null; // the surface says what is wrong with these bytes
  }
}

async function complete(data: Uint8Array, address: string): Promise<Uint8Array> {
  if (!address) throw new PayloadError("This page was rebuilt while the answer was on its way.");
  return withStatic(data, await unzipped(await fetched(address)));
}

function show(place: Place, component: StreamlitComponent, data: Uint8Array): void {
  if (place.here) {
    place.here.surface.update(data);
    sendAgain(place, place.here);
  } else {
    place.here = mountIn(place, data, component);
  }
}

function mountIn(place: Place, data: Uint8Array, component: StreamlitComponent): Mounted {
  const surface = new SurfaceView(component.parentElement, data, {
    onPin: (pin) => {
      here.waiting.push({ ...pin, since: Date.now(), mapId: surface.mapId(), page: PAGE });
      send(here);
    },
    onEdit: (edit, nonce) => {
      here.waiting.push({ edit, nonce, since: Date.now(), mapId: surface.mapId(), page: PAGE });
      send(here);
    },
    onPicture: (png, name, off) => here.component.setTriggerValue("picture", { png: base64(png), name, off: [...off] }),
    onFilm: () => here.component.setTriggerValue("film", Date.now()),
    onClass: (name) => here.component.setTriggerValue("class", name),
  });
  const here: Mounted = { surface, component, waiting: [], counted: [], leave: () => leave(here) };
  addEventListener("pagehide", here.leave);
  const unsent = takeUnsent(tabTexts(), surface.mapId(), surface.pinned(), isThisPage);
  here.waiting.push(...unsent);
  if (unsent.length > 0) setTimeout(() => isThere(place, here) && send(here)); // not while Streamlit mounts
  return here;
}

/** The page may be reloaded before the server has heard of the last pins, or before they are in the address. */
function leave(here: Mounted): void {
  forget(here);
  // an edit means pins by their numbers, which others may have by then
  const waiting = here.waiting.flatMap((event) => ("edit" in event ? [] : [event]));
  const pinned = here.surface.pinned();
  const isThere = (pin: UnsentPin): boolean => pinned.some((z) => sameCode(pin.z, z));
  keepUnsent(tabTexts(), [...here.counted.filter(isThere), ...waiting]);
}

/** A name of the page that is open, as no other of this tab has it. */
const PAGE = performance.timeOrigin;

/** Whether that page is this one, or was this one before it was reloaded. */
function isThisPage(page: number): boolean {
  const [entry] = performance.getEntriesByType("navigation");
  return page === PAGE || (entry as PerformanceNavigationTiming | undefined)?.type === "reload";
}

function tabTexts(): TabTexts {
  try {
    return window.sessionStorage;
  } catch {
    return null;
  }
}

function send(here: Mounted): void {
  forget(here);
  const events = here.waiting.map(({ since: _since, mapId: _mapId, page: _page, ...event }) => event);
  here.component.setTriggerValue("pin", { events, mapId: here.surface.mapId() });
}

/** Events of which the host knows nothing after a while are sent once more with the next ones. */
function sendAgain(place: Place, here: Mounted): void {
  forget(here);
  const first = here.waiting[0];
  if (first) setTimeout(() => isThere(place, here) && here.waiting.includes(first) && send(here), AGAIN_MS);
}

/** Whether the page still has it. */
function isThere(place: Place, { component }: Mounted): boolean {
  return places.get(component.parentElement) === place;
}

/** What was counted, what is too old, and what was meant for another map. */
function forget(here: Mounted): void {
  const taken = new Set(here.surface.taken());
  const [now, mapId] = [Date.now(), here.surface.mapId()];
  const isMeant = (event: Event): boolean =>
    event.mapId === mapId && now - event.since < ("edit" in event ? EDIT_MS : PENDING_MS);
  const counted = here.waiting.flatMap((event) => ("edit" in event || !taken.has(event.nonce) ? [] : [event]));
  here.counted = [...here.counted, ...counted].filter((pin) => pin.mapId === mapId && now - pin.since < ADDRESS_MS);
  here.waiting = here.waiting.filter((event) => isMeant(event) && !taken.has(event.nonce));
}
