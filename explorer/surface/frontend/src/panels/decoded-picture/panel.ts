/** What is said of the code that is shown? Its picture at once, in every frame; words and the nearest image when it is time. */

import { supportWords } from "../../geometry/support";
import { headingOf } from "../../kernel/derive";
import type { Frame, Panel, Progress, Room } from "../../kernel/extension";
import type { PanelEditor } from "../../kernel/panel-editor";
import { probability } from "../../kernel/reading";
import type { MapState } from "../../kernel/state";
import { FIRST_TAB, SMALL_PICTURE_TABS } from "../../kernel/tabs";
import { classWords, nearestWords, zText } from "../../ui/format";
import { looksWords, PictureCard } from "./card";

/** A decoder slower than this leaves the nearest point's picture for when the hand rests. */
const CHEAP_DECODE_MS = 2.5;
const REST_MS = 90;
/** Words follow a moving hand this often: nobody reads numbers faster, and each change lays out the page. */
const WORDS_MS = 50;
const LOW_WINDOW_PX = 860;
/** A tab of pins needs more: their pictures, and the path between them under these. */
const LOW_FOR_PINS_PX = 1000;
/** Of the height beside the map, for the decoded picture. */
const PICTURE_SHARE = 0.36;
/** On a phone, while another tab than the details is chosen. */
const NARROW_SMALL_PX = 84;
/** Beside a tab that needs the room, in a low window. */
const SMALL_PX = 112;
/** The same share of a low window, which is to have room for a tab too, and of presenter size. */
const LOW_PICTURE_SHARE = 0.29;
const PRESENTED_SHARE = 0.58;
/** Of the width, for a picture in a corner of the map. */
const CORNER_SHARE = 0.18;
const UNSAID = -2;

export class DecodedPicture implements Panel {
  readonly id = "decoded-picture";
  readonly slot = "card";
  readonly reads: readonly (keyof MapState)[] = [
    "data",
    "probe",
    "shown",
    "theme",
    "layers",
    "host",
    "pins",
    "path",
    "motion",
    "tab",
  ];
  private readonly card = new PictureCard();
  readonly element = this.card.element;
  readonly places = this.card.places;
  readonly parts = { "tab-details": this.card.details };
  private announcedPlace = "";
  /** The point that the card tells of. */
  private nearest = UNSAID;
  private originals: Uint8Array | null = null;
  private last: MapState | null = null;
  private wordsAreDue = false;
  private wordsAt = -Infinity;
  private decodeMs = 0;
  private restTimer: ReturnType<typeof setTimeout> | undefined;
  private given: Room | null = null;

  constructor(private readonly editor: Pick<PanelEditor, "state" | "set" | "derived" | "toPin" | "announceLater">) {}

  update(frame: Frame): void {
    const { state } = frame;
    const { last } = this;
    this.last = state;
    if (state.data !== last?.data) this.configure(state.data);
    else if (state.tab !== last.tab) this.refit();
    this.showCode(frame, last);
    this.announcePlace(state);
  }

  work(frame: Frame): Progress {
    const { originals } = frame.state.data;
    if (originals !== this.originals) {
      this.nearest = UNSAID; // its own picture is there now
      this.wordsAreDue = true;
    }
    this.originals = originals;
    this.showWords(frame);
    return this.wordsAreDue ? "working" : "done";
  }

  fit(room: Room): void {
    this.given = room;
    this.refit();
  }

  dispose(): void {
    clearTimeout(this.restTimer);
  }

  private refit(): void {
    if (!this.given) return;
    const { isPresenting, isWide, isFolded, isNarrow, isCompact, width, height, sideWidth } = this.given;
    const isLow = innerHeight < LOW_WINDOW_PX;
    const { tab } = this.editor.state();
    const isLookedAt = tab === FIRST_TAB; // else the tab below has the room
    const room = tab === "pins" ? LOW_FOR_PINS_PX : LOW_WINDOW_PX;
    const isSmall = innerHeight < room && !isPresenting && SMALL_PICTURE_TABS.includes(tab);
    const share = isPresenting ? PRESENTED_SHARE : isLow ? LOW_PICTURE_SHARE : PICTURE_SHARE;
    const wide = isSmall ? SMALL_PX : Math.min(sideWidth, Math.round(height * share)); // what is under it must be seen too
    const column = isLow ? 140 : 168;
    const corner = Math.min(168, Math.round(width * CORNER_SHARE));
    const narrow = isNarrow ? (isLookedAt ? Math.round(width * 0.32) : NARROW_SMALL_PX) : isSmall ? SMALL_PX : 168;
    const isUnder = isNarrow && isLookedAt && !isFolded && !isCompact;
    const small = isWide ? 64 : isUnder ? 56 : 48;
    this.card.element.toggleAttribute("data-small", isSmall);
    this.card.fit(isFolded ? corner : isCompact ? column : isWide ? wide : narrow, small, isUnder);
  }

