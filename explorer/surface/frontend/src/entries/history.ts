/** Who keeps the browser's history while the app is open? One object of the page, told at the end of every rerun that changed the address. */

import { Entries } from "../hosts/entries";

const KEPT = Symbol.for("latent-atlas-history");

type Page = Window & { [KEPT]?: Entries };

/** A page that is built anew has this program a second time: the object stays. */
export default function history(): void {
  const page = window as Page;
  if (page[KEPT]) page[KEPT].settle();
  else page[KEPT] = new Entries(window);
}
