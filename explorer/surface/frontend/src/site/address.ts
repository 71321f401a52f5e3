/**
 * What does the part of the address after # say? Its own keys are this page's (the step of a lesson, the maps of two columns), those of
 * `fragment.ts` are the map's and its pins, all others the screen's: `kept-screen.ts` reads and writes them.
 */

import { OF_PAGE } from "../hosts/fragment";
import type { Fragment } from "../hosts/screen/kept-screen";

const OWN: readonly string[] = ["step", "map1", "map2", "as1", "as2"];

type Kind = "own" | "page" | "screen";

export type Fragments = Readonly<Record<Kind, string>>;

function kindOf(part: string): Kind {
  const [key] = part.split("=");
  return OWN.includes(key) ? "own" : OF_PAGE.includes(key) ? "page" : "screen";
}

export function parted(hash: string): Fragments {
  const parts = hash.replace(/^#/, "").split("&").filter(Boolean);
  const of = (kind: Kind): string => parts.filter((one) => kindOf(one) === kind).join("&");
  return { own: of("own"), page: of("page"), screen: of("screen") };
}

export function joined({ own, page, screen }: Fragments): string {
  return [own, page, screen].filter(Boolean).join("&");
}

/** Without an entry in the history: going back leaves the page, it does not undo pins. */
export function write(change: Partial<Fragments>): void {
  const text = joined({ ...parted(location.hash), ...change });
  if (location.hash === (text && `#${text}`)) return;
  try {
    history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
  } catch {
    location.hash = text; // a browser that allows files no history
  }
}

/** As the one who keeps the screen needs it. heard: calls it when a person changed the address. */
export function screenFragment(heard: Fragment["heard"]): Fragment {
  return { read: () => `#${parted(location.hash).screen}`, write: (screen) => write({ screen }), heard };
}

/** What the query says of that; "" for nothing. */
export function queried(key: string): string {
  return new URLSearchParams(location.search).get(key) ?? "";
}

/** The address of another page of the site. */
export function address(page: string, query: Readonly<Record<string, string>> = {}, fragment = ""): string {
  const words = new URLSearchParams(query).toString();
  return `${page}.html${words && `?${words}`}${fragment && `#${fragment}`}`;
}
