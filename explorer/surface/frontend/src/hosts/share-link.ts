/** What is shared: the page's address as it is now, how far it reaches, and what has to be left out of it for a QR code. */

import { encode } from "uqr";

/** More squares than this on a side are too small for a phone that looks at a projector's picture. */
const MAX_VERSION = 30;
/** Around the code, in squares: what readers need (ISO/IEC 18004). */
export const QUIET = 4;

/** Rows of squares, true for dark, the quiet zone around them. */
export type QrCode = readonly (readonly boolean[])[];

/** What of a link may be long, the longest first: it is left out in this order until a code has room. */
const LONG: readonly (readonly [keys: readonly string[], words: string])[] = [
  [["ink"], "the drawing"],
  [["groups"], "the saved groups"],
  [["group"], "the selected points"],
  [["plane"], "the plane"],
  [["drawn"], "the path drawn by hand"],
  [["stops"], "the stops of the path"],
  [["pins", "walk"], "the pins"],
];

export interface SharedCode {
  readonly code: QrCode;
  /** What the code says. */
  readonly link: string;
  /** What of the whole link is left out of it. */
  readonly without: readonly string[];
}

/** The code of the link, or of as much of it as a code has room for; null where nothing helps. */
export function codeOf(link: string): SharedCode | null {
  const without: string[] = [];
  for (let [text, next] = [link, 0]; ; next++) {
    const code = encoded(text);
    if (code) return { code, link: text, without };
    const part = LONG[next];
    if (!part) return null;
    const shorter = withoutKeys(text, part[0]);
    if (shorter !== text) without.push(part[1]);
    text = shorter;
  }
}

/** With as much correction as its size has room for, at least 15 %, else 7 %; null where it has too many letters. */
export function encoded(text: string): QrCode | null {
  for (const ecc of ["M", "L"] as const) {
    try {
      return encode(text, { ecc, boostEcc: true, border: QUIET, maxVersion: MAX_VERSION }).data;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }
  return null;
}

/** Parameters of query and fragment alike. */
export function withoutKeys(link: string, keys: readonly string[]): string {
  const [address, ...fragment] = link.split("#");
  const [path, ...query] = address.split("?");
  const rest = (text: string): string =>
    text
      .split("&")
      .filter((part) => !keys.includes(part.split("=")[0].replace(/\.\d$/, "")))
      .join("&");
  const [asked, screen] = [rest(query.join("?")), rest(fragment.join("#"))];
  return path + (asked && `?${asked}`) + (screen && `#${screen}`);
}

/** Who cannot open the link, in a sentence; "" where everyone on the network can. */
export function reach({ protocol, hostname }: Pick<Location, "protocol" | "hostname">): string {
  if (protocol === "file:")
    return "This page is a file on this computer: send the file along, and open it with what stands here after #.";
  return /^(localhost|127(\.\d+){3}|\[?::1\]?)$/.test(hostname)
    ? "This address is this computer's own: nobody else can open it."
    : "";
}

/** “The QR code leaves out the drawing and the saved groups: …”. */
export function codeWords({ without }: Pick<SharedCode, "without">): string {
  if (without.length === 0) return "";
  const last = without[without.length - 1];
  const all = without.length === 1 ? last : `${without.slice(0, -1).join(", ")} and ${last}`;
  return `The link is too long for a QR code, which leaves out ${all}; the link itself has everything.`;
}
