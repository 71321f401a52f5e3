/** How far is the encoder's Gaussian from the truth, for one image? Looks after the search, draws both, and says it in words. */

import type { Scene } from "../../../data/run-on-map";
import { logLikelihoodOf } from "../../../engine/likelihoods";
import { type Camera, type Size, toScreen } from "../../../geometry/camera";
import { css } from "../../../ui/colour";
import { h, setText } from "../../../ui/dom";
import { classWords, number, percent } from "../../../ui/format";
import type { Theme } from "../../../ui/theme";
import { product } from "../../../wire/payload";
import type { Extent } from "../../../wire/schema";
import { drawEllipses } from "../overlay";
import { CoarsePlane, type Encoded, PosteriorJob, planeExtent, type Ring, type TruePosterior } from "./search";

/** An image whose posterior is asked for. */
export interface Studied {
  /** Tells it from all others of this scene. */
  readonly key: string;
  /** “test image 12”. */
  readonly name: string;
  /** x (C·H·W,) in [0, 1]. */
  pixels(): Float32Array;
  readonly q: Encoded;
}

/** What a host has to offer beside the data set: nothing, a pad without a drawing, or a drawing with its code. */
export type OwnPicture = { readonly x: Float32Array; readonly q: Encoded } | "none yet" | null;

const SLICE_MS = 8;
/** An image that the hand only passes is not worth a search. */
const REST_MS = 160;
const KEPT = 200;
/** Both together take about so much of the map. */
const ZOOM_SHARE = 0.5;

const DEFINITION =
  "KL(q(z|x) ‖ p(z|x)) = log p(x) − ELBO, nats: the amortisation gap of one encoder for all images and the approximation gap of a Gaussian along the axes, " +
  "together (Cremer, Li & Duvenaud 2018). log p(x) = log ∫ p(x|z) N(z; 0, I) dz and E_q[log p(x|z)] are sums over the plane: " +
  "its cells are divided until the fullest holds at most 2 %. Grey pixels count as probabilities, as in the ELBO.";

/** Whether p(z|x) can be told on this map: the latent plane itself, a prior, and all that the likelihood needs. */
export function canTellTruth({ header, space, logvar }: Scene): boolean {
  if (header.decoder.some(({ op }) => op === "autoregress")) return false; // log p(x|z) there is not that of the mean picture's pixels
  return (
    space.how === "identity" &&
    space.latentDim === 2 &&
    header.projection.rings &&
    logvar !== null &&
    logLikelihoodOf(header) !== null
  );
}

/** What is asked about, or a sentence that says why nothing can be. `i`: a point's number, or −1. */
export function toStudy(scene: Scene, i: number, own: OwnPicture): Studied | string {
  if (own && own !== "none yet") {
    const { x, q } = own;
    return { key: `own ${Array.from(q.mu)} ${Array.from(q.logvar)}`, name: "your drawing", pixels: () => x, q };
  }
  if (!scene.originals) return withoutPixels(scene, own !== null);
  if (i < 0) return "All classes are hidden: no image is selected.";
  const name = `test image ${scene.numberOf(i)}`;
  const className = scene.className(scene.labels[i]);
  if (scene.decodedAs !== null && className !== scene.decodedAs) {
    return `The posterior of ${name} belongs to the decoder of its own class (${classWords(className)}); pictures are decoded as ${classWords(scene.decodedAs)} now.`;
  }
  const size = product(scene.header.run.image_shape);
  const [from, originals] = [scene.originalOffset(i), scene.originals];
  const q = { mu: scene.muOf(i), logvar: (scene.logvar as Float32Array).subarray(2 * i, 2 * i + 2) };
  return {
    key: `image ${i}`,
    name,
    pixels: () => Float32Array.from(originals.subarray(from, from + size), (value) => value / 255),
    q,
  };
}

