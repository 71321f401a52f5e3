/** What can be asked of a training, and when? Buttons and dials: each tells a wish, and shows what the record says. */

import { plain } from "../charts/chart";
import { Dial } from "../charts/dial";
import { DEFAULTS, type Settings } from "../engine/learning/records";
import { button, h, setHidden, setText } from "../ui/dom";
import { number } from "../ui/format";
import { ModelForm } from "./model/form";
import { isPossible, type Phase, type TrainState, type Wish } from "./state";

export type Ask = (wish: Wish) => void;

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
  private readonly words = h("p", { class: "lt-words", role: "status", "data-testid": "standing" });
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

/** Where the training stands, in a sentence. */
export function standing({ choice, phase, step, epoch, terms, sigma, failure }: TrainState): string {
  if (failure) return failure;
  if (phase === "waiting") return "Preparing the network …";
  if (!terms) return "Not trained yet: every image is encoded by random weights.";
  const at = `Step ${step}, epoch ${number(epoch, 1)}.`;
  const scale = sigma === null ? "" : `; σ ${number(sigma, 3)}`;
  const reconstruction = number(-terms.reconstruction, 2);
  if (choice.isDeterministic) return `${at} log p(x|z) ${reconstruction} nats an image${scale}.`;
  const elbo = number(-terms.reconstruction - terms.kl, 2);
  return `${at} ELBO ${elbo} nats an image: reconstruction ${reconstruction}, KL ${number(terms.kl, 2)}${scale}.`;
}

/** The same of two, each by its β. */
function standingOfTwo(states: readonly TrainState[]): string {
  const failed = states.find(({ failure }) => failure !== "");
  if (failed) return failed.failure;
  const [{ step, epoch }, { step: beside }] = states;
  const each = states.map(({ terms, settings: { beta } }) => {
    const elbo = terms
      ? `ELBO ${number(-terms.reconstruction - terms.kl, 2)}, KL ${number(terms.kl, 2)}`
      : "not trained yet";
    return `β = ${plain(beta)}: ${elbo}`;
  });
  const apart = step === beside ? "" : `, the right one at step ${beside}`;
  return `Step ${step}, epoch ${number(epoch, 1)}${apart}. ${each.join("; ")} (nats an image).`;
}
