/** How did a training go? The reader of explorer/surface/film.py: codes at its moments, terms of the bound, the decoder at some of them. */

import { type Arrays, parseArrays, parseFirst } from "./payload";
import { outOfPlanes } from "./planes";
import { inflated } from "./run-bundle";
import type { FilmBundle, FilmHeader, FilmMap } from "./schema";

/** A plane onto which codes are dropped: place = basis · (z − origin). */
export interface FilmPlane extends FilmMap {
  /** (2, K). */
  readonly basis: Float32Array;
  /** (K,). */
  readonly origin: Float32Array;
}

/** Of one moment, on test images, nats; NaN before the first epoch was over. */
export interface FilmTerms {
  readonly reconstruction: number;
  readonly kl: number;
  /** (K,). */
  readonly klPerDim: Float32Array;
}

export class TrainingFilm {
  readonly nMoments: number;
  readonly nImages: number;
  /** Epochs that were over at each moment; fractions count. */
  readonly epoch: Float32Array;
  /** Class of each image, −1 for none. */
  readonly label: Int16Array | Int32Array;
  /** Number of each image in the test split. */
  readonly index: Int16Array | Int32Array;
  readonly planes: readonly FilmPlane[];
  /** Moments at which the decoder was kept, rising; none where it was not. */
  private readonly kept: ArrayLike<number>;

  constructor(
    readonly header: FilmHeader,
    private readonly arrays: Arrays,
  ) {
    [this.nMoments, this.nImages] = arrays.shape("mu");
    this.epoch = arrays.floats("epoch");
    this.label = arrays.integers("label");
    this.index = arrays.integers("index");
    this.kept = arrays.has("moment") ? arrays.integers("moment") : [];
    this.planes = header.maps.map((map) => ({
      ...map,
      basis: arrays.floats(`basis.${map.name}`),
      origin: arrays.floats(`origin.${map.name}`),
    }));
  }

  /** The codes at a moment (M, K). */
  codes(moment: number): Float32Array {
    return this.arrays.part("mu", moment);
  }

  terms(moment: number): FilmTerms {
    return {
      reconstruction: this.arrays.floats("reconstruction")[moment],
      kl: this.arrays.floats("kl")[moment],
      klPerDim: this.arrays.part("kl_per_dim", moment),
    };
  }

  /** The moment nearest to this one at which the decoder was kept; −1 where there is none. */
  decoderMoment(moment: number): number {
    const place = this.keptPlace(moment);
    return place < 0 ? -1 : this.kept[place];
  }

  /** The decoder's arrays, by the names that `header.decoder` has, at the nearest moment at which it was kept. */
  decoderArrays(
    moment: number,
  ): ReadonlyMap<string, { readonly shape: readonly number[]; readonly values: Float32Array }> {
    const place = this.keptPlace(moment);
    const names = place < 0 ? [] : Object.keys(this.header.arrays).filter((name) => name.startsWith("w.decoder."));
    return new Map(
      names.map((name) => [name, { shape: this.arrays.shape(name).slice(1), values: this.arrays.part(name, place) }]),
    );
  }

  private keptPlace(moment: number): number {
    let best = -1;
    for (let i = 0; i < this.kept.length; i++)
      if (best < 0 || Math.abs(this.kept[i] - moment) < Math.abs(this.kept[best] - moment)) best = i;
    return best;
  }
}

/** Raises `PayloadError` with a sentence for the person. */
export function readFilm(bytes: Uint8Array): TrainingFilm {
  const { record, arrays } = parseArrays<FilmHeader>(bytes);
  return new TrainingFilm(record, arrays);
}

/** The film of a page without a server: how to show it on each of its maps, then the film. Raises `PayloadError` with a sentence for the person. */
export async function readFilmBundle(given: Uint8Array): Promise<FilmBundle & { readonly film: TrainingFilm }> {
  const { record, rest } = parseFirst<FilmBundle>(await inflated(given));
  const { record: header, arrays, rest: numbers } = parseArrays<FilmHeader>(rest);
  outOfPlanes(numbers, Object.values(header.arrays));
  return { ...record, film: new TrainingFilm(header, arrays) };
}
