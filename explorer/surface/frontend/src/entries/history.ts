/**
 * Who keeps the browser's history and the address while the app is open, and hands it on? One object of the page, told at the end of every
 * rerun that changed what is asked for. The same program is the menu's entries for sharing.
 */

import { moved } from "../hosts/fragment";
import { HistoryEntries } from "../hosts/history-entries";
import { KeptScreen } from "../hosts/screen/kept-screen";
import { ShareDialog } from "../hosts/share-dialog";
import { openShareMenu, shareButtons } from "../hosts/share-menu";
import { SAVE_PAGE } from "../kernel/screen";

const KEPT = Symbol.for("latent-atlas-history");

interface Kept {
  readonly entries: HistoryEntries;
  readonly dialog: ShareDialog;
  readonly screen: KeptScreen;
  /** Which staging of a lesson's map was shown last; "" for none. */
  staged: string;
  /** Forgets what the last rerun asked for, where that has not been put right yet. */
  forget: () => void;
}

interface Told {
  readonly menu?: boolean;
  readonly fragment?: string;
  readonly address?: string;
  /** Of a page without a map. */
  readonly run?: string;
  readonly staged?: string;
  readonly screen?: string;
}

type Page = Window & { [KEPT]?: Kept };

interface Component {
  readonly parentElement: HTMLElement | ShadowRoot;
  readonly data: unknown;
  setStateValue(name: string, value: unknown): void;
}

/** The fragment with which the page was opened: Streamlit drops it where it takes a parameter out of the address. */
function openedHash(): string {
  const [entry] = performance.getEntriesByType("navigation");
  return entry ? new URL(entry.name, location.href).hash : "";
}

/** Calls once Streamlit waits for the person again; what comes out gives that up. */
function whenNothingRuns(call: () => void): () => void {
  const app = document.querySelector("[data-test-script-state]");
  const isAtRest = (): boolean => app?.getAttribute("data-test-script-state") === "notRunning";
  const watch = new MutationObserver(() => {
    if (!isAtRest()) return;
    watch.disconnect();
    call();
  });
  if (app) watch.observe(app, { attributes: true, attributeFilter: ["data-test-script-state"] });
  if (isAtRest()) {
    watch.disconnect();
    call();
  }
  return () => watch.disconnect();
}

/** A page that is built anew has this program a second time: the object stays. */
export default function history({ parentElement, data, setStateValue }: Component): (() => void) | undefined {
  const told = data as Told | null;
  if (told?.menu)
    return shareButtons(parentElement, (fragment) => {
      if (fragment !== told.fragment) setTimeout(() => setStateValue("fragment", fragment)); // not while Streamlit mounts
    });
  const page = window as Page;
  const kept = page[KEPT];
  if (kept) {
    kept.entries.settle();
    kept.dialog.refresh();
    kept.forget();
    kept.forget = whenNothingRuns(() => {
      kept.entries.correct(told?.address ?? "");
      rest(kept, told);
    });
    return undefined;
  }
  const hash = location.hash || openedHash();
  const address = moved(location.search, hash);
  if (address !== null) {
    location.replace(location.pathname + address); // a link of an exported page
    return undefined;
  }
  const entries = new HistoryEntries(window);
  if (hash !== location.hash) entries.setFragment(hash.slice(1));
  let { search } = location;
  const screen = new KeptScreen({
    read: () => location.hash,
    write: (text) => entries.setFragment(text),
    heard: (changed) =>
      addEventListener("hashchange", () => {
        if (location.search === search) changed(); // else Back or Forward led to another page, whose map reads it
        search = location.search;
      }),
  });
  const now: Kept = { entries, dialog: new ShareDialog(window), screen, staged: "", forget: () => undefined };
  page[KEPT] = now;
  addEventListener(SAVE_PAGE, openShareMenu);
  now.forget = whenNothingRuns(() => rest(now, told));
  return undefined;
}

function rest(kept: Kept, told: Told | null): void {
  if (told?.run) kept.screen.leave(told.run);
  stage(kept, told);
}

/** A lesson's map is put into the state of its step, once: what is changed afterwards stays. */
function stage(kept: Kept, told: Told | null): void {
  const { staged, screen } = told ?? {};
  if (!staged || staged === kept.staged) return;
  kept.staged = staged;
  kept.entries.setFragment(screen ?? "");
  kept.screen.again();
}
