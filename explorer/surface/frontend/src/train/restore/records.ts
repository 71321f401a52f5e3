/**
 * What of a training in the page outlives a reload? Its newest snapshot, choice, settings and terms, in a record that a browser can keep, with
 * the images that nobody else has where they are few. No page, no time.
 */

import type { Kept } from "../../engine/learning/messages";
import type { Settings, Terms } from "../../engine/learning/records";
import type { TrainingEvent } from "../../engine/learning/training";
import type { TrainingImages } from "../../wire/training";
import { axesFor } from "../axes";
import { cutAt, type History } from "../history";
import type { Choice } from "../model/choice";
import { OWN } from "../own-images/gather";
import type { TrainState } from "../state";

/** Of a record that another version of the page wrote nothing is known. */
export const VERSION = 1;
/** Of weights and moments together, and of images that only this page has. */
export const MOST_BYTES = 48e6;
export const MOST_IMAGE_BYTES = 32e6;

/** One of the trainings of a page. */
export interface StoredTraining {
  readonly choice: Choice;
  readonly settings: Settings;
  /** All that decides the steps to come. */
  readonly kept: Kept;
  readonly terms: Terms | null;
  readonly history: History;
  readonly heldBack: History;
}

export interface StoredPage {
  readonly version: typeof VERSION;
  /** Date.now() when it was written. */
  readonly savedAt: number;
  /** Of the images, and what tells them from others. */
  readonly dataset: string;
  readonly id: string;
  /** Images that no host has; null where a host has them. */
  readonly own: TrainingImages | null;
  /** One, or two beside each other. */
  readonly trainings: readonly StoredTraining[];
}

/** newest: the snapshot that came last, of a step that was not gone back on. */
export function storedTraining(state: TrainState, newest: Kept | null): StoredTraining | null {
  if (!newest || newest.snapshot.step === 0 || newest.snapshot.step > state.step) return null;
  const { choice, settings, terms, history, heldBack } = state;
  const { step } = newest.snapshot;
  return { choice, settings, kept: newest, terms, history: cutAt(history, step), heldBack: cutAt(heldBack, step) };
}

/** The record once it is where it was before the reload, with what was known then; null until the event that says so. */
export function backAt(state: TrainState, before: StoredTraining, event: TrainingEvent): TrainState | null {
  if (event.kind !== "progress" || event.step !== before.kept.snapshot.step) return null;
  const { terms, history, heldBack } = before;
  return { ...state, terms, history, heldBack, axes: terms ? axesFor(terms.klPerDim, state.axes) : state.axes };
}

/** Why it cannot be kept, as a part of a sentence; "" where it can. */
export function whyNotStored(trainings: readonly StoredTraining[], { header, train, test }: TrainingImages): string {
  const bytes = trainings.reduce((sum, { kept: { snapshot, mu, logvar } }) => {
    return [...snapshot.blocks, mu, logvar].reduce((all, { byteLength }) => all + byteLength, sum);
  }, 0);
  if (bytes > MOST_BYTES) return "its network is too large to be kept";
  if (header.dataset === OWN && train.length + test.length > MOST_IMAGE_BYTES)
    return "your pictures are too many to be kept";
  return "";
}

export function storedPage(trainings: readonly StoredTraining[], images: TrainingImages, now: number): StoredPage {
  const { dataset, id } = images.header;
  return { version: VERSION, savedAt: now, dataset, id, own: dataset === OWN ? images : null, trainings };
}

/** What was found under a key, where it is one of ours. */
export function readStored(found: unknown): StoredPage | null {
  const page = found as StoredPage | null | undefined;
  return page && typeof page === "object" && page.version === VERSION && page.trainings.length > 0 ? page : null;
}

/** Whether these are the images that it learned from. */
export function isOf({ own, id }: StoredPage, { header }: TrainingImages): boolean {
  return own ? header.dataset === OWN : header.id === id;
}

export function otherImagesWords({ dataset, trainings }: StoredPage): string {
  const { step } = trainings[0].kept.snapshot;
  return `This page was reloaded, and its training is gone (${dataset}, step ${step}): the images of that name are other ones now.`;
}

/** What is said where it goes on. */
export function restoredWords({ dataset, own, trainings }: StoredPage): string {
  const what = own ? "your pictures" : dataset;
  const step = trainings[0].kept.snapshot.step;
  return `This page was reloaded: the training on ${what} is here again, paused at step ${step}; moments before it are gone.`;
}
