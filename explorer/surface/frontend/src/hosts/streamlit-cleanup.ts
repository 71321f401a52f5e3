/** When does a component of the app go? Streamlit keeps what its last call gave, and calls that when the component leaves the page. */

/** What of a mounted component is counted. */
export interface Called {
  calls: number;
}

/**
 * What a call of the component gives to Streamlit; every call has to give one, also where there is nothing to show, or what was mounted
 * before is never taken away. A call that was overtaken while its script loaded is cleaned up late: it must not take the newer one with it.
 */
export function leaving<Here extends Called>(
  mounted: WeakMap<Node, Here>,
  parent: Node,
  here: Here,
  leave: () => void,
): () => void {
  const call = ++here.calls;
  return () => {
    if (mounted.get(parent) !== here || here.calls !== call) return;
    mounted.delete(parent);
    leave();
  };
}
