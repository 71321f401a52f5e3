/** Does a long history stay small without saying anything else? */

import { expect, test } from "vitest";
import type { Terms } from "../../src/engine/learning/records";
import { cutAt, type History, MOST_STRETCHES, NO_HISTORY, withMoment } from "../../src/train/history";
import { random } from "../helpers";

function terms(value: number): Terms {
  return { loss: 0, reconstruction: value, kl: 2 * value, klPerDim: Float32Array.of(value, value) };
}

test("however it is thinned, the mean over all steps stays what it was", () => {
  const next = random(3);
  let history: History = NO_HISTORY;
  let [step, sum] = [0, 0];
  for (let i = 0; i < 5 * MOST_STRETCHES; i++) {
    const [steps, value] = [1 + Math.floor(9 * next()), next()];
    step += steps;
    sum += steps * value;
    history = withMoment(history, step, terms(value));
    expect(history.length).toBeLessThanOrEqual(MOST_STRETCHES);
  }
  const weighted = history.reduce(
    (total, { step: end, reconstruction }, i) => total + (end - (history[i - 1]?.step ?? 0)) * reconstruction,
    0,
  );
  expect(weighted / step).toBeCloseTo(sum / step, 9);
  expect(history.at(-1)?.step).toBe(step);
  for (const { reconstruction, kl, klPerDim } of history) {
    expect(kl).toBeCloseTo(2 * reconstruction, 9);
    expect(klPerDim[0]).toBeCloseTo(reconstruction, 5);
  }
});

test("going back leaves what came before", () => {
  const history = [10, 20, 30].reduce<History>((so, step) => withMoment(so, step, terms(step)), NO_HISTORY);
  expect(cutAt(history, 20).map(({ step }) => step)).toEqual([10, 20]);
});
