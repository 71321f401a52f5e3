/**
 * Where do Back and Forward lead? One entry of the browser's history for every rerun that changed what the address asks for.
 *
 * Streamlit replaces the entry when a widget is bound to the address, pushes one for each parameter that Python writes, and drops the
 * fragment then. So its calls only change the address here; when the rerun is over, `settle` puts back what the entry said before and
 * makes one new entry. Going back and forward is Streamlit's: it asks Python for the page of that address, and makes no entry.
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
  /** The address of the entry as it was when the last rerun was over, with its latest fragment. */
  private settled: string;
  private search: string;
  /** Back or Forward was pressed, and the page is not there yet. */
  private isTravelling = false;

  constructor(private readonly browser: Browser) {
    const { history, location } = browser;
    this.push = history.pushState.bind(history);
    this.replace = history.replaceState.bind(history);
    [this.settled, this.search] = [location.href, location.search];
    history.pushState = (state, _unused, url) => this.write(state, url);
    history.replaceState = (state, _unused, url) => this.write(state, url);
    browser.addEventListener("popstate", () => {
      if (location.search === this.search) this.settled = location.href;
      else this.isTravelling = true;
    });
  }

  /** A rerun is over. */
  settle(): void {
    const { href, search } = this.browser.location;
    if (!this.isTravelling && search !== this.search) {
      this.replace({}, "", this.settled);
      this.push({}, "", href);
    }
    this.isTravelling = false;
    [this.settled, this.search] = [href, search];
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
    [this.settled, this.search] = [this.browser.location.href, this.browser.location.search];
  }

  /** Another fragment of the same entry. */
  setFragment(text: string): void {
    const { location } = this.browser;
    const address = location.href.split("#")[0];
    if (location.hash !== (text && `#${text}`)) this.replace({}, "", text ? `${address}#${text}` : address);
    if (location.search === this.search) this.settled = location.href;
  }

  /** An address without a fragment keeps the one that is there. */
  private write(state: unknown, url: string | URL | null | undefined): void {
    const { location } = this.browser;
    const text = url == null ? location.href : String(url);
    this.replace(state, "", text.includes("#") ? text : text + location.hash);
    if (location.search === this.search) this.settled = location.href;
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
