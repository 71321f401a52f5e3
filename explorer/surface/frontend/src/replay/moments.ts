/**
 * What lies between two moments of a film? Codes and terms on the straight line from one to the next, so that points glide; at a moment itself
 * exactly what was kept. Places in a film are numbers from 0 to the last moment, with their part.
 */

import { clamp } from "../geometry/inverse";
import type { FilmTerms, TrainingFilm } from "../wire/film";

/** The whole film at speed 1. */
export const LASTS_MS = 12_000;

/** Codes (M·K,) at a place of the film. */
export function codesAt(film: TrainingFilm, at: number): Float32Array {
  const [moment, part] = split(film, at);
  const from = film.codes(moment);
  return part === 0 ? from : mixed(from, film.codes(moment + 1), part);
}

/** Terms of the bound there; NaN where one of the two moments has none. */
export function termsAt(film: TrainingFilm, at: number): FilmTerms {
  const [moment, part] = split(film, at);
  const from = film.terms(moment);
  if (part === 0) return from;
  const to = film.terms(moment + 1);
  return {
    reconstruction: from.reconstruction + part * (to.reconstruction - from.reconstruction),
    kl: from.kl + part * (to.kl - from.kl),
    klPerDim: mixed(from.klPerDim, to.klPerDim, part),
  };
}

/** Epochs that are over there. */
export function epochAt({ epoch, nMoments }: TrainingFilm, at: number): number {
  const moment = clamp(Math.floor(at), 0, nMoments - 1);
  const next = Math.min(moment + 1, nMoments - 1);
  return epoch[moment] + (at - moment) * (epoch[next] - epoch[moment]);
}

/** The place at which a share of the training, 0 … 1, is over. */
export function placeOf(film: TrainingFilm, share: number): number {
  const { epoch, nMoments } = film;
  const wanted = share * epoch[nMoments - 1];
  for (let moment = 0; moment < nMoments - 1; moment++) {
    const [from, to] = [epoch[moment], epoch[moment + 1]];
    if (wanted < to) return moment + clamp((wanted - from) / (to - from), 0, 1);
  }
  return nMoments - 1;
}

/** How much of the training is over at a place, 0 … 1. */
export function shareOf(film: TrainingFilm, at: number): number {
  const last = film.epoch[film.nMoments - 1];
  return last > 0 ? epochAt(film, at) / last : 0;
}

/** Where a film that plays is after some time; at its end it stays. */
export function advanced(film: TrainingFilm, at: number, ms: number, speed: number): number {
  const last = film.nMoments - 1;
  return Math.min(last, at + (ms * speed * last) / LASTS_MS);
}

/** The moment before, and how far towards the next one. */
function split({ nMoments }: TrainingFilm, at: number): readonly [moment: number, part: number] {
  const place = clamp(at, 0, nMoments - 1);
  const moment = Math.floor(place);
  return [moment, place - moment];
}

function mixed(from: Float32Array, to: Float32Array, part: number): Float32Array {
  return from.map((value, i) => value + part * (to[i] - value));
}
