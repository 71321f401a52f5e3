/**
 * What does the encoder believe of a picture of the person's own? Its posterior: mean and samples decoded, the noise they are made
 * from, the error, and every dimension beside all test images.
 *
 * z = μ + σ·ε. The noise stays while a drawing goes on, so that what changes is the drawing's doing.
 */

import type { PosteriorMarker } from "../../data/posterior-marker";
import type { RunOnMap } from "../../data/run-on-map";
import type { Frame, Panel, Progress } from "../../kernel/extension";
import type { PanelEditor } from "../../kernel/panel-editor";
import type { EncodedPicture, MapState } from "../../kernel/state";
import { button, h, setHidden, setText } from "../../ui/dom";
import { dimension, number, zJson } from "../../ui/format";
import { newPicture, type Picture } from "../../ui/picture";
import type { Theme } from "../../ui/theme";
import { ERROR_ON_DARK, ERROR_ON_LIGHT, type Point } from "../../wire/schema";
import { Population } from "./population";

/** Dots on the map. */
const N_DOTS = 80;
/** Those of them that are decoded. */
const N_PICTURES = 6;
/** Dimensions whose numbers are always to be seen. */
const N_ROWS = 3;
const PICTURE_PX = 72;
/** Nobody reads numbers faster. */
const NUMBERS_MS = 100;
/** The marker on the map follows a drawing so often. */
const MARKER_MS = 50;
/** Samples are decoded when a hand rests so long. */
const REST_MS = 120;

