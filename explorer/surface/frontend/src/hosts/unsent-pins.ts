/** What becomes of pins that the server has not counted when the page is reloaded? The tab keeps them, and the page that comes sends them again. */

import type { Pin } from "../editor/host-events";
import { sameCode } from "../kernel/pins";

/** A pin with the map on which it was made: a place means something else on another. since: when, Date.now(); page: of the page that was open. */
export type UnsentPin = Pin & { readonly mapId: string; readonly since: number; readonly page: number };

const KEY = "latent-atlas-unsent-pins";

/** Where the tab keeps texts: sessionStorage; null where the browser keeps nothing. */
export type TabTexts = Pick<Storage, "getItem" | "setItem" | "removeItem"> | null;

/** Beside those that another map of the page has left. */
export function keepUnsent(texts: TabTexts, pins: readonly UnsentPin[]): void {
  if (pins.length === 0) return;
  try {
    const others = read(texts).filter(({ nonce }) => pins.every((pin) => pin.nonce !== nonce));
    texts?.setItem(KEY, JSON.stringify([...others, ...pins]));
  } catch {
    // the tab has no room: the pins are lost, as they were without it
  }
}

/**
 * Those of that map that the host does not have: the server may have counted one of which this page was not told. Kept no longer.
 *
 * isBefore: whether this page is that one, or that one loaded again; one that a link opened shows what the link says.
 */
export function takeUnsent(
  texts: TabTexts,
  mapId: string,
  known: readonly (readonly number[])[],
  isBefore: (page: number) => boolean,
): readonly UnsentPin[] {
  const all = read(texts);
  texts?.removeItem(KEY);
  keepUnsent(
    texts,
    all.filter((pin) => pin.mapId !== mapId),
  );
  return all.filter((pin) => pin.mapId === mapId && isBefore(pin.page) && !known.some((z) => sameCode(z, pin.z)));
}

function read(texts: TabTexts): UnsentPin[] {
  try {
    const found: unknown = JSON.parse(texts?.getItem(KEY) ?? "[]");
    return Array.isArray(found) ? found.filter(isPin) : [];
  } catch {
    return []; // another program's text
  }
}

function isPin(found: unknown): found is UnsentPin {
  const { nonce, map, z, mapId, since, page } = (found ?? {}) as Partial<UnsentPin>;
  const areNumbers = (all: unknown): boolean => Array.isArray(all) && all.every(Number.isFinite);
  return (
    typeof nonce === "string" &&
    typeof mapId === "string" &&
    typeof since === "number" &&
    typeof page === "number" &&
    areNumbers(map) &&
    areNumbers(z)
  );
}