function withoutPixels(scene: Scene, hasPad: boolean): string {
  if (scene.isWaitingForOriginals) return "The pictures of the data set are being unpacked.";
  const words = `The true posterior of an image needs its pixels, and those of ${scene.header.run.dataset} are not here.`;
  return hasPad ? `${words} Draw on the pad to see it for your drawing.` : words;
}

export type Step = "nothing" | "waiting" | "working" | "found";

export class Truth {
  readonly element: HTMLElement;
  private readonly heading = h("p", { class: "la-truth-words", "data-testid": "truth", role: "status" });
  private readonly more = h("p", { class: "la-small la-number" });
  private readonly key = h(
    "p",
    { class: "la-small la-truth-key" },
    h("span", {}, h("i", {}), "true p(z|x)"),
    h("span", {}, h("i", { class: "la-truth-q" }), "encoder’s q(z|x)"),
    h("span", {}, "1σ, 2σ"),
  );
  private readonly zoom = h("button", { type: "button", class: "la-chip la-all" }, "Zoom to both");
  private readonly found = new Map<string, TruePosterior>();
  private scene: Scene | null = null;
  private plane: CoarsePlane | null = null;
  private studied: Studied | null = null;
  private job: PosteriorJob | null = null;
  private since = 0;
  private said = "";
  private shareSaid = 0;

  /** `look`: brings a part of the map into view. */
  constructor(look: (extent: Extent, share: number) => void) {
    this.element = h("div", { class: "la-truth", hidden: true }, this.heading, this.more, this.key, this.zoom);
    this.zoom.addEventListener(
      "click",
      () => this.studied && this.result && look(withGaussian(this.result.extent, this.studied.q), ZOOM_SHARE),
    );
  }

  /** Another decoder: nothing that was found holds. */
  configure(scene: Scene): void {
    this.scene = scene;
    this.plane = this.studied = this.job = null;
    this.found.clear();
    this.said = "";
  }

  /** Null: not asked for. A sentence: nothing to look for. Another image ends the search for the last one. */
  follow(asked: Studied | string | null, now: number): void {
    this.element.hidden = asked === null;
    const studied = typeof asked === "string" ? null : asked;
    if (studied?.key !== this.studied?.key) {
      this.job = null;
      this.since = now;
    }
    this.studied = studied;
    this.say(typeof asked === "string" ? asked : "");
  }

  /** Works a slice, once the image has been the same for a while. */
  work(now: number): Step {
    if (!this.studied || this.result) return "nothing";
    if (now - this.since < REST_MS) return "waiting";
    this.job ??= this.start(this.studied);
    this.job.work(performance.now() + SLICE_MS);
    const { result } = this.job;
    if (result) {
      if (this.found.size >= KEPT) this.found.clear();
      this.found.set(this.studied.key, result);
      this.job = null;
    }
    this.say("");
    return result ? "found" : "working";
  }

  /** What is known of the image that is asked about. */
  get result(): TruePosterior | null {
    return (this.studied && this.found.get(this.studied.key)) ?? null;
  }

  draw(context: CanvasRenderingContext2D, size: Size, camera: Camera, theme: Theme): void {
    const { studied, result } = this;
    if (!studied) return;
    const { mu, logvar } = studied.q;
    context.save();
    context.lineJoin = "round";
    if (result) {
      for (const rings of result.rings) fillRings(context, size, camera, rings, css(theme.accent, 0.16));
      for (const [ink, width] of [
        [css(theme.map, 0.9), 4.5],
        [css(theme.accent), 2.25],
      ] as const) {
        for (const rings of result.rings) strokeRings(context, size, camera, rings, ink, width);
      }
    }
    const spread = [Math.exp(logvar[0]), 0, Math.exp(logvar[1])] as const;
    for (const [ink, width] of [
      [css(theme.map, 0.9), 4],
      [css(theme.text), 1.75],
    ] as const)
      drawEllipses(context, size, camera, [mu[0], mu[1]], spread, [1, 2], ink, width);
    context.restore();
  }

