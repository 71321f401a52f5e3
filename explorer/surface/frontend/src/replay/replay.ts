/**
 * What is seen of a training that is over? The map with its points gliding, the picture under the cursor decoded by the weights of that moment,
 * the KL of every dimension; one place in the film for all of them.
 */

import type { RunOnMap } from "../data/run-on-map";
import { FrameLoop } from "../editor/scheduler";
import { KlChart } from "../train/charts/kl-chart";
import { STYLES, themed, themeOf } from "../train/look";
import { TrainMap } from "../train/map";
import { Disposer, h, prefersReducedMotion, setHidden, setText } from "../ui/dom";
import { count, number } from "../ui/format";
import type { FilmTerms, TrainingFilm } from "../wire/film";
import type { FilmShown } from "../wire/schema";
import { unpackText } from "../wire/unpack";
import { FilmBar } from "./bar";
import own from "./film.css";
import { FilmRun } from "./film-run";
import { asksToLeave } from "./leaving";
import { LinkedFilms, type Standing } from "./linked-films";
import { advanced, epochAt, placeOf, shareOf, termsAt } from "./moments";

/** Where a film is: what goes on when it is drawn anew. */
export interface Whereabouts {
  readonly run: string;
  readonly at: number;
  /** Of the training that is over, 0 … 1. */
  readonly share: number;
  readonly isPlaying: boolean;
  readonly speed: number;
}

export class Replay {
  /** A group, not a landmark: a page may have several. */
  readonly element = h("div", { class: "la-root lt-root lf-root", "data-testid": "film", role: "group" });
  /** Place in the film. */
  at = 0;
  private isPlaying = !prefersReducedMotion();
  /** Another film of the page plays and takes this one along. */
  private isLed = false;
  private speed = 1;
  private before = 0;
  private readonly run: FilmRun;
  private readonly map: TrainMap;
  private readonly bar: FilmBar;
  private readonly kl = new KlChart();
  private readonly decodedBy = h("p", { class: "la-muted", "data-testid": "decoded-by" });
  private readonly terms = h("p", { class: "la-muted la-number", "data-testid": "terms" });
  private readonly side = h("div", { class: "lt-side" });
  private readonly links: LinkedFilms;
  private readonly disposer = new Disposer();
  private readonly loop = new FrameLoop((now) => this.frame(now));

  constructor(
    readonly film: TrainingFilm,
    { plane, note, link, leaves, height }: FilmShown,
    leave: (() => void) | null,
    from: Whereabouts | null = null,
  ) {
    const styles = [...STYLES, unpackText(own)].map((text) => h("style", {}, text));
    this.element.append(...styles);
    this.run = new FilmRun(film, plane);
    if (!this.isPlaying) this.at = film.nMoments - 1;
    if (from) this.goOn(from);
    this.map = new TrainMap(this.run.take(this.at), themeOf(this.element), undefined, this.run.extent);
    this.bar = new FilmBar(film.nMoments, {
      seek: (at) => this.seek(at),
      toggle: () => this.toggle(),
      setSpeed: (speed) => this.play(this.isPlaying, speed),
    });
    this.links = new LinkedFilms(
      link,
      (other) => this.follow(other),
      () => this.standing,
    );
    this.layOut(note, height);
    this.disposer.add(() => this.links.dispose());
    this.listen(leaves ? leave : null);
    Object.defineProperty(this.element, "replay", { value: this }); // a handle for hosts and browser tests
    if (!from) this.links.ask(); // who comes to films that rest does not set them going
    this.loop.request();
  }

  /** Where the images are now, and what decodes. */
  get shown(): RunOnMap {
    return this.run.data;
  }

  get whereabouts(): Whereabouts {
    const { film, at, isPlaying, speed } = this;
    return { run: film.header.run, at, share: shareOf(film, at), isPlaying, speed };
  }

  /** Rests at a place of the film. */
  seek(at: number): void {
    this.isPlaying = this.isLed = false;
    this.goTo(at);
    this.links.tell(this.standing);
  }

  /** Where it is shown it has the page's colours from its first picture on. */
  showIn(parent: HTMLElement | ShadowRoot): void {
    parent.append(this.element);
    this.retheme();
  }

  /** The page around it has other colours. */
  retheme(): void {
    this.map.retheme(themed(this.element));
  }

  destroy(): void {
    this.loop.end();
    this.map.dispose();
    this.disposer.dispose();
    this.element.remove();
  }

  private goOn({ run, at, share, isPlaying, speed }: Whereabouts): void {
    this.at = run === this.film.header.run ? Math.min(at, this.film.nMoments - 1) : placeOf(this.film, share);
    this.isPlaying = isPlaying;
    this.speed = speed;
  }

