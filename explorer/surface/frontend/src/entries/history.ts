/** Who keeps the browser's history and the address while the app is open? One object of the page, told at the end of every rerun that changed what is asked for. */

import { Entries } from "../hosts/entries";
import { KeptScreen } from "../hosts/kept-screen";

const KEPT = Symbol.for("latent-atlas-history");

type Page = Window & { [KEPT]?: Entries };

/** A page that is built anew has this program a second time: the object stays. */
export default function history(): void {
  const page = window as Page;
  if (page[KEPT]) return page[KEPT].settle();
  const entries = new Entries(window);
  page[KEPT] = entries;
  new KeptScreen({ read: () => location.hash, write: (text) => entries.setFragment(text) });
}
