/**
 * Where do Back and Forward lead? One entry of the browser's history for every rerun that changed what the address asks for.
 *
 * Streamlit replaces the entry when a widget is bound to the address, pushes one for each parameter that Python writes, and drops the
 * fragment then. So the first call of a rerun that asks for something else makes the entry, at once: Back pressed before the rerun is over
 * leads to what was there before it. Further calls change that entry, until `settle` says that the rerun is over. Going back and forward is Streamlit's: it asks Python for the page of that address, and makes no entry.
 */

/** What of the browser is needed. */
export interface Browser {
  readonly location: Pick<Location, "href" | "search" | "hash">;
  readonly history: Pick<History, "pushState" | "replaceState">;
  addEventListener(type: "popstate", run: () => void): void;
}

export class HistoryEntries {
  private readonly push: History["pushState"];
  private readonly replace: History["replaceState"];
  /** What the entry asked for when the last rerun was over. */
  private search: string;
  /** The rerun that is not over has made its entry. */
  private isMade = false;
  /** Back or Forward was pressed, and the page is not there yet. */
  private isTravelling = false;

  constructor(private readonly browser: Browser) {
    const { history, location } = browser;
    this.push = history.pushState.bind(history);
    this.replace = history.replaceState.bind(history);
    this.search = location.search;
    history.pushState = (state, _unused, url) => this.write(state, url);
    history.replaceState = (state, _unused, url) => this.write(state, url);
    browser.addEventListener("popstate", () => {
      if (this.isMade || location.search !== this.search) this.isTravelling = true;
    });
  }

  /** A rerun is over. */
  settle(): void {
    [this.isTravelling, this.isMade] = [false, false];
    this.search = this.browser.location.search;
  }

  /**
   * Nothing runs any more, and the last rerun asked for this, "view=compare&with=a". A rerun that was cut short by the next click leaves
   * the parameters that it wrote to Streamlit, which may bring them after the click has changed the address.
   */
  correct(asked: string): void {
    const { location } = this.browser;
    if (this.isTravelling || sorted(location.search) === sorted(asked)) return;
    const kept = ofStreamlit(location.search);
    const search = [asked, kept].filter(Boolean).join("&");
    this.replace({}, "", `${location.href.split(/[?#]/)[0]}${search && `?${search}`}${location.hash}`);
    this.search = location.search;
  }

  /** Another fragment of the same entry. */
  setFragment(text: string): void {
    const { location } = this.browser;
    const address = location.href.split("#")[0];
    if (location.hash !== (text && `#${text}`)) this.replace({}, "", text ? `${address}#${text}` : address);
  }

  /** An address without a fragment keeps the one that is there. */
  private write(state: unknown, url: string | URL | null | undefined): void {
    const { location } = this.browser;
    const address = new URL(url ?? location.href, location.href);
    if (!address.hash) address.hash = location.hash;
    const isNew = !this.isTravelling && !this.isMade && address.search !== this.search;
    if (isNew) this.isMade = true;
    (isNew ? this.push : this.replace)(state, "", address.href);
  }
}

const STREAMLITS = ["embed", "embed_options"]; // which Python never sees

/** What an address asks Python for, in one order. */
function sorted(search: string): string {
  const asked = new URLSearchParams(search);
  for (const name of STREAMLITS) asked.delete(name);
  asked.sort();
  return asked.toString();
}

function ofStreamlit(search: string): string {
  return new URLSearchParams([...new URLSearchParams(search)].filter(([name]) => STREAMLITS.includes(name))).toString();
}
