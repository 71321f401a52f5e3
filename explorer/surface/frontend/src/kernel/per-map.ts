/** What does a layer compute once for a map? Made when it is first asked for, and gone with the map. */

export function perMap<K extends object, V>(make: (key: K) => V): (key: K) => V {
  const memos = new WeakMap<K, { readonly value: V }>();
  return (key) => {
    const found = memos.get(key) ?? { value: make(key) };
    memos.set(key, found);
    return found.value;
  };
}
