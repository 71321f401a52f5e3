/** Whose posterior is asked for, and what is known of it so far? The search goes on in slices once the image has rested. */

import type { RunOnMap } from "../../../data/run-on-map";
import type { Absent, Searches } from "../../../data/searches";
import type { CoarsePlane, Encoded } from "../../../data/true-posterior/cells";
import type { PosteriorJob } from "../../../data/true-posterior/search";
import type { TruePosterior } from "../../../data/true-posterior/summary";
import { type LogLikelihoods, logLikelihoodOf } from "../../../engine/likelihoods";
import type { Frame } from "../../../kernel/extension";
import { perMap } from "../../../kernel/per-map";
import type { OwnPicture } from "../../../kernel/state";
import { classWords } from "../../../ui/format";
import { product } from "../../../wire/payload";

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

const SLICE_MS = 12;
/** An image that the hand only passes is not worth a search. */
const REST_MS = 160;
const KEPT = 200;
/** Whether p(z|x) can be told on this map: the latent plane itself, a prior, and all that the likelihood needs. */
export function canTellTruth({ header, space, logvar }: RunOnMap): boolean {
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
export function toStudy(scene: RunOnMap, i: number, own: OwnPicture): Studied | string {
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

function withoutPixels(scene: RunOnMap, hasPad: boolean): string {
  if (scene.isWaitingForOriginals) return "The pictures of the data set are being unpacked.";
  const words = `The true posterior of an image needs its pixels, and those of ${scene.header.run.dataset} are not here.`;
  return hasPad ? `${words} Draw on the pad to see it for your drawing.` : words;
}

/** The posteriors of one decoder: those that were found, and the one that is being looked for. */
export class PosteriorStudy {
  studied: Studied | null = null;
  /** Why nothing can be looked for; "" where something is. */
  refusal = "";
  /** What would look for it did not load. */
  isLost = false;
  private readonly found = new Map<string, TruePosterior>();
  private plane: CoarsePlane | null = null;
  private likelihoods: ReturnType<RunOnMap["model"]["logLikelihoods"]> = null;
  private job: PosteriorJob | null = null;
  private since = 0;

  constructor(private readonly data: RunOnMap) {}

  /** A sentence: nothing to look for. Another image ends the search for the last one. */
  follow(asked: Studied | string, now: number): void {
    const studied = typeof asked === "string" ? null : asked;
    if (studied?.key !== this.studied?.key) {
      this.job = null;
      this.since = now;
    }
    this.studied = studied;
    this.refusal = typeof asked === "string" ? asked : "";
  }

  /** Works a slice, once the image has been the same for a while; false when there was nothing left to do. */
  work(now: number, searches: Searches | Absent): boolean {
    this.isLost = searches === "lost";
    if (!this.studied || this.result || searches === "lost") return false;
    if (now - this.since < REST_MS || searches === "loading") return true;
    this.job ??= this.start(this.studied, searches);
    this.job.work(performance.now() + SLICE_MS);
    const { result } = this.job;
    if (!result) return true;
    if (this.found.size >= KEPT) this.found.clear();
    this.found.set(this.studied.key, result);
    this.job = null;
    return true;
  }

  /** What is known of the image that is asked about. */
  get result(): TruePosterior | null {
    return (this.studied && this.found.get(this.studied.key)) ?? null;
  }

  /** 0 … 1 of the search; null while none goes on. */
  get share(): number | null {
    return this.job?.share ?? null;
  }

  private start({ pixels, q }: Studied, { CoarsePlane, planeExtent, PosteriorJob }: Searches): PosteriorJob {
    const { data } = this;
    const outputsAt = (places: readonly number[]): Float32Array =>
      data.model.outputMany(Float32Array.from(places), places.length / 2);
    if (!this.plane?.covers(q))
      this.plane = new CoarsePlane(planeExtent([...codesOf(data), q]), product(data.header.run.image_shape), outputsAt);
    this.likelihoods ??= data.model.logLikelihoods();
    const x = pixels();
    const scores: LogLikelihoods = (outputs, n) => this.likelihoods?.(outputs, n, x) ?? new Float64Array(n);
    return new PosteriorJob(this.plane, scores, outputsAt, q);
  }
}

export const studyOf = perMap((data: RunOnMap) => new PosteriorStudy(data));

/** Of the one selected image, else of the one that is marked. */
export function followed({ state, derived, now }: Frame): PosteriorStudy {
  const { data, selection, ownPicture } = state;
  const study = studyOf(data);
  const i = selection.indices.length === 1 ? selection.indices[0] : derived.marked;
  study.follow(toStudy(data, i, ownPicture), now);
  return study;
}

function codesOf(scene: RunOnMap): Encoded[] {
  const logvar = scene.logvar as Float32Array;
  return Array.from({ length: scene.nPoints }, (_, i) => ({
    mu: scene.muOf(i),
    logvar: logvar.subarray(2 * i, 2 * i + 2),
  }));
}
