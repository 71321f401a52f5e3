/** What is said of the code that is shown? Its picture at once, in every frame; words and the nearest image when it is time. */

import { isLow, supportWords } from "../../geometry/support";
import { headingOf } from "../../kernel/derive";
import type { Frame, Progress } from "../../kernel/extension";
import { probability } from "../../kernel/reading";
import type { MapState } from "../../kernel/state";
import { ClassProbabilities } from "../../panels/class-probabilities";
import { DecodedPicture, looksWords, nearestWords } from "../../panels/decoded-picture";
import { classWords, zText } from "../../ui/format";
import type { Context, Watcher } from "../context";
import type { Playback } from "./playback";

/** A decoder slower than this leaves the nearest point's picture for when the hand rests. */
const CHEAP_DECODE_MS = 2.5;
const REST_MS = 90;
/** Words follow a moving hand this often: nobody reads numbers faster, and each change lays out the page. */
const WORDS_MS = 50;
const UNSAID = -2;

export class ShownCode implements Watcher {
  readonly reads: readonly (keyof MapState)[] = ["data", "probe", "shown", "theme", "layers"];
  readonly card: DecodedPicture;
  readonly classes: ClassProbabilities;
  private announcedPlace = "";
  /** The point that the card tells of. */
  private nearest = UNSAID;
  private last: MapState | null = null;
  private wordsAreDue = false;
  private wordsAt = -Infinity;
  private decodeMs = 0;
  private restTimer: ReturnType<typeof setTimeout> | undefined;

  /** posterior: the words of the true posterior, which stand among the facts. */
  constructor(
    private readonly context: Context,
    private readonly playback: Playback,
    posterior: HTMLElement,
  ) {
    const { state } = context;
    const { player } = playback;
    this.classes = new ClassProbabilities((classes) => context.state.probe.from === "path" && player.say({ classes }));
    this.card = new DecodedPicture(player.element, this.classes.element, posterior);
    player.element.after(playback.walkButton);
    this.last = state;
  }

  /** Another map. */
  configure({ header, decodedAs, decimals }: MapState["data"]): void {
    const { run, projection } = header;
    this.announcedPlace = "";
    this.decodeMs = 0;
    this.card.configure(run.image_shape, run.latent_dim, projection, decodedAs, header.decoder_note ?? "", decimals);
  }

  /** Another run, or another decoder. */
  configureRun(data: MapState["data"]): void {
    this.classes.configure(data.classifier, data.header.class_names);
  }

  /** What is known of the nearest image may have changed. */
  again(): void {
    this.nearest = UNSAID;
    this.wordsAreDue = true;
  }

  update(frame: Frame): void {
    const { state, derived } = frame;
    const { data, probe, theme } = state;
    const z = derived.code;
    const start = performance.now();
    const x_hat = data.model.decodeAsShared(z, derived.label);
    this.decodeMs += 0.2 * (performance.now() - start - this.decodeMs);
    this.card.showPicture(x_hat, z);
    this.card.showHeading(headingOf(probe));
    this.classes.show(x_hat, theme.isDark);
    const { last } = this;
    if (last?.data !== data || last.theme !== theme || last.shown !== state.shown || last.layers !== state.layers)
      this.nearest = UNSAID;
    if (probe.from === "linked" && probe !== last?.probe) this.announcedPlace = String(probe.at);
    this.last = state;
    this.wordsAreDue = true;
    this.showWords(frame);
    this.announcePlace();
  }

  work(frame: Frame): Progress {
    this.showWords(frame);
    return this.wordsAreDue ? "working" : "done";
  }

  /** Once a place: a host's rerun must not talk over "Pinned A". */
  announcePlace(): void {
    const place = String(this.context.state.probe.at);
    if (this.playback.isMoving || place === this.announcedPlace) return;
    this.announcedPlace = place;
    this.context.reader.later(() => this.sentence());
  }

  dispose(): void {
    clearTimeout(this.restTimer);
    this.classes.dispose();
  }

  /** What the card says of the picture, now or a few frames later. */
  private showWords(frame: Frame): void {
    const now = performance.now();
    if (!this.wordsAreDue || now - this.wordsAt < WORDS_MS) return;
    this.wordsAt = now;
    this.wordsAreDue = false;
    const { state, derived } = frame;
    this.card.showDecodedAs(derived.decodedAs);
    this.card.showWords(derived.code, state.probe.at, derived.support);
    if (state.probe.from === "path") this.playback.player.say({ density: derived.support });
    this.context.stage.marks.showLow(isLow(derived.support));
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
    if (this.context.state.data !== data || this.nearest !== i) return;
    if (data.originals) this.card.nearest.paint(data.originals, data.originalOffset(i), 1);
    else this.card.nearest.paint(data.model.decodeShared(data.muOf(i)));
    this.card.showNearestIsStale(false);
  }

  private sentence(): string {
    const { state, derived } = this.context;
    const { data } = state;
    const { marked, code } = derived;
    const name = data.className(marked >= 0 ? data.labels[marked] : -1);
    const best = this.classes.looks;
    const classified = best ? `${classWords(data.className(best.label))}, ${probability(best.probability)}` : "";
    const looks = looksWords(name, derived.decodedAs, classified);
    const z = `${code.length > 3 ? "largest of z:" : "z ="} ${zText(code, data.decimals.z)}`;
    return `${z}, ${looks}${supportWords(derived.support)}`;
  }
}
