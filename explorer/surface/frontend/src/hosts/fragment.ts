/** Who writes what into the part of the address after #? The page its pins and its map, the map its screen; each keeps what is the other's. */

/** Parameters of a page without a server; in the app they are the query's. */
export const OF_PAGE: readonly string[] = ["projection", "map", "as", "pins", "path"];

function keyOf(part: string): string {
  return part.split("=")[0];
}

/** The fragment with `text` in place of what it said of the page, or of all but the page. */
export function merged(fragment: string, text: string, isOfPage: boolean): string {
  const parts = fragment.replace(/^#/, "").split("&");
  const others = parts.filter((part) => part !== "" && OF_PAGE.includes(keyOf(part)) !== isOfPage);
  return (isOfPage ? [text, ...others] : [...others, text]).filter(Boolean).join("&");
}

/**
 * A file's link opened in the app: what stands there after # about pins and map belongs into the query. Null where nothing does.
 *
 * search, hash: of the address, with their signs.
 */
export function moved(search: string, hash: string): string | null {
  const parts = hash.replace(/^#/, "").split("&");
  const own = parts.filter((part) => OF_PAGE.includes(keyOf(part)));
  if (own.length === 0) return null;
  const query = own.flatMap((part) => {
    const [key, ...value] = part.split("=");
    return key === "path" ? [] : [`${key === "map" ? "projection" : key}=${value.join("=")}`];
  });
  const names = query.map(keyOf);
  const kept = search
    .replace(/^\?/, "")
    .split("&")
    .filter((part) => part !== "" && !names.includes(keyOf(part)));
  const rest = parts.filter((part) => !OF_PAGE.includes(keyOf(part)));
  const walk = own.filter((part) => keyOf(part) === "path").map((part) => part.replace("path", "walk"));
  const screen = [...rest, ...walk];
  const version = walk.length > 0 && !rest.some((part) => keyOf(part) === "v") ? ["v=1"] : [];
  return `?${[...kept, ...query].join("&")}${screen.length > 0 ? `#${[...version, ...screen].join("&")}` : ""}`;
}
