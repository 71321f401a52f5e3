/**
 * How is a training on the server watched? Map, film and charts of the Train page over the moments that the server sends; β and learning rate
 * are told to it.
 */

import { Dial } from "../../charts/dial";
import { FrameLoop } from "../../editor/scheduler";
import { Disposer, h, setHidden, setText } from "../../ui/dom";
import { count, number } from "../../ui/format";
import { type LiveMoment, readLive } from "../../wire/live";
import { BoundChart } from "../charts/bound-chart";
import { KlChart } from "../charts/kl-chart";
import { keptOf } from "../film";
import { FilmSlider } from "../film-slider";
import { LiveRun } from "../live-run";
import { STYLES, themed, themeOf } from "../look";
import { TrainMap } from "../map";
import { lookedAt, type TrainState, wished } from "../state";
import { planeFor, standing, watched } from "./watched";

/** What a person sets while it goes on. */
export interface Wanted {
  readonly beta?: number;
  readonly learning_rate?: number;
}

/** A dial that is dragged tells what it came to. */
const AFTER_MS = 200;

export class WatchPage {
  readonly element: HTMLElement;
  /** The last one that came. */
  moment: LiveMoment;
  state: TrainState;
  map: TrainMap | null = null;
  private live: LiveRun | null = null;
  private readonly disposer = new Disposer();
  private readonly loop = new FrameLoop(() => this.show());
  private readonly bound = new BoundChart();
  private readonly kl = new KlChart();
  private readonly film = new FilmSlider((wish) => this.look(wish.kind === "look" ? wish.at : null));
  private readonly words = h("span", { role: "status", "data-testid": "standing" });
  private readonly note = h("p", { class: "lt-note" });
  private readonly left = h("div", { class: "lt-left" });
  private readonly side = h("div", { class: "lt-side" });
  private wanted: Wanted = {};
  private telling = 0;
  /** performance.now() of the last moment of the film. */
  private keptAt = -Infinity;

  /** tell: takes what was set to the server. */
  constructor(
    bytes: Uint8Array,
    private readonly tell: (wanted: Wanted) => void,
  ) {
    this.moment = readLive(bytes);
    this.state = watched(null, this.moment, true);
    const { run, is_deterministic } = this.moment.header;
    const styles = STYLES.map((text) => h("style", {}, text));
    const top = h(
      "div",
      { class: "lt-row" },
      ...this.dials(),
      h("p", { class: "lt-words" }, h("b", {}, run), " ", this.words),
    );
    this.element = h(
      "section",
      { class: "la-root lt-root lt-watch", "data-testid": "watch", "aria-label": `Training of ${run}` },
      ...styles,
      top,
      h("div", { class: "lt-body" }, this.left, this.side),
    );
    this.side.append(...(is_deterministic ? [] : [this.kl.element]), this.bound.element);
    Object.defineProperty(this.element, "watching", { value: this }); // a handle for browser tests
    this.disposer.listen(matchMedia("(prefers-color-scheme: dark)"), "change", () => this.retheme());
    const observer = new ResizeObserver(() => this.loop.request());
    observer.observe(this.side);
    this.disposer.add(() => observer.disconnect());
    this.disposer.add(() => clearTimeout(this.telling));
    this.showMoment();
  }

  /** What the server sent; the same once more changes nothing. */
  update(bytes: Uint8Array): void {
    const moment = readLive(bytes);
    if (moment.header.id === this.moment.header.id) return;
    const now = performance.now();
    const keeps = now - this.keptAt >= this.state.film.everyMs || moment.header.phase !== "running";
    this.keptAt = keeps ? now : this.keptAt;
    this.moment = moment;
    this.state = watched(this.state, moment, keeps);
    this.showMoment();
  }

  retheme(): void {
    const theme = themed(this.element);
    this.map?.retheme(theme);
  }

  destroy(): void {
    this.loop.end();
    this.map?.dispose();
    this.disposer.dispose();
    this.element.remove();
  }

  private look(at: number | null): void {
    this.state = wished(this.state, { kind: "look", at });
    this.showMoment();
  }

  /** The moment that is looked at, or the present. */
  private showMoment(): void {
    const { header, labels, places, mu, weights } = this.moment;
    if (header.is_begun) {
      this.live ??= new LiveRun(header, networkOf(this.moment), { places }, labels);
      const looked = lookedAt(this.state);
      const kept = looked && keptOf(looked);
      const shown = kept
        ? { ...kept, weights: kept.snapshot.blocks[0] }
        : { mu, weights, logvar: new Float32Array(mu.length) };
      this.onMap(this.live.take(shown, planeFor(header.latent_dim, this.state.axes)));
    }
    this.loop.request();
  }

  private onMap(data: LiveRun["data"]): void {
    if (this.map) return this.map.show(data);
    this.map = new TrainMap(data, themeOf(this.element));
    this.left.append(this.map.element, this.film.element);
    this.side.prepend(this.map.pointed.element, this.note);
    this.map.show(data);
  }

  private show(): void {
    const { header } = this.moment;
    setText(this.words, standing(this.moment, count, number));
    setText(this.note, header.why_no_decoder);
    setHidden(this.note, header.why_no_decoder === "");
    this.film.show(this.state);
    const width = this.side.clientWidth;
    if (width === 0) return;
    this.bound.draw([this.state], width);
    if (!header.is_deterministic) this.kl.draw([this.state], width);
  }

  private dials(): readonly HTMLElement[] {
    const { steers, is_deterministic, set_beta, set_learning_rate } = this.moment.header;
    if (!steers) return [];
    const dial = (name: keyof Wanted, words: string, low: number, high: number, value: number): HTMLElement => {
      const made: Dial = new Dial(
        {
          name: words,
          title: "From the next step on; a row of the run's changes.csv.",
          low,
          high,
          value,
          isLog: true,
          words: (shown) => String(Number(shown.toPrecision(2))),
        },
        () => this.want({ [name]: Number(made.value.toPrecision(3)) }),
      );
      return made.element;
    };
    const beta = dial("beta", "β, weight of the KL", 0.01, 100, set_beta);
    const rate = dial("learning_rate", "Learning rate of Adam", 1e-5, 0.1, set_learning_rate);
    return [h("div", { class: "lc-dials" }, ...(is_deterministic ? [] : [beta]), rate)];
  }

  /** With what was set before: of two wishes that follow each other closely the host hears the last alone. */
  private want(wanted: Wanted): void {
    this.wanted = { ...this.wanted, ...wanted };
    clearTimeout(this.telling);
    this.telling = window.setTimeout(() => this.tell(this.wanted), AFTER_MS);
  }
}

/** What of it is a network, as a run on a map knows it. */
function networkOf({
  header: { latent_dim, decoder, likelihood, decoded_as, is_deterministic },
}: LiveMoment): ConstructorParameters<typeof LiveRun>[1] {
  return {
    latentDim: latent_dim,
    encoder: [],
    decoder,
    likelihood,
    decodedAs: decoded_as,
    isDeterministic: is_deterministic,
  };
}
