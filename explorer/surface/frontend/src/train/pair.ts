/**
 * What have two trainings in common that learn beside each other? Images, seed, buttons and the step: each learns at its own pace, and where both
 * rest the one that is behind goes on to the other's step. Only β is its own.
 */

import { axesFor } from "./axes";
import { nearestMoment } from "./film";
import type { Phase, TrainState, Wish } from "./state";

/** So many times the other's, or as many times less where that is too much. */
const TIMES = 4;
const MOST_BETA = 100;

/** The β that is compared with first. */
export function otherBeta(beta: number): number {
  return beta * TIMES <= MOST_BETA ? beta * TIMES : beta / TIMES;
}

/** The same wish for the one beside it: its moments are of steps of its own. */
export function wishBeside(wish: Wish, { film }: TrainState): Wish {
  return wish.kind === "look" && wish.at !== null ? { kind: "look", at: nearestMoment(film, wish.at) } : wish;
}

/** Both maps show the same two dimensions, those with the most KL in both together; beside: null where there is none. */
export function withAxesOf(state: TrainState, beside: TrainState | null): TrainState {
  if (!beside || !state.terms) return state;
  const kl = state.terms.klPerDim.map((value, k) => value + (beside.terms?.klPerDim[k] ?? 0));
  return { ...state, axes: axesFor(kl, beside.axes) };
}

/** What both are, for buttons that both have. */
export function phaseOf(states: readonly TrainState[]): Phase {
  const phases = states.map(({ phase }) => phase);
  return (["running", "waiting", "paused"] as const).find((one) => phases.includes(one)) ?? "fresh";
}

/** Which of the two is behind, and by how many steps; null where both are equal, one of them moves or failed, or a moment is looked at. */
export function behind(states: readonly TrainState[]): { readonly place: number; readonly steps: number } | null {
  const [first, second] = states;
  const rests = ({ phase, failure, look }: TrainState): boolean =>
    (phase === "fresh" || phase === "paused") && failure === "" && look === null;
  if (!second || first.step === second.step || !states.every(rests)) return null;
  const steps = first.step - second.step;
  return { place: steps > 0 ? 1 : 0, steps: Math.abs(steps) };
}
