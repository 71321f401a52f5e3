/** Who changes the shared state, and who hears of it? One door: `set` replaces the record, and those who asked for a key are called. */

export class Store<S extends object> {
  private state: Readonly<S>;
  private readonly heard = new Set<{ readonly keys: readonly (keyof S)[]; readonly run: () => void }>();

  constructor(first: S) {
    this.state = Object.freeze({ ...first });
  }

  get(): Readonly<S> {
    return this.state;
  }

  /** Values that are the same as before change nothing and call nobody. */
  set(patch: Partial<S>): void {
    const before = this.state;
    const changed = changedKeys(before, { ...before, ...patch });
    if (changed.length === 0) return;
    this.state = Object.freeze({ ...before, ...patch });
    for (const { keys, run } of [...this.heard]) if (keys.some((key) => changed.includes(key))) run();
  }

  /** `run` must only note that something changed: the next frame does the work. Returns how to stop listening. */
  on(keys: readonly (keyof S)[], run: () => void): () => void {
    const one = { keys, run };
    this.heard.add(one);
    return () => void this.heard.delete(one);
  }
}

/** Fields whose values are other ones; compared by reference. */
export function changedKeys<S extends object>(before: S, after: S): (keyof S)[] {
  return (Object.keys(after) as (keyof S)[]).filter((key) => !Object.is(before[key], after[key]));
}