export class PosteriorPanel implements Panel {
  readonly id = "posterior";
  readonly slot = "tab-posterior";
  readonly reads: readonly (keyof MapState)[] = ["data", "encoded", "theme"];
  readonly element = h("div", {
    class: "la-own",
    role: "group",
    "aria-label": "Posterior of your picture",
    hidden: true,
  });
  private readonly title = h("h2", { class: "la-shelf-title" });
  private readonly words = h("p", { class: "la-muted" });
  private readonly pictures = h("div", { class: "la-own-pictures" });
  private readonly resample = button(
    "la-button",
    { title: "New ε from N(0, I): other samples of the same posterior" },
    () => this.drawAgain(),
    "Resample ε",
  );
  private readonly zoom = button(
    "la-button",
    { title: "The map shows three σ on each side" },
    () => this.lookCloser(),
    "Zoom to it",
  );
  private readonly rows = h("tbody", {});
  private readonly moreRows = h("tbody", {});
  private readonly more = h("details", { class: "la-details" });
  private readonly population = new Population();
  private readonly mean = tile(
    "reconstruction of μ",
    () => this.own && this.editor.toCode(this.own.mu, `${this.own.label}, μ`),
  );
  private readonly error = tile("error", () => undefined);
  private readonly samples: Tile[] = Array.from({ length: N_PICTURES }, (_, i) =>
    tile(`sample ${i + 1}`, () => this.choose(i)),
  );
  private scene: RunOnMap | null = null;
  private own: EncodedPicture | null = null;
  private theme: Theme | null = null;
  private eps: Float64Array = new Float64Array(0);
  private chosen = 0;
  /** Mean |x − x̂| of the picture that is shown. */
  private meanOff = 0;
  private numbersAt = -Infinity;
  private shownAt = -Infinity;
  private isWaiting = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly editor: Pick<PanelEditor, "state" | "set" | "toCode" | "lookAt" | "scrollToMap">,
    private readonly random: () => number = Math.random,
  ) {
    this.pictures.append(this.mean.element, this.error.element, ...this.samples.map(({ element }) => element));
    this.more.append(h("summary", {}, ""), table(this.moreRows));
    const numbers = h("div", { class: "la-own-numbers" }, table(this.rows), this.more);
    const head = h(
      "div",
      { class: "la-shelf-head" },
      this.title,
      h("div", { class: "la-row" }, this.zoom, this.resample),
    );
    this.element.append(
      head,
      this.words,
      this.pictures,
      h("div", { class: "la-own-facts" }, numbers, this.population.element),
    );
  }

  update({ state: { data, encoded, theme } }: Frame): void {
    const isRepainted = this.theme !== null && theme !== this.theme;
    this.theme = theme;
    if (data !== this.scene) this.configure(data);
    if (isRepainted || (encoded !== this.own && !this.mayWait(encoded))) this.show(encoded);
    this.isWaiting = encoded !== this.own; // its marker is that of a moment ago
    if (!this.isWaiting) this.mark();
  }

  work(frame: Frame): Progress {
    if (this.isWaiting) this.update(frame);
    return this.isWaiting ? "working" : "done";
  }

  /** Of a drawing that grows the ellipse and the samples, for which the whole map is drawn, are shown at a pace; the probe is at its code at once. */
  private mayWait(encoded: EncodedPicture | null): boolean {
    return encoded?.label === this.own?.label && performance.now() - this.shownAt < MARKER_MS;
  }

  private configure(scene: RunOnMap): void {
    const isNew = scene.header.run.id !== this.scene?.header.run.id;
    this.scene = scene;
    const shape = scene.header.run.image_shape;
    for (const { picture } of [this.mean, ...this.samples]) picture.setShape(shape);
    this.error.picture.setShape([3, shape[1], shape[2]]);
    for (const { picture } of [this.mean, this.error, ...this.samples]) picture.fitInto(PICTURE_PX);
    if (isNew) this.noise();
    this.population.configure(scene.mu, scene.space.latentDim);
    if (this.own) this.show(this.own);
  }

  private show(own: EncodedPicture | null): void {
    this.own = own;
    this.shownAt = performance.now();
    setHidden(this.element, own === null);
    clearTimeout(this.timer);
    if (!own || !this.scene) return;
    const isPoint = own.std.every((value) => value === 0);
    setText(this.title, isPoint ? `Code of ${own.label}` : `Posterior of ${own.label}`);
    setText(
      this.words,
      isPoint
        ? "A deterministic model encodes a picture as one code: there is no posterior to sample from."
        : "z = μ + σ·ε, ε from N(0, I): dots on the map are samples, the ellipse is one σ. The closer the samples, the smaller the posterior std. dev.",
    );
    setText(this.mean.words, isPoint ? "decoded" : "reconstruction of μ");
    this.element.toggleAttribute("data-point", isPoint); // a point has neither μ nor σ nor ε, only z
    setHidden(this.resample, isPoint);
    setHidden(this.zoom, isPoint || this.scene.spreadOf(own.std) === null);
    for (const { element } of this.samples) setHidden(element, isPoint);
    // what nobody sees waits until the hand rests
    const isSeen = this.editor.state().tab === "posterior";
    if (isSeen) this.paintMean(own);
    if (isSeen && performance.now() - this.numbersAt > NUMBERS_MS) this.showNumbers();
    this.timer = setTimeout(() => {
      this.paintMean(own);
      this.showNumbers();
      this.paintSamples();
    }, REST_MS);
  }

  dispose(): void {
    clearTimeout(this.timer);
  }

  /** Puts it on the map. */
  private mark(): void {
    const { marker } = this;
    this.editor.set({ markers: marker ? [marker] : [] });
  }

  /** Place, one σ to scale, samples. */
  get marker(): PosteriorMarker | null {
    const { own, scene } = this;
    if (!own || !scene) return null;
    const isPoint = own.std.every((value) => value === 0);
    const n = isPoint ? 0 : scene.space.how === "lattice" ? N_PICTURES : N_DOTS; // on a layout every place is a search
    const dots = Array.from({ length: n }, (_, i): Point => scene.placeOf(this.code(i)));
    return {
      label: own.label,
      map: scene.placeOf(own.mu),
      z: own.mu,
      ellipse: null,
      spread: isPoint ? null : scene.spreadOf(own.std),
      dots,
      chosen: this.chosen,
    };
  }

  private lookCloser(): void {
    const marker = this.marker;
    if (!marker?.spread) return;
    const [x, y] = marker.map,
      reach = 3 * Math.sqrt(Math.max(marker.spread[0], marker.spread[2]));
    this.editor.lookAt([x - reach, x + reach, y - reach, y + reach], 1);
    this.editor.scrollToMap();
  }

  /** z of sample i. */
  private code(i: number): number[] {
    const { mu, std } = this.own as EncodedPicture;
    return mu.map((value, k) => value + std[k] * this.eps[i * mu.length + k]);
  }

  private noise(): void {
    const K = this.scene?.space.latentDim ?? 0;
    this.eps = Float64Array.from({ length: N_DOTS * K }, () => normal(this.random));
  }

  private drawAgain(): void {
    this.noise();
    this.paintSamples();
    this.showNumbers();
    this.mark();
  }

  private choose(i: number): void {
    this.chosen = i;
    this.showNumbers();
    if (this.own) this.editor.toCode(this.code(i), `Sample ${i + 1} of ${this.own.label}`);
    this.mark();
  }

  private paintMean({ mu, x }: EncodedPicture): void {
    const scene = this.scene as RunOnMap;
    const x_hat = scene.model.decodeShared(mu);
    this.mean.picture.paint(x_hat);
    setHidden(this.error.element, x === null);
    if (!x) return;
    const [channels, height, width] = scene.header.run.image_shape;
    this.error.picture.paint(errorColours(x, x_hat, channels, height * width, this.theme?.isDark === true));
    this.meanOff = meanError(x, x_hat);
  }

  private paintSamples(): void {
    if (!this.own || !this.scene || this.samples[0].element.hidden) return;
    const codes = this.samples.map((_, i) => this.code(i));
    this.scene.model.decodeEach(codes, (x_hat, from, i) => {
      this.samples[i].picture.paint(x_hat, from);
      this.samples[i].picture.canvas.dataset.z = zJson(codes[i]);
    });
  }

  private showNumbers(): void {
    const { own } = this;
    this.numbersAt = performance.now();
    if (!own) return;
    setText(this.error.words, `error, mean ${number(this.meanOff, 3)}`);
    const isPoint = own.std.every((value) => value === 0),
      z = isPoint ? own.mu : this.code(this.chosen);
    const K = own.mu.length,
      first = Math.min(N_ROWS, K);
    this.more.hidden = K <= N_ROWS;
    setText(this.more.firstElementChild as Element, `The other ${K - first} dimensions`);
    [this.rows, this.moreRows].forEach((body, part) => {
      const [from, to] = part === 0 ? [0, first] : [first, K];
      setRows(body, to - from);
      for (let k = from; k < to; k++) {
        const cells = body.children[k - from].children;
        const eps = isPoint ? NaN : this.eps[this.chosen * K + k];
        [
          dimension(k),
          ...[own.mu[k], own.std[k], eps, z[k]].map((value) =>
            Number.isNaN(value) ? "–" : number(value, this.scene?.decimals.z),
          ),
        ].forEach((text, i) => setText(cells[i], text));
      }
    });
    this.samples.forEach(({ element }, i) => element.setAttribute("aria-pressed", String(i === this.chosen)));
    this.element.dataset.numbers = JSON.stringify({
      mu: own.mu,
      std: own.std,
      eps: Array.from(this.eps.subarray(this.chosen * K, (this.chosen + 1) * K)),
      z,
    });
    if (this.theme) this.population.show(own.mu, own.std, this.theme);
  }
}

