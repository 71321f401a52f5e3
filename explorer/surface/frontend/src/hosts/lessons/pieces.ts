/** Where does an interactive piece live? Beside a lesson's text: in the app as a Streamlit component, and on a web site without a server. */

import sheet from "../../charts/clinic.css";
import { colourCharts } from "../../charts/colours";
import { PIECES } from "../../pieces/index";
import type { Piece } from "../../pieces/piece";
import own from "../../pieces/pieces.css";
import { Telling } from "../../pieces/telling";
import { h } from "../../ui/dom";
import { STYLE } from "../../ui/style";
import { applyTheme, readTheme } from "../../ui/theme";
import { PayloadError } from "../../wire/errors";
import { fetched } from "../../wire/fetched";
import { readSubject, type Subject } from "../../wire/piece";
import type { PieceTold } from "../../wire/schema";
import { unpackText } from "../../wire/unpack";
import { leaving } from "../streamlit-cleanup";

interface Component {
  readonly parentElement: HTMLElement | ShadowRoot;
  readonly data: unknown;
}

interface Mounted {
  readonly root: HTMLElement;
  readonly body: HTMLElement;
  readonly observer: ResizeObserver;
  told: PieceTold;
  piece: Piece | null;
  teller: Telling | null;
  calls: number;
}

const STYLES = [STYLE, unpackText(sheet), unpackText(own)];
/** Of the letters of charts, CSS pixels: for a reader, and for a room. */
const LETTERS_PX = 14;
const ROOM_PX = 20;
const NARROWEST = 280;
/** Above and below the piece, where nothing says how much. */
const MARGIN_PX = 24;

const mounted = new WeakMap<Node, Mounted>();

/** Called again whenever data or theme change: the same piece of the same step goes on. */
export function inApp({ parentElement: parent, data }: Component): (() => void) | undefined {
  const before = mounted.get(parent);
  if (data === null || typeof data !== "object" || !("piece" in data)) return before && left(parent, before); // nothing to show yet
  const told = data as PieceTold;
  const here = before ?? begun(parent, told);
  const isNew = before === undefined || here.told.key !== told.key || here.told.address !== told.address;
  here.told = told;
  if (isNew) void open(parent, here, told.address ? () => fetched(told.address) : null);
  draw(here);
  return left(parent, here);
}

/** Returns what takes it away again. subject: its bytes, null of a piece that is about no image */
export function inSite(parent: HTMLElement, told: PieceTold, subject: Uint8Array | null): () => void {
  const here = begun(parent, told);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const redraw = (): void => draw(here);
  dark.addEventListener("change", redraw);
  void open(parent, here, subject && (async () => subject));
  return () => {
    dark.removeEventListener("change", redraw);
    end(here);
    mounted.delete(parent);
  };
}

function left(parent: Node, here: Mounted): () => void {
  return leaving(mounted, parent, here, () => end(here));
}

function end(here: Mounted): void {
  close(here);
  here.observer.disconnect();
  here.root.remove();
}

function begun(parent: HTMLElement | ShadowRoot, told: PieceTold): Mounted {
  const body = h("div", {});
  const root = h("div", { class: "la-root lw-root lc-page" }, ...STYLES.map((style) => h("style", {}, style)), body);
  const observer = new ResizeObserver(() => draw(here));
  const here: Mounted = { root, body, observer, told, piece: null, teller: null, calls: 0 };
  parent.append(root);
  mounted.set(parent, here);
  observer.observe(root);
  return here;
}

function close(here: Mounted): void {
  here.teller?.stop();
  here.piece?.destroy();
  here.teller = here.piece = null;
}

/** What is fetched when another piece is wanted already is left alone. */
async function open(parent: Node, here: Mounted, bring: (() => Promise<Uint8Array>) | null): Promise<void> {
  const { told } = here;
  close(here);
  here.body.replaceChildren(h("p", { class: "la-muted", role: "status" }, "The piece is on its way …"));
  const isWanted = (): boolean => mounted.get(parent) === here && here.told.key === told.key;
  try {
    const make = PIECES[told.piece];
    if (!make) throw new PayloadError("This page is older than the lesson. Reload it.");
    const subject = bring ? readSubject(await bring()) : NO_SUBJECT;
    if (!isWanted()) return;
    const piece = make(told, subject);
    here.piece = piece;
    here.body.replaceChildren(piece.element);
    draw(here);
    here.teller = new Telling(told.key, piece);
  } catch (error) {
    if (!(error instanceof PayloadError)) throw error;
    if (isWanted()) here.body.replaceChildren(h("p", { role: "alert", class: "lw-error" }, error.message));
  }
}

/** Of a piece that is about no image, which never looks at it. */
const NO_SUBJECT = null as unknown as Subject;

function draw({ root, told, piece }: Mounted): void {
  const px = told.is_room ? ROOM_PX : LETTERS_PX;
  root.classList.toggle("lw-room", told.is_room);
  const theme = readTheme(root, matchMedia("(prefers-color-scheme: dark)").matches, px);
  applyTheme(root, theme);
  colourCharts(root, theme);
  const width = Math.max(NARROWEST, root.clientWidth);
  const height = innerHeight - Math.max(0, root.getBoundingClientRect().top + scrollY) - MARGIN_PX;
  piece?.draw({ theme, width, height, px });
}
