/**
 * How does a network that learns become a run on a map? As the payload that a host would send of a finished run, made here once a beginning;
 * what is learned is then written over its weights, and its points move.
 */

import { type Posteriors, RunOnMap } from "../data/run-on-map";
import type { Progress, Ready } from "../engine/learning/messages";
import type { VaeRecord } from "../engine/learning/records";
import { type Plane, slice } from "../geometry/planes";
import type { Payload } from "../wire/payload";
import type { Extent, LikelihoodName, TrainingHeader } from "../wire/schema";
import { type PayloadArrays, runPayload } from "./run-payload";

/** Nearly all of the prior. */
export const FIRST_EXTENT: Extent = [-3.5, 3.5, -3.5, 3.5];
/** More of the points outside of what is seen are too many. */
const MOST_OUTSIDE = 0.02;
const GROWS_BY = 1.4;

/** What of the images a map shows. */
type ShownImages = Pick<TrainingHeader, "id" | "dataset" | "image_shape" | "class_names">;

/** What of a network a map shows. */
export interface ShownNetwork extends Pick<VaeRecord, "latentDim" | "encoder" | "decoder" | "isDeterministic"> {
  readonly likelihood: LikelihoodName;
  /** The class as which it decodes; left out or null for one that is given none. */
  readonly decodedAs?: string | null;
}

export class LiveRun {
  /** Another one after every `take`. */
  data: RunOnMap;
  private readonly payload: Payload;

  /** labels: of the images whose codes are told. */
  constructor(
    header: ShownImages,
    record: ShownNetwork,
    private readonly ready: Pick<Ready, "places">,
    labels: Int16Array | Int32Array,
  ) {
    const K = record.latentDim;
    const n = labels.length;
    const zeros = new Float32Array(n * K);
    const arrays: PayloadArrays = {
      points_mu: [zeros, [n, K]],
      ...(record.isDeterministic ? {} : { points_logvar: [zeros, [n, K]] }),
      points_map: [new Float32Array(2 * n), [n, 2]],
      points_label: [labels, [n]],
      points_index: [Int32Array.from({ length: n }, (_, i) => i), [n]],
      support_distances: [new Float32Array(n), [n]],
      ...Object.fromEntries(ready.places.map(({ name, shape, size }) => [name, [new Float32Array(size), shape]])),
    };
    const { id, dataset, image_shape, class_names } = header;
    const { encoder, decoder, likelihood, decodedAs: decoded_as = null, isDeterministic } = record;
    const run = { id: `${dataset} in training`, dataset, latent_dim: K, image_shape };
    this.payload = runPayload(
      {
        ...{ id, run, class_names, decoded_as, encoder, decoder, likelihood },
        hasPrior: !isDeterministic,
        extent: FIRST_EXTENT,
      },
      arrays,
    );
    this.data = new RunOnMap(this.payload);
  }

  /** Weights and codes of a moment. plane: two dimensions of more; null where there are two. */
  take({ mu, logvar, weights }: Pick<Progress, "mu" | "logvar" | "weights">, plane: Plane | null): RunOnMap {
    for (const { name, at, size } of this.ready.places)
      if (this.payload.has(name)) this.payload.floats(name).set(weights.subarray(at, at + size));
    this.data.model.weightsChanged();
    const posteriors: Posteriors = { mu, logvar };
    this.data = this.data.moved(posteriors, plane);
    return this.data;
  }
}

/** Two dimensions of K; null where there are only two. */
export function planeOf(K: number, first: number, second: number): Plane | null {
  return K === 2 ? null : slice(first, second, new Float32Array(K), "the prior's mean");
}

/** What is to be seen: larger where too many of the points (x, y pairs) lie outside, never smaller. */
export function extentFor(extent: Extent, points: Float32Array): Extent {
  const [x0, x1, y0, y1] = extent;
  let outside = 0;
  for (let i = 0; i < points.length; i += 2) {
    const [x, y] = [points[i], points[i + 1]];
    if (x < x0 || x > x1 || y < y0 || y > y1) outside++;
  }
  if (outside <= (MOST_OUTSIDE * points.length) / 2) return extent;
  return extentFor([x0 * GROWS_BY, x1 * GROWS_BY, y0 * GROWS_BY, y1 * GROWS_BY], points);
}