interface Tile {
  readonly element: HTMLButtonElement;
  readonly picture: Picture;
  readonly words: HTMLElement;
}

function tile(text: string, act: () => void): Tile {
  const picture = newPicture();
  const words = h("span", {}, text);
  return { element: button("la-pin", {}, act, picture.canvas, words), picture, words };
}

function table(body: HTMLElement): HTMLElement {
  const heads = ["", "μ", "σ", "ε", "z"].map((text) => (text ? h("th", { scope: "col" }, text) : h("td", {})));
  return h("table", { class: "la-own-table la-number" }, h("thead", {}, h("tr", {}, ...heads)), body);
}

function setRows(body: HTMLElement, n: number): void {
  while (body.children.length < n)
    body.append(h("tr", {}, h("th", { scope: "row" }), h("td", {}), h("td", {}), h("td", {}), h("td", {})));
  while (body.children.length > n) body.lastElementChild?.remove();
}

/** Box & Muller 1958. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

export function meanError(x: Float32Array, x_hat: Float32Array): number {
  return x.reduce((sum, value, i) => sum + Math.abs(value - x_hat[i]), 0) / x.length;
}

/** As explorer/pictures/arrays.py draws it, (3·H·W,) in [0, 1]: red where the reconstruction is brighter, blue where darker, the page's own tone where right. */
export function errorColours(
  x: Float32Array,
  x_hat: Float32Array,
  channels: number,
  plane: number,
  isDark: boolean,
): Float32Array {
  const out = new Float32Array(3 * plane);
  const [right, brighter, darker] = isDark ? ERROR_ON_DARK : ERROR_ON_LIGHT;
  for (let i = 0; i < plane; i++) {
    let difference = 0;
    for (let c = 0; c < channels; c++) difference += (x_hat[c * plane + i] - x[c * plane + i]) / channels;
    const strength = Math.min(1, Math.abs(difference)),
      colour = difference > 0 ? brighter : darker;
    for (let c = 0; c < 3; c++) out[c * plane + i] = (right[c] * (1 - strength) + colour[c] * strength) / 255;
  }
  return out;
}
