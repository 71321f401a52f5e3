/** What keeps and shares the link where there is no server? The screen in the fragment of a file's address, and the dialog; loaded beside hosts.js. */

import { merged } from "../hosts/fragment";
import { KeptScreen } from "../hosts/screen/kept-screen";
import { ShareDialog } from "../hosts/share-dialog";

/** Without an entry in the history: going back leaves the page, it does not undo pins. */
function write(text: string): void {
  const fragment = merged(location.hash, text, false);
  if (location.hash === (fragment && `#${fragment}`)) return;
  try {
    history.replaceState(null, "", fragment ? `#${fragment}` : location.pathname + location.search);
  } catch {
    location.hash = fragment; // a browser that allows files no history
  }
}

new ShareDialog(window);
new KeptScreen({
  read: () => location.hash,
  write,
  heard: (changed) => addEventListener("hashchange", () => setTimeout(changed)), // after the page, whose pins a path needs
});