  /** From the beginning where the end is reached. */
  private toggle(): void {
    const wasPlaying = this.isPlaying || this.isLed;
    this.isLed = false;
    if (!wasPlaying && this.at >= this.film.nMoments - 1) this.goTo(0);
    this.play(!wasPlaying, this.speed);
    this.links.tell(this.standing);
  }

  private play(isPlaying: boolean, speed: number): void {
    this.isPlaying = isPlaying;
    this.speed = speed;
    this.before = performance.now();
    this.loop.request();
  }

  private get standing(): Standing {
    const { film, at, isPlaying, isLed } = this;
    return { share: shareOf(film, at), moving: isPlaying ? "leads" : isLed ? "follows" : "rests" };
  }

  /** Another film of the page shows this share of its training. One that is taken along itself only says where all are. */
  private follow({ share, moving }: Standing): void {
    if (moving !== "follows") {
      this.isPlaying = false;
      this.isLed = moving === "leads";
    }
    this.goTo(placeOf(this.film, share));
  }

  private goTo(at: number): void {
    this.at = at;
    this.map.show(this.run.take(at));
    this.loop.request();
  }

  private frame(now: number): void {
    const { film, at, kl, side } = this;
    if (this.isPlaying) {
      const next = advanced(film, at, Math.max(0, now - this.before), this.speed);
      if (this.before > 0) this.goTo(next);
      this.before = now;
      if (this.at >= film.nMoments - 1) this.isPlaying = false;
      else this.loop.request();
      if (this.at !== at) this.links.tell(this.standing);
    }
    this.bar.show({
      at: this.at,
      epoch: epochAt(film, this.at),
      lastEpoch: film.epoch[film.nMoments - 1],
      isPlaying: this.isPlaying || this.isLed,
      speed: this.speed,
    });
    const terms = termsAt(film, this.at);
    setText(this.terms, termsWords(film, terms));
    if (!film.header.is_deterministic && side.clientWidth > 0)
      kl.draw([{ terms, choice: { latentDim: film.header.latent_dim } }], side.clientWidth);
    this.sayDecoder();
  }

  /** By which weights the picture is decoded; without those of the moment it is greyed, but for the end. */
  private sayDecoder(): void {
    const { film, at, map, decodedBy } = this;
    const { why_no_decoder: why, decoded_as } = film.header;
    const isOfTheEnd = why !== "" && Math.round(at) < film.nMoments - 1;
    map.pointed.element.toggleAttribute("data-other", isOfTheEnd);
    const epoch = number(film.epoch[film.decoderMoment(Math.round(at))], 1);
    const as = decoded_as === null ? "" : ` as ${decoded_as}`;
    setText(
      decodedBy,
      isOfTheEnd ? `${why} This one is of the end.` : `Decoded${as} by the weights of epoch ${epoch}.`,
    );
  }

  private layOut(note: string, height: number): void {
    const { film, map, bar, side, kl } = this;
    const { header, nMoments } = film;
    const most = Array.from({ length: nMoments }, (_, moment) => Math.max(...film.terms(moment).klPerDim));
    kl.reset(Math.max(0, ...most.filter(Number.isFinite)));
    setHidden(kl.element, header.is_deterministic);
    this.element.setAttribute("aria-label", `Film of ${header.run}`);
    if (height > 0) this.element.style.setProperty("--lf-height", `${height}px`);
    this.element.toggleAttribute("data-column", height > 0);
    const watched = `${count(film.nImages)} test images were watched at ${count(nMoments)} moments. Between two moments points and numbers are on the straight line from one to the next.`;
    map.element.append(bar.element);
    const facts = h("p", { class: "la-muted" }, note === "" ? watched : `${note} ${watched}`);
    side.append(map.pointed.element, this.decodedBy, this.terms, kl.element, facts);
    this.element.append(h("div", { class: "lt-body" }, map.element, side));
  }

  /** leave: gives the page its map again; null where another film of the page does. */
  private listen(leave: (() => void) | null): void {
    const { disposer, loop, side } = this;
    disposer.listen(matchMedia("(prefers-color-scheme: dark)"), "change", () => this.retheme());
    const observer = new ResizeObserver(() => loop.request());
    observer.observe(side);
    disposer.add(() => observer.disconnect());
    if (!leave) return;
    disposer.listen(window, "keydown", (event: KeyboardEvent) => {
      if (asksToLeave(event) && !event.defaultPrevented) leave();
    });
  }
}

/** The terms of the bound there, on test images. */
function termsWords({ header }: TrainingFilm, { reconstruction, kl }: FilmTerms): string {
  if (!Number.isFinite(reconstruction)) return "Measured from the first whole epoch on.";
  const loss = `Reconstruction ${number(-reconstruction, 2)}`;
  return header.is_deterministic
    ? `${loss} nats an image.`
    : `ELBO ${number(-reconstruction - kl, 2)} nats an image: ${loss.toLowerCase()}, KL ${number(kl, 2)}.`;
}