  /** Another map. */
  private configure({ header, decodedAs, decimals }: MapState["data"]): void {
    const { run, projection } = header;
    this.announcedPlace = "";
    this.decodeMs = 0;
    this.card.showName(`${run.id}, ${projection.title}`);
    this.card.configure(run.image_shape, run.latent_dim, projection, decodedAs, header.decoder_note ?? "", decimals);
    this.refit();
  }

  private showCode(frame: Frame, last: MapState | null): void {
    const { state, derived } = frame;
    const { data, probe, theme } = state;
    const start = performance.now();
    const x_hat = derived.picture;
    if (probe !== last?.probe) this.decodeMs += 0.2 * (performance.now() - start - this.decodeMs);
    this.card.showPicture(x_hat, derived.code);
    this.card.showHeading(headingOf(probe));
    if (last?.data !== data || last.theme !== theme || last.shown !== state.shown || last.layers !== state.layers)
      this.nearest = UNSAID;
    if (probe.from === "linked" && probe !== last?.probe) this.announcedPlace = String(probe.at);
    this.wordsAreDue = true;
    this.showWords(frame);
  }

  /** Once a place: a host's rerun must not talk over "Pinned A". */
  private announcePlace({ probe, motion }: MapState): void {
    const place = String(probe.at);
    if (motion.moving || place === this.announcedPlace) return;
    this.announcedPlace = place;
    this.editor.announceLater(() => this.sentence());
  }

  /** What the card says of the picture, now or a few frames later. */
  private showWords(frame: Frame): void {
    const now = performance.now();
    if (!this.wordsAreDue || now - this.wordsAt < WORDS_MS) return;
    this.wordsAt = now;
    this.wordsAreDue = false;
    const { state, derived } = frame;
    const { support } = derived;
    this.card.showDecodedAs(derived.decodedAs);
    this.card.showWords(derived.code, state.probe.at, support, state.tab === "details");
    this.editor.set({ reading: { ...this.editor.state().reading, support } });
    this.card.showTrust(derived.trust);
    this.showNearest(frame);
  }

  private showNearest({ state: { data, theme, layers }, derived: { marked } }: Frame): void {
    if (marked === this.nearest) return;
    this.nearest = marked;
    const label = marked >= 0 ? data.labels[marked] : -1;
    const caption = nearestWords(data.numberOf(marked), data.originals !== null, data.decodedAs);
    const info = marked < 0 ? null : { label, className: data.className(label), caption };
    this.card.showNearest(info, theme.isDark, Boolean(layers.on["shapes"]));
    if (marked < 0) return;
    clearTimeout(this.restTimer);
    const isCheap = data.originals !== null || this.decodeMs < CHEAP_DECODE_MS;
    this.card.showNearestIsStale(!isCheap);
    if (isCheap) this.paintNearest(data, marked);
    else this.restTimer = setTimeout(() => this.paintNearest(data, marked), REST_MS);
  }

  private paintNearest(data: MapState["data"], i: number): void {
    if (this.last?.data !== data || this.nearest !== i) return;
    if (data.originals) this.card.nearest.paint(data.originals, data.originalOffset(i), 1);
    else this.card.nearest.paint(data.model.decodeShared(data.muOf(i)));
    this.card.showNearestIsStale(false);
  }

  private sentence(): string {
    const { data, reading } = this.editor.state();
    const { marked, code, decodedAs, support } = this.editor.derived;
    const name = data.className(marked >= 0 ? data.labels[marked] : -1);
    const best = reading.looks;
    const classified = best ? `${classWords(data.className(best.label))}, ${probability(best.probability)}` : "";
    const looks = looksWords(name, decodedAs, classified);
    const z = `${code.length > 3 ? "largest of z:" : "z ="} ${zText(code, data.decimals.z)}`;
    return `${z}, ${looks}${supportWords(support)}`;
  }
}
