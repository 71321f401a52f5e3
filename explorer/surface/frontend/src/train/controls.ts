/** What can be asked of a training, and when? Buttons and dials: each tells a wish, and shows what the record says. */

import { plain } from "../charts/chart";
import { Dial } from "../charts/dial";
import { DEFAULTS, type Settings, type Terms } from "../engine/learning/records";
import { button, h, setHidden, setText } from "../ui/dom";
import { count, number } from "../ui/format";
import { ModelForm } from "./model/form";
import { isPossible, lookedAt, type Phase, type TrainState, type Wish } from "./state";

export type Ask = (wish: Wish) => void;

const AFTER_FAILURE = "Reset, or choose an earlier moment, and go on at a smaller learning rate.";
const STANDING =
  "Nats an image: of the images that it learns from the mean over the last steps, each with the weights before it; of those held back the mean over all of them, a few times a second";
const COMPARE = "Another training beside this one: the same images and first weights, another β, one pointer";

export class Controls {
  readonly element: HTMLElement;
  /** Room for what is kept of a training, and for what it learns from. */
  readonly keeping = h("div", { class: "lt-row" });
  readonly choosing = h("div", { class: "lt-choosing" });
  readonly dials = h("div", { class: "lc-dials" });
  private readonly go = button("la-button lt-go", { "data-testid": "go" }, () => this.ask(this.goWish), "Train");
  private readonly others: readonly (readonly [Wish, HTMLButtonElement])[];
  private readonly model = new ModelForm((choice) => this.ask({ kind: "choose", choice }));
  private readonly noise = h("input", { type: "checkbox" });
  private readonly noiseField = h(
    "label",
    { class: "lt-field", title: "Codes are drawn from q(z|x); without noise the mean is decoded" },
    this.noise,
    "Noise",
  );
  private readonly words = h("p", {
    class: "lt-words",
    role: "status",
    "data-testid": "standing",
    title: STANDING,
  });
  private readonly beside: HTMLButtonElement;
  private goWish: Wish = { kind: "train" };

  /** compare: another training beside it is asked for · settings: at first. */
  constructor(
    private readonly ask: Ask,
    compare: () => void,
    { learningRate, noise }: Settings = DEFAULTS,
  ) {
    this.beside = button("lt-button", { title: COMPARE }, compare, "Compare with another β");
    this.dials.append(this.rateDial(learningRate));
    this.noise.checked = noise;
    const other = (kind: "step" | "epoch" | "reset", text: string, title: string): [Wish, HTMLButtonElement] => {
      const wish: Wish = { kind };
      return [wish, button("lt-button", { title }, () => ask(wish), text)];
    };
    this.others = [
      other("step", "One step", "Learn from one batch"),
      other("epoch", "One epoch", "Learn until every image was seen once more"),
      other("reset", "Reset", "Back to the first weights of this seed"),
    ];
    this.noise.addEventListener("change", () => ask({ kind: "set", settings: { noise: this.noise.checked } }));
    const options = h("div", { class: "lt-row lt-options" }, this.model.element, this.noiseField);
    const run = h("div", { class: "lt-row lt-run" }, this.go, ...this.others.map(([, one]) => one));
    const more = h("div", { class: "lt-row lt-more" }, this.beside, this.keeping);
    this.element = h("div", { class: "lt-controls" }, run, options, more, this.choosing, this.dials, this.words);
  }

  dispose(): void {
    this.model.dispose();
  }

  /** phase: of all that learn · states: theirs, the first is `state`. */
  show(first: TrainState, phase: Phase, states: readonly TrainState[]): void {
    const state = { ...first, phase };
    const isRunning = phase === "running";
    this.goWish = { kind: isRunning ? "pause" : "train" };
    setText(this.go, isRunning ? "Pause" : state.step > 0 ? "Go on" : "Train");
    this.go.disabled = !isPossible(state, this.goWish);
    for (const [wish, one] of this.others) one.disabled = !isPossible(state, wish);
    setText(this.words, states.length > 1 ? standingOfTwo(states) : standing(first));
    // an autoencoder has neither draws nor a β
    setHidden(this.noiseField, state.choice.isDeterministic);
    setHidden(this.beside, states.length > 1 || state.choice.isDeterministic);
    this.model.show(state.choice, Math.max(...states.map(({ step }) => step)));
  }

  private rateDial(value: number): HTMLElement {
    const dial: Dial = new Dial(
      {
        name: "Learning rate of Adam",
        title: "How far a step goes; from the next step on.",
        low: 1e-5,
        high: 0.1,
        value,
        isLog: true,
        words: plain,
      },
      () => this.ask({ kind: "set", settings: { learningRate: dial.value } }),
    );
    return dial.element;
  }
}

/** Where the training stands, or stood at the moment that is looked at, in a sentence or two; terms are means over the last steps. */
export function standing(state: TrainState): string {
  const { choice, phase, failure, heldBack } = state;
  if (failure) return `${failure} ${AFTER_FAILURE}`;
  if (phase === "waiting") return "Preparing the network …";
  const { step, epoch, terms, sigma } = thereOf(state);
  if (!terms) return "Not trained yet: every image is encoded by random weights.";
  const at = `Step ${count(step)}, epoch ${number(epoch, 1)}.`;
  const scale = sigma === null ? "" : `; σ ${number(sigma, 3)}`;
  const measured = heldBack.filter((one) => one.step > 0 && one.step <= step).at(-1);
  const more = lookedAt(state) ? " Going on begins here and drops the later steps." : "";
  const reconstruction = number(-terms.reconstruction, 2);
  if (choice.isDeterministic) {
    const held = measured ? ` Held back ${number(-measured.reconstruction, 2)}.` : "";
    return `${at} Training log p(x|z) ${reconstruction} nats${scale}.${held}${more}`;
  }
  const held = measured ? ` Held back ${elboOf(measured)}.` : "";
  const parts = `reconstruction ${reconstruction}, KL ${number(terms.kl, 2)}`;
  return `${at} Training ELBO ${elboOf(terms)} nats: ${parts}${scale}.${held}${more}`;
}

/** What is known of the moment that is looked at, else of the present. */
function thereOf(state: TrainState): Pick<TrainState, "step" | "epoch" | "sigma"> & { terms: Parts | null } {
  const moment = lookedAt(state);
  if (!moment) return state;
  const { step } = moment;
  const terms = state.history.find((stretch) => stretch.step >= step) ?? null;
  return { step, epoch: state.epoch * (step / Math.max(1, state.step)), sigma: null, terms };
}

type Parts = Pick<Terms, "reconstruction" | "kl">;

function elboOf({ reconstruction, kl }: Parts): string {
  return number(-reconstruction - kl, 2);
}

/** The same of two, each by its β. */
function standingOfTwo(states: readonly TrainState[]): string {
  const failed = states.find(({ failure }) => failure !== "");
  if (failed) return `${failed.failure} ${AFTER_FAILURE}`;
  const [{ step, epoch }, { step: beside }] = states;
  const each = states.map(({ terms, settings: { beta } }) => {
    const elbo = terms ? `ELBO ${elboOf(terms)}, KL ${number(terms.kl, 2)}` : "not trained yet";
    return `β = ${plain(beta)}: ${elbo}`;
  });
  const apart = step === beside ? "" : `, the right one at step ${beside}`;
  return `Step ${count(step)}, epoch ${number(epoch, 1)}${apart}. ${each.join("; ")} (nats a training image).`;
}
