/**
 * What is known of a training in the page, and what may be asked of it now? A frozen record, and what each event and each wish makes of it:
 * no page, no worker, no time.
 *
 * The parts of the Train page, and where their borders are:
 * - `state.ts` (here): record and rules. Everything that is shown is read from the record.
 * - `history.ts`: the terms of the steps so far, thinned so that a long training stays small; `axes.ts`: which two dimensions the map shows.
 * - `film.ts`: the moments that are kept, to look back at and to go on from; `film-slider.ts`: a slider over them.
 * - `model/`: what can be chosen of the model (`choice.ts`), and the form (`form.ts`).
 * - `controls.ts`: buttons and dials; they tell wishes and show the record.
 * - `charts/`: draw the record, a few times a second: the two terms of the bound, the KL of every dimension.
 * - `keep/`: what of it is kept (`gather.ts`), the files (`kept-training.ts`, `torch-script.ts`), the buttons (`menu.ts`).
 * - `own-images/`: what a person brings or draws, and other images of the host (`bench-host.ts`); `workbench.ts`: other images, another training.
 * - `look.ts`: style sheets and colours.
 * - `live-run.ts`: the network of the moment as a run on a map, as the surface knows it; `map.ts`: canvas, camera, layers and legend of the
 *   surface over it; `map-input.ts`: hand and keys; `pointed-picture.ts`: what the pointer decodes.
 * - `pane.ts`: the only one that holds a training (`engine/learning/training.ts`); turns wishes into its verbs, its events into records.
 * - `pair.ts`: what two that learn beside each other have in common; `page.ts`: one of them or two, and all parts in their places.
 * - `hosts/train.ts`: how the page lives in the app, in a notebook, in a file.
 */

import { networkOf } from "../engine/learning/architectures";
import { DEFAULTS, type Settings, type Terms } from "../engine/learning/records";
import type { TrainingEvent, TrainingPlan } from "../engine/learning/training";
import { LOG_SIGMA } from "../engine/learning/vae";
import type { ImageShape } from "../wire/schema";
import { axesFor } from "./axes";
import { type Film, filmUntil, type Moment, NO_FILM, withKept } from "./film";
import { cutAt, type History, NO_HISTORY, withMeasured, withMoment } from "./history";
import { type Choice, FIRST_CHOICE, wordsOf } from "./model/choice";

/** `waiting`: not ready yet · `fresh`: no step was taken. */
export type Phase = "waiting" | "fresh" | "running" | "paused";

export interface TrainState {
  readonly choice: Choice;
  readonly settings: Settings;
  readonly phase: Phase;
  /** Taken until now. */
  readonly step: number;
  /** With its part. */
  readonly epoch: number;
  /** Of the steps before the last event; null where there was none. */
  readonly terms: Terms | null;
  /** Of a Gaussian pixel: where its logarithm lies in the block of weights, and what it is now; null where it is not learned. */
  readonly sigmaAt: number | null;
  readonly sigma: number | null;
  readonly history: History;
  /** The same of the images that are held back, at some steps. */
  readonly heldBack: History;
  readonly film: Film;
  /** The step of the film's moment that is looked at; null: the present. */
  readonly look: number | null;
  /** The dimensions of the map, from 0. */
  readonly axes: readonly [number, number];
  /** Why it stopped by itself; "" where it did not. */
  readonly failure: string;
}

/** What a person can ask for. */
export type Wish =
  | { readonly kind: "train" | "pause" | "epoch" | "reset" }
  /** One, unless it says more. */
  | { readonly kind: "step"; readonly steps?: number }
  | { readonly kind: "set"; readonly settings: Partial<Settings> }
  /** The film's moment of a step; null: the present. What runs is paused. */
  | { readonly kind: "look"; readonly at: number | null }
  /** Takes effect at once, and begins anew. */
  | { readonly kind: "choose"; readonly choice: Partial<Choice> };

export const BATCH = 128;

export function firstState(): TrainState {
  return begun(FIRST_CHOICE, DEFAULTS);
}

/** Before the first step. */
export function begun(choice: Choice, settings: Settings): TrainState {
  return {
    choice,
    settings,
    phase: "waiting",
    step: 0,
    epoch: 0,
    terms: null,
    sigmaAt: null,
    sigma: null,
    history: NO_HISTORY,
    heldBack: NO_HISTORY,
    film: NO_FILM,
    look: null,
    axes: [0, 1],
    failure: "",
  };
}

/** The same on every machine: the same seed is the same path. */
export function planOf({ choice, settings }: TrainState, imageShape: ImageShape): TrainingPlan {
  const record = networkOf(wordsOf(choice, imageShape));
  return { record, seed: choice.seed, batchSize: BATCH, settings, isExact: true };
}

/** Whether a wish can be fulfilled now. */
export function isPossible({ phase }: TrainState, { kind }: Wish): boolean {
  switch (kind) {
    case "train":
    case "step":
    case "epoch":
      return phase === "fresh" || phase === "paused";
    case "pause":
      return phase === "running";
    case "reset":
      return phase === "running" || phase === "paused";
    default:
      return true;
  }
}

/** What is known when the wish is on its way. */
export function wished(state: TrainState, wish: Wish): TrainState {
  switch (wish.kind) {
    case "train":
    case "step":
    case "epoch":
      return { ...fromThere(state), phase: "running", failure: "" };
    case "look":
      return { ...state, look: wish.at };
    case "reset":
      return begun(state.choice, state.settings);
    case "choose":
      return begun({ ...state.choice, ...wish.choice }, state.settings);
    case "set":
      return { ...state, settings: { ...state.settings, ...wish.settings } };
    default:
      return state;
  }
}

/** From the moment that is looked at all goes on: what came after it is gone. */
function fromThere(state: TrainState): TrainState {
  const moment = lookedAt(state);
  if (!moment) return state;
  const { step } = moment;
  return {
    ...state,
    step,
    look: null,
    film: filmUntil(state.film, step),
    history: cutAt(state.history, step),
    heldBack: cutAt(state.heldBack, step),
  };
}

/** The moment of the film that is looked at; null where the present is. */
export function lookedAt({ film, look }: TrainState): Moment | null {
  return film.moments.find(({ step }) => step === look) ?? null;
}

/** What is known after an event. */
export function heard(state: TrainState, event: TrainingEvent): TrainState {
  switch (event.kind) {
    case "ready":
      return { ...state, sigmaAt: event.places.find(({ name }) => name === LOG_SIGMA)?.at ?? null };
    case "progress": {
      const { step, epoch, terms, isRunning, weights } = event;
      const phase = isRunning ? "running" : step === 0 ? "fresh" : "paused";
      const isBack = step < state.step;
      const before = isBack ? cutAt(state.history, step) : state.history;
      const history = terms ? withMoment(before, step, terms) : before;
      const heldBack = isBack ? cutAt(state.heldBack, step) : state.heldBack;
      const axes = terms ? axesFor(terms.klPerDim, state.axes) : state.axes;
      const sigma = state.sigmaAt === null ? null : Math.exp(weights[state.sigmaAt]);
      return { ...state, step, epoch, terms: terms ?? state.terms, sigma, phase, history, heldBack, axes };
    }
    case "evaluation":
      return { ...state, heldBack: withMeasured(cutAt(state.heldBack, event.step - 1), event.step, event.terms) };
    case "snapshot":
      return { ...state, film: withKept(state.film, event) };
    case "stopped":
      return { ...state, failure: event.sentence };
    default:
      return state;
  }
}
