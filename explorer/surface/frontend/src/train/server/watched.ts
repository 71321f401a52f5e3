/**
 * What is known of a training on the server? The same record as of one in the page, so that the same charts, map and film show it: made of
 * every moment that the server sends and of the record before it. No page, no server, no time.
 */

import type { Kept } from "../../engine/learning/messages";
import { DEFAULTS, type Settings, type Terms } from "../../engine/learning/records";
import type { Plane } from "../../geometry/planes";
import { dimension } from "../../ui/format";
import type { LiveEpoch, LiveMoment, LiveTerms } from "../../wire/live";
import { axesFor } from "../axes";
import { NO_FILM, withKept } from "../film";
import { type History, NO_HISTORY, type Stretch, withMeasured } from "../history";
import { planeOf } from "../live-run";
import { FIRST_CHOICE } from "../model/choice";
import type { Phase, TrainState } from "../state";

const BEFORE_THE_FIRST = {
  waiting: "Waits for the training before it.",
  running: "The first step is on its way …",
  paused: "Paused before its first step.",
  ended: "Ended before its first step.",
} as const;
const PHASES = { waiting: "waiting", running: "running", paused: "paused", ended: "paused" } as const;

/** keeps: whether the moment stays in the film. */
export function watched(before: TrainState | null, moment: LiveMoment, keeps: boolean): TrainState {
  const { header, epochs } = moment;
  const terms = header.is_begun ? termsOf(moment) : null;
  const measured = before && terms ? laterThan(before.heldBack, epochs, header.step) : NO_HISTORY;
  const film = before?.film ?? NO_FILM;
  const axes = before?.axes ?? [0, 1];
  return {
    choice: { ...FIRST_CHOICE, isDeterministic: header.is_deterministic, latentDim: header.latent_dim },
    settings: settingsOf(moment),
    phase: phaseOf(moment),
    step: header.step,
    epoch: header.epoch,
    terms,
    sigmaAt: null,
    sigma: null,
    history: epochs.map((epoch) => stretch(epoch.step, epoch.train)),
    heldBack: terms
      ? withMeasured([...epochs.map((epoch) => stretch(epoch.step, epoch.test)), ...measured], header.step, terms)
      : NO_HISTORY,
    film: terms && keeps ? withKept(film, keptOf(moment)) : film,
    look: before?.look ?? null,
    axes: terms && header.latent_dim > 1 ? axesFor(terms.klPerDim, axes) : axes,
    failure: "",
  };
}

/** Where the training stands, in a sentence. count: writes a whole number, number: another one. */
export function standing(
  { header }: LiveMoment,
  count: (value: number) => string,
  number: (value: number, decimals: number) => string,
): string {
  if (header.phase === "waiting" || !header.is_begun) return BEFORE_THE_FIRST[header.phase];
  const { step, n_steps, epoch, beta, set_beta, learning_rate, reconstruction, kl, is_deterministic } = header;
  const of = `Step ${count(step)} of ${count(n_steps)}, epoch ${number(epoch, 1)}.`;
  const rate = `learning rate ${Number(learning_rate.toPrecision(2))}`;
  if (is_deterministic) return `${of} Held-back log p(x|z) ${number(-reconstruction, 2)} nats an image; ${rate}.`;
  const parts = `reconstruction ${number(-reconstruction, 2)}, KL ${number(kl, 2)}`;
  const elbo = `Held-back ELBO ${number(-reconstruction - kl, 2)} nats an image: ${parts}`;
  const wanted = beta === set_beta ? "" : ` of ${set_beta}`;
  return `${of} ${elbo}; β ${Number(beta.toPrecision(3))}${wanted}, ${rate}.`;
}

/** The two dimensions of the map as a plane; null where there are only two. Of one dimension the map is a line. */
export function planeFor(latentDim: number, axes: readonly [number, number]): Plane | null {
  return latentDim === 1 ? LINE : planeOf(latentDim, ...axes);
}

const LINE: Plane = {
  key: "line",
  title: "Latent line",
  note: "Each map point sets the only dimension; up and down nothing changes.",
  labels: [dimension(0), ""],
  origin: new Float32Array(1),
  basis: Float32Array.of(1, 0),
};

function phaseOf({ header }: LiveMoment): Phase {
  return header.is_begun ? PHASES[header.phase] : "waiting";
}

function settingsOf({ header }: LiveMoment): Settings {
  return { ...DEFAULTS, beta: header.set_beta, learningRate: header.set_learning_rate };
}

function termsOf({ header: { reconstruction, kl, beta }, klPerDim }: LiveMoment): Terms {
  return { loss: reconstruction + beta * kl, reconstruction, kl, klPerDim };
}

function stretch(step: number, { reconstruction, kl }: LiveTerms): Stretch {
  return { step, reconstruction, kl, klPerDim: new Float32Array() };
}

/** What was measured since the last epoch, and before a step. */
function laterThan(measured: History, epochs: readonly LiveEpoch[], step: number): History {
  const last = epochs.at(-1)?.step ?? -1;
  return measured.filter((one) => one.step > last && one.step < step);
}

/** As the film has it; nothing goes on from there, so that its weights are all that is kept. */
function keptOf(moment: LiveMoment): Kept {
  const { header, mu, weights } = moment;
  const blocks = [weights, new Float32Array(), new Float32Array()];
  const snapshot = { seed: 0, step: header.step, settings: settingsOf(moment), generator: [], blocks };
  return { kind: "snapshot", snapshot, mu, logvar: new Float32Array(mu.length) };
}
