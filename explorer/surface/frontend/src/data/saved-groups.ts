/** Which groups did this page have of a run? They outlive a change of map, of view, and a reload; the browser's tab is what they are kept in. */

export interface SavedGroup {
  readonly name: string;
  /** Rows of the run's points. */
  readonly indices: readonly number[];
}

/** Where they are kept: sessionStorage, or what a page has that may not use it. */
export type TabStorage = Pick<Storage, "getItem" | "setItem">;

const PREFIX = "latent-atlas-groups:";

/** What was kept of a run with `nPoints` points; anything damaged is nothing. */
export function savedGroups(runId: string, nPoints: number, storage: TabStorage | null = tab()): SavedGroup[] {
  try {
    const all: unknown = JSON.parse(storage?.getItem(PREFIX + runId) ?? "[]");
    return Array.isArray(all)
      ? all.flatMap((one) => (isGroup(one, nPoints) ? [{ name: one.name, indices: one.indices }] : []))
      : [];
  } catch {
    return [];
  }
}

export function saveGroups(runId: string, groups: readonly SavedGroup[], storage: TabStorage | null = tab()): void {
  try {
    storage?.setItem(PREFIX + runId, JSON.stringify(groups));
  } catch {
    // full, or forbidden: then they last as long as the map
  }
}

function isGroup(one: unknown, nPoints: number): one is SavedGroup {
  const { name, indices } = (one ?? {}) as Partial<SavedGroup>;
  return (
    typeof name === "string" &&
    Array.isArray(indices) &&
    indices.length > 0 &&
    indices.every((i) => Number.isInteger(i) && i >= 0 && i < nPoints)
  );
}

function tab(): TabStorage | null {
  try {
    return window.sessionStorage;
  } catch {
    return null;
  }
}
