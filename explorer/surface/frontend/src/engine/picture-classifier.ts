/** Which class does a picture look like? The run's small classifier, forward only; trainer/models/picture_classifier.py says what it learned from. */

import { PayloadError } from "../wire/errors";
import type { Payload } from "../wire/payload";
import type { ClassifierFacts } from "../wire/schema";
import { Network } from "./network";

export class Classifier {
  readonly nClasses: number;
  readonly facts: ClassifierFacts | null;
  private readonly network: Network;

  /** Raises `PayloadError` where its layers do not take the run's pictures. */
  constructor(payload: Payload) {
    const { classifier, classifier_facts, run, class_names } = payload.header;
    this.network = new Network(classifier ?? [], [...run.image_shape], payload);
    this.facts = classifier_facts ?? null;
    this.nClasses = class_names.length;
    if (this.network.outputSize !== this.nClasses) {
      throw new PayloadError(
        `The classifier gives ${this.network.outputSize} numbers where ${this.nClasses} are needed.`,
      );
    }
  }

  /** None for a run that has none. */
  static of(payload: Payload): Classifier | null {
    return payload.header.classifier?.length ? new Classifier(payload) : null;
  }

  /** x (C·H·W,) in [0, 1] to a probability for each class: overwritten by the next call. */
  probabilities(x: ArrayLike<number>): Float32Array {
    const logits = this.network.run(x);
    softmax(logits);
    return logits;
  }
}

/** In place; the largest is taken off first, so that none overflows. */
export function softmax(x: Float32Array): void {
  let largest = -Infinity;
  for (const value of x) if (value > largest) largest = value;
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i] = Math.exp(x[i] - largest);
  for (let i = 0; i < x.length; i++) x[i] /= sum;
}

/** Numbers of the `n` most probable classes, the most probable first. */
export function mostProbable(p: ArrayLike<number>, n: number): number[] {
  const found: number[] = [];
  for (let k = 0; k < p.length; k++) {
    let at = found.length;
    while (at > 0 && p[found[at - 1]] < p[k]) at--;
    if (at < n) found.splice(at, 0, k);
    if (found.length > n) found.pop();
  }
  return found;
}
