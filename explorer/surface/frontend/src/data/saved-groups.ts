/** Which groups did this page have of a run? They outlive a change of map, of view, and a reload; the browser's tab is what they are kept in. */

export interface KeptGroup {
  readonly name: string;
  /** Rows of the run's points. */
  readonly indices: readonly number[];
}

/** Where they are kept: sessionStorage, or what a page has that may not use it. */
export type Shelf = Pick<Storage, "getItem" | "setItem">;

const PREFIX = "latent-atlas-groups:";

/** What was kept of a run with `nPoints` points; anything damaged is nothing. */
export function keptGroups(runId: string, nPoints: number, shelf: Shelf | null = tab()): KeptGroup[] {
  try {
    const all: unknown = JSON.parse(shelf?.getItem(PREFIX + runId) ?? "[]");
    return Array.isArray(all)
      ? all.flatMap((one) => (isGroup(one, nPoints) ? [{ name: one.name, indices: one.indices }] : []))
      : [];
  } catch {
    return [];
  }
}

export function keepGroups(runId: string, groups: readonly KeptGroup[], shelf: Shelf | null = tab()): void {
  try {
    shelf?.setItem(PREFIX + runId, JSON.stringify(groups));
  } catch {
    // full, or forbidden: then they last as long as the map
  }
}

function isGroup(one: unknown, nPoints: number): one is KeptGroup {
  const { name, indices } = (one ?? {}) as Partial<KeptGroup>;
  return (
    typeof name === "string" &&
    Array.isArray(indices) &&
    indices.length > 0 &&
    indices.every((i) => Number.isInteger(i) && i >= 0 && i < nPoints)
  );
}

function tab(): Shelf | null {
  try {
    return window.sessionStorage;
  } catch {
    return null;
  }
}