  private start({ pixels, q }: Studied): PosteriorJob {
    const scene = this.scene as Scene;
    const score = logLikelihoodOf(scene.header);
    const z = new Float64Array(2);
    const outputAt = (x: number, y: number): Float32Array => {
      z[0] = x;
      z[1] = y;
      return scene.model.outputShared(z);
    };
    if (!this.plane?.covers(q))
      this.plane = new CoarsePlane(
        planeExtent([...codesOf(scene), q]),
        product(scene.header.run.image_shape),
        outputAt,
      );
    const x = pixels();
    return new PosteriorJob(this.plane, (output) => score?.(output, x) ?? 0, outputAt, q);
  }

  private say(sentence: string): void {
    const { studied, result, job } = this;
    if (job === null) this.shareSaid = 0;
    this.shareSaid = Math.max(this.shareSaid, Math.round(100 * (job?.share ?? 0))); // where mass is found there is more to look at
    const share = this.shareSaid;
    const all = [sentence, studied?.key, result !== null, share].join("|");
    if (all === this.said) return; // asked at every movement
    this.said = all;
    this.key.hidden = result === null;
    this.zoom.hidden = result === null;
    this.element.title = result ? DEFINITION : "";
    if (result && studied) {
      setText(this.heading, truthWords(studied.name, result));
      setText(this.more, detailWords(result));
      this.heading.dataset.posterior = JSON.stringify({ key: studied.key, ...result, rings: undefined });
    } else {
      delete this.heading.dataset.posterior;
      setText(this.heading, sentence || `True posterior of ${studied?.name ?? ""}`);
      setText(this.more, studied ? `computing posterior: ${percent(share / 100)}` : "");
    }
    this.more.hidden = studied === null;
  }
}

export function truthWords(name: string, { logPx, elbo, isRough }: TruePosterior): string {
  return `q(z|x) of ${name} is ${isRough ? "about " : ""}${number(Math.max(0, logPx - elbo))} nats from the true posterior.`;
}

export function detailWords({ logPx, elbo, nPieces }: TruePosterior): string {
  const pieces = nPieces > 1 ? ` It has ${nPieces} separate modes: no single Gaussian covers them.` : "";
  return `log p(x) ${number(logPx)}, ELBO ${number(elbo)}, by quadrature.${pieces}`;
}

/** An extent, and the 2σ ellipse of a Gaussian. */
function withGaussian([x0, x1, y0, y1]: Extent, { mu, logvar }: Encoded): Extent {
  const [rx, ry] = [2 * Math.exp(logvar[0] / 2), 2 * Math.exp(logvar[1] / 2)];
  return [Math.min(x0, mu[0] - rx), Math.max(x1, mu[0] + rx), Math.min(y0, mu[1] - ry), Math.max(y1, mu[1] + ry)];
}

function codesOf(scene: Scene): Encoded[] {
  const logvar = scene.logvar as Float32Array;
  return Array.from({ length: scene.nPoints }, (_, i) => ({
    mu: scene.muOf(i),
    logvar: logvar.subarray(2 * i, 2 * i + 2),
  }));
}

function trace(context: CanvasRenderingContext2D, size: Size, camera: Camera, rings: readonly Ring[]): void {
  context.beginPath();
  for (const ring of rings) {
    ring.forEach(([x, y], i) => {
      const [left, top] = toScreen(camera, size, x, y);
      if (i) context.lineTo(left, top);
      else context.moveTo(left, top);
    });
    context.closePath();
  }
}

function fillRings(
  context: CanvasRenderingContext2D,
  size: Size,
  camera: Camera,
  rings: readonly Ring[],
  ink: string,
): void {
  trace(context, size, camera, rings);
  context.fillStyle = ink;
  context.fill("evenodd");
}

function strokeRings(
  context: CanvasRenderingContext2D,
  size: Size,
  camera: Camera,
  rings: readonly Ring[],
  ink: string,
  width: number,
): void {
  trace(context, size, camera, rings);
  context.strokeStyle = ink;
  context.lineWidth = width;
  context.stroke();
}
