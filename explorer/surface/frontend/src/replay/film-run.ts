/**
 * How does a film become a run on a map? As the payload that a host would send of a finished run, made here once; then its points move, and the
 * decoder is the one that was kept nearest.
 */

import { type Posteriors, RunOnMap } from "../data/run-on-map";
import { dropped, type Plane, robustExtent } from "../geometry/planes";
import { runPayload } from "../train/run-payload";
import type { TrainingFilm } from "../wire/film";
import type { Payload } from "../wire/payload";
import type { Extent, FilmPlaneRecord } from "../wire/schema";
import { codesAt } from "./moments";

export class FilmRun {
  /** Another one after every `take`. */
  data: RunOnMap;
  /** What is seen of all moments. */
  readonly extent: Extent;
  private readonly payload: Payload;
  private readonly plane: Plane | null;
  /** Of the posteriors nothing but their means was watched: these are all 0, and no layer of the film looks at them. */
  private readonly logvar: Float32Array;
  /** The moment of the weights that the decoder has. */
  private decoderMoment = -1;

  constructor(
    private readonly film: TrainingFilm,
    plane: FilmPlaneRecord | null,
  ) {
    this.plane = plane && planeOf(plane);
    this.extent = extentOf(film, this.plane);
    this.logvar = new Float32Array(film.nImages * film.header.latent_dim);
    this.payload = payloadOf(film, this.extent);
    this.data = new RunOnMap(this.payload);
  }

  /** Codes and decoder at a place of the film. */
  take(at: number): RunOnMap {
    const { film, plane, logvar } = this;
    this.takeDecoder(film.decoderMoment(Math.round(at)));
    const posteriors: Posteriors = { mu: codesAt(film, at), logvar };
    this.data = this.data.moved(posteriors, plane);
    return this.data;
  }

  private takeDecoder(moment: number): void {
    if (moment === this.decoderMoment) return;
    this.decoderMoment = moment;
    for (const [name, { values }] of this.film.decoderArrays(moment)) this.payload.floats(name).set(values);
    this.data.model.weightsChanged();
  }
}

function payloadOf(film: TrainingFilm, extent: Extent): Payload {
  const { header, nImages: n, label, index, nMoments } = film;
  const { latent_dim: K, dataset, image_shape, class_names, decoder, decoded_as, likelihood, id } = header;
  const run = { id: header.run, dataset, latent_dim: K, image_shape };
  const hasPrior = !header.is_deterministic;
  const zeros = new Float32Array(n * K);
  const weights = film.decoderArrays(nMoments - 1);
  return runPayload(
    { id, run, class_names, decoded_as, encoder: [], decoder, likelihood, hasPrior, extent },
    {
      points_mu: [zeros, [n, K]],
      ...(hasPrior ? { points_logvar: [zeros, [n, K]] } : {}),
      points_map: [new Float32Array(2 * n), [n, 2]],
      points_label: [label, [n]],
      points_index: [index, [n]],
      support_distances: [new Float32Array(n), [n]],
      ...Object.fromEntries([...weights].map(([name, { shape, values }]) => [name, [values, shape]])),
    },
  );
}

function planeOf({ title, x_label, y_label, basis, origin }: FilmPlaneRecord): Plane {
  return {
    key: title,
    title,
    note: "",
    labels: [x_label, y_label],
    basis: Float32Array.from(basis),
    origin: Float32Array.from(origin),
  };
}

/** Of nearly all points at all moments, so that the map stands still while they move. */
function extentOf(film: TrainingFilm, plane: Plane | null): Extent {
  const all = Array.from({ length: film.nMoments }, (_, moment) => {
    const codes = film.codes(moment);
    return robustExtent(plane ? dropped(plane, codes) : codes);
  });
  const of = (i: number, choose: (...values: number[]) => number): number => choose(...all.map((one) => one[i]));
  return [of(0, Math.min), of(1, Math.max), of(2, Math.min), of(3, Math.max)];
}
