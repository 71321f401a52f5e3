/** How does the surface live in a Streamlit page? Components v2 calls the default export again whenever data or theme change. */

import { SurfaceView } from "../editor/editor";
import type { Pin, Surface } from "../editor/host-events";
import type { PinEdit } from "../kernel/pins";
import { PENDING_MS, sameCode } from "../kernel/pins";
import { peek } from "../wire/payload";
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
  calls: number;
  /** Listens for the end of the page. */
  readonly leave: () => void;
}

const mounted = new WeakMap<Node, Mounted>();

export default function streamlit(component: StreamlitComponent): (() => void) | undefined {
  const { parentElement: parent, data } = component;
  let here = mounted.get(parent);
  if (!(data instanceof Uint8Array)) return here && left(parent, here); // nothing to show yet
  if (isMissing(data, here)) {
    setTimeout(() => component.setTriggerValue("pin", { want: `${Date.now()}` }), 0); // the next rerun sends everything
    return here && left(parent, here);
  }
  if (here) {
    here.component = component;
    here.surface.update(data);
    sendAgain(here);
  } else {
    here = mountIn(parent, data, component);
  }
  return left(parent, here);
}

function left(parent: Node, here: Mounted): () => void {
  return leaving(mounted, parent, here, () => {
    removeEventListener("pagehide", here.leave);
    here.leave(); // the page is rebuilt while the server is asked: the map that comes sends them again
    here.surface.destroy();
  });
}

const AGAIN_MS = 300;
/** An edit means pins by their numbers: later others may have them. */
const EDIT_MS = 4000;
/** For how long the address of the page may lack a pin that the server has: quick reruns write it one after the other. */
const ADDRESS_MS = 10_000;

/** Arrays were left out for a map that is not shown here: the page was rebuilt while the answer was on its way. */
function isMissing(data: Uint8Array, here: Mounted | undefined): boolean {
  try {
    const { id, isReference } = peek(data);
    return isReference && here?.surface.mapId() !== id;
  } catch {
    return false; // the surface says what is wrong with these bytes
  }
}

function mountIn(parent: HTMLElement | ShadowRoot, data: Uint8Array, component: StreamlitComponent): Mounted {
  const surface = new SurfaceView(parent, data, {
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
  const here: Mounted = { surface, component, waiting: [], counted: [], calls: 0, leave: () => leave(here) };
  mounted.set(parent, here);
  addEventListener("pagehide", here.leave);
  const unsent = takeUnsent(tabTexts(), surface.mapId(), surface.pinned(), isThisPage);
  here.waiting.push(...unsent);
  if (unsent.length > 0) setTimeout(() => mounted.get(parent) === here && send(here)); // not while Streamlit mounts
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
function sendAgain(here: Mounted): void {
  forget(here);
  const first = here.waiting[0];
  if (first)
    setTimeout(() => mounted.has(here.component.parentElement) && here.waiting.includes(first) && send(here), AGAIN_MS);
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
