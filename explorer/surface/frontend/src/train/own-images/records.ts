/** What are pictures that a person brings to learn from, and which of them are held back? Nothing of them leaves the page. */

import type { ImageShape } from "../../wire/schema";

/** Fewer are no data set: some have to be held back. */
export const LEAST_IMAGES = 10;
export const MOST_IMAGES = 20_000;
/** Of larger pictures; also the largest side that is kept as it is. */
export const SIDE = 32;
export const MOST_SIDE = 64;
/** Every so many-th picture of a class is held back: a fifth. */
const HELD_BACK = 5;
export const NO_CLASS = -1;

export type OnShare = (done: number, of: number) => void;

/** Before they are ordered. */
export interface Gathered {
  readonly imageShape: ImageShape;
  /** One after the other, C·H·W bytes each. */
  readonly pixels: Uint8Array;
  /** An index into `classNames` for each, or −1. */
  readonly labels: Int32Array;
  readonly classNames: readonly string[];
  /** What was left out, scaled or assumed, a sentence each. */
  readonly notes: readonly string[];
}

export interface OwnImages extends Omit<Gathered, "pixels"> {
  /** So many are learned from. */
  readonly nTrain: number;
  readonly train: Uint8Array;
  /** Held back: figures are measured on these. */
  readonly test: Uint8Array;
  /** Of train, then of test. */
  readonly labels: Int32Array;
}

/** Raised with a sentence for the person: what, the value, what is allowed. */
export class ImagesRefused extends Error {}

/** Every fifth picture of a class, and of those without one, is held back; the same pictures give the same division. */
export function divided({ pixels, labels, ...rest }: Gathered): OwnImages {
  const n = labels.length;
  if (n < LEAST_IMAGES || n > MOST_IMAGES)
    throw new ImagesRefused(
      `There ${n === 1 ? "is 1 picture" : `are ${n} pictures`}; allowed: ${LEAST_IMAGES} to ${MOST_IMAGES}.`,
    );
  const size = pixels.length / n;
  const seen = new Map<number, number>();
  const train: number[] = [];
  const test: number[] = [];
  labels.forEach((label, i) => {
    const place = seen.get(label) ?? 0;
    seen.set(label, place + 1);
    (place % HELD_BACK === HELD_BACK - 1 ? test : train).push(i);
  });
  // classes of four pictures and fewer hold nothing back by themselves
  if (test.length === 0) test.push(...train.splice(-Math.ceil(n / HELD_BACK)));
  const gather = (places: readonly number[]): Uint8Array => {
    const gathered = new Uint8Array(places.length * size);
    places.forEach((place, i) => {
      gathered.set(pixels.subarray(place * size, (place + 1) * size), i * size);
    });
    return gathered;
  };
  return {
    ...rest,
    nTrain: train.length,
    train: gather(train),
    test: gather(test),
    labels: Int32Array.from([...train, ...test], (place) => labels[place]),
  };
}

/** So many at most have a run's classes. */
const MOST_CLASSES = 1000;

/** Names in natural order, and for each of `keys` the place of its own; "" is no class, and one class alone is none. */
export function classesOf(keys: readonly string[], notes: string[] = []): Pick<Gathered, "labels" | "classNames"> {
  const order = new Intl.Collator("en", { numeric: true });
  const names = [...new Set(keys)].filter((key) => key !== "").sort(order.compare);
  if (names.length > MOST_CLASSES)
    notes.push(`${names.length} different labels were left out; allowed: at most ${MOST_CLASSES} classes.`);
  if (names.length < 2 || names.length > MOST_CLASSES)
    return { labels: new Int32Array(keys.length).fill(NO_CLASS), classNames: [] };
  const places = new Map(names.map((name, i) => [name, i]));
  return { labels: Int32Array.from(keys, (key) => places.get(key) ?? NO_CLASS), classNames: names };
}
