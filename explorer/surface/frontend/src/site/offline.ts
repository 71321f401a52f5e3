/** Does the site work without a network once it was seen? Where it came over http; a page from disk needs no such thing. */

import { allowed } from "./parts";

const IS_SERVED = /^https?:$/;

/** After the page stands: what it needs first has the line for itself. */
export async function keepForOffline(page: Window = window): Promise<void> {
  const { serviceWorker } = page.navigator;
  if (!IS_SERVED.test(page.location.protocol) || !serviceWorker) return;
  try {
    await serviceWorker.register(allowed("sw.js") as string);
    const { active } = await serviceWorker.ready;
    active?.postMessage(page.performance.getEntriesByType("resource").map(({ name }) => name));
  } catch {
    // a browser that keeps nothing: the site works all the same while there is a network
  }
}
