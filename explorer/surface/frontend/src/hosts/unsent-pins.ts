/** What becomes of pins that the server has not counted when the page is reloaded? The tab keeps them, and the page that comes sends them again. */

import type { Pin } from "../editor/host-events";
import { sameCode } from "../kernel/pins";

/** A pin with the map on which it was made: a place means something else on another. */
export type UnsentPin = Pin & { readonly mapId: string };

const KEY = "latent-atlas-unsent-pins";

/** Where the tab keeps texts: sessionStorage; null where the browser keeps nothing. */
export type TabTexts = Pick<Storage, "getItem" | "setItem" | "removeItem"> | null;

/** key: of the map on its page. Kept until the next call, so that what was counted meanwhile is not kept twice. */
export function keepUnsent(texts: TabTexts, key: string, pins: readonly UnsentPin[]): void {
  try {
    if (pins.length > 0) texts?.setItem(`${KEY}:${key}`, JSON.stringify(pins));
    else texts?.removeItem(`${KEY}:${key}`);
  } catch {
    // the tab has no room: the pins are lost, as they were without it
  }
}

/** Those of that map that the host does not have: the server may have counted one of which this page was not told. Kept no longer. */
export function takeUnsent(
  texts: TabTexts,
  key: string,
  mapId: string,
  known: readonly (readonly number[])[],
): readonly UnsentPin[] {
  const text = texts?.getItem(`${KEY}:${key}`) ?? null;
  texts?.removeItem(`${KEY}:${key}`);
  return read(text).filter((pin) => pin.mapId === mapId && !known.some((z) => sameCode(z, pin.z)));
}

function read(text: string | null): UnsentPin[] {
  try {
    const found: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(found) ? found.filter(isPin) : [];
  } catch {
    return []; // another program's text
  }
}

function isPin(found: unknown): found is UnsentPin {
  const { nonce, map, z, mapId } = (found ?? {}) as Partial<UnsentPin>;
  const areNumbers = (all: unknown): boolean => Array.isArray(all) && all.every(Number.isFinite);
  return typeof nonce === "string" && typeof mapId === "string" && areNumbers(map) && areNumbers(z);
}
