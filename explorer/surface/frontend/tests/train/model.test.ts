/** Which networks do the choices of the Train page make, and what does it say of what it does not take? Against shapes by hand. */

import { expect, test } from "vitest";
import { networkOf } from "../../src/engine/learning/architectures";
import { DEFAULTS } from "../../src/engine/learning/records";
import { Vae } from "../../src/engine/learning/vae";
import { standing } from "../../src/train/controls";
import {
  type Choice,
  FIRST_CHOICE,
  FIRST_HIDDEN,
  parsedHidden,
  refusedHidden,
  summary,
  wordsOf,
} from "../../src/train/model/choice";
import { begun, heard, planOf, type TrainState } from "../../src/train/state";
import type { ImageShape } from "../../src/wire/schema";

const shapesOf = (choice: Partial<Choice>, imageShape: ImageShape) =>
  networkOf(wordsOf({ ...FIRST_CHOICE, ...choice }, imageShape)).shapes;

test("a linear network has one matrix each way, whatever widths were written before", () => {
  expect(shapesOf({ network: "linear" }, [1, 2, 2])).toEqual({
    "encoder.1.weight": [4, 4],
    "encoder.1.bias": [4],
    "decoder.0.weight": [4, 2],
    "decoder.0.bias": [4],
  });
});

test("a deterministic encoder gives the code alone", () => {
  expect(shapesOf({ isDeterministic: true, hidden: [3], latentDim: 4 }, [1, 2, 2])["encoder.3.weight"]).toEqual([4, 3]);
});

test("convolutions halve the picture, rounding up, and the way back has its size", () => {
  const choice = { network: "conv", hidden: [4, 8] } as const;
  expect(shapesOf(choice, [3, 5, 6])).toMatchObject({
    "encoder.0.weight": [4, 3, 3, 3],
    "encoder.2.weight": [8, 4, 3, 3],
    "encoder.5.weight": [256, 8 * 2 * 2],
    "decoder.2.weight": [8 * 2 * 2, 256],
    "decoder.5.weight": [8, 4, 4, 4],
    "decoder.8.weight": [4, 3, 4, 4],
    "decoder.10.bias": [3, 5, 6],
  });
  // the engine itself refuses what does not end at the picture's size
  expect(new Vae(networkOf(wordsOf({ ...FIRST_CHOICE, ...choice }, [3, 5, 6])), 2).pixels).toBe(90);
});

test("layers are whole numbers, few and small, or a sentence says what is allowed", () => {
  expect(parsedHidden(" 256, 64 ", "dense")).toEqual([256, 64]);
  expect(parsedHidden("8 16", "conv")).toEqual([8, 16]);
  for (const text of ["", "0", "-3", "1.5", "many", "1025", "1,1,1,1,1", "1e9"])
    expect(parsedHidden(text, "dense")).toBe(null);
  expect(parsedHidden("128", "conv")).toBe(null);
  expect(refusedHidden("128", "conv")).toBe("Channels are “128”; allowed: 1 to 3 whole numbers from 1 to 64.");
  for (const kind of ["dense", "conv"] as const)
    expect(parsedHidden(FIRST_HIDDEN[kind].join(), kind)).toEqual(FIRST_HIDDEN[kind]);
});

test("a choice is named in a few words", () => {
  expect(summary(FIRST_CHOICE)).toBe("VAE, dense 128, Bernoulli, 2-D");
  const other: Choice = { ...FIRST_CHOICE, isDeterministic: true, network: "linear", pixels: "gaussian", latentDim: 8 };
  expect(summary(other)).toBe("autoencoder, linear, Gaussian σ 0.2, 8-D");
});

const TERMS = { loss: 3, reconstruction: 2, kl: 1, klPerDim: Float32Array.of(0.5, 0.5) };

/** After nine steps, log σ at the second number of the weights. */
function told(choice: Partial<Choice>): TrainState {
  const places = [{ name: "log_sigma", shape: [1], at: 1, size: 1 }];
  const ready = { kind: "ready", places, nImages: 9, stepsPerEpoch: 9, arithmetic: "simd" } as const;
  const none = new Float32Array(0);
  const state = heard(begun({ ...FIRST_CHOICE, ...choice }, DEFAULTS), ready);
  const weights = Float32Array.of(9, Math.log(0.25));
  const more = { mu: none, logvar: none, weights, settings: DEFAULTS, terms: TERMS };
  return heard(state, { kind: "progress", step: 9, epoch: 1, isRunning: false, ...more });
}

test("the sentence has an ELBO only where there is one, and the scale that was learned", () => {
  expect(standing(told({}))).toContain("Training ELBO −3.00 nats: reconstruction −2.00, KL 1.00; σ 0.250.");
  expect(standing(told({ isDeterministic: true }))).toBe("Step 9, epoch 1.0. Training log p(x|z) −2.00 nats; σ 0.250.");
});

test("the sentence tells of the moment that is looked at, of images held back, and after a failure of a way on", () => {
  const now = told({});
  const earlier = { step: 4, settings: DEFAULTS, exact: null, rounded: null };
  const stretch = (step: number, reconstruction: number) => ({ step, reconstruction, kl: 1, klPerDim: TERMS.klPerDim });
  const looked: TrainState = {
    ...now,
    look: 4,
    film: { moments: [earlier], everyMs: 250 },
    history: [stretch(2, 9), stretch(4, 7), stretch(9, 2)],
    heldBack: [stretch(3, 8), stretch(8, 3)],
  };
  expect(standing(looked)).toBe(
    "Step 4, epoch 0.4. Training ELBO −8.00 nats: reconstruction −7.00, KL 1.00. Held back −9.00. Going on begins here and drops the later steps.",
  );
  expect(standing({ ...now, heldBack: looked.heldBack })).toContain("Held back −4.00.");
  expect(standing({ ...now, failure: "Training stopped at step 9." })).toMatch(/Reset.*smaller learning rate/);
});

test("another choice is another training of the same seed", () => {
  const { record, seed } = planOf(begun({ ...FIRST_CHOICE, pixels: "gaussian-learned" }, DEFAULTS), [1, 8, 8]);
  expect([record.likelihood, record.learnsSigma, record.sigma, seed]).toEqual(["gaussian", true, 0.2, 1]);
});
