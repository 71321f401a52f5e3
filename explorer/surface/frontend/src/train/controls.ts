/** What can be asked of a training, and when? Buttons and dials: each tells a wish, and shows what the record says. */

import { plain } from "../charts/chart";
import { Dial } from "../charts/dial";
import { DEFAULTS } from "../engine/learning/records";
import { Select } from "../ui/chooser";
import { button, h, setHidden, setText } from "../ui/dom";
import { number } from "../ui/format";
import { isPossible, type Phase, type TrainState, type Wish } from "./state";

export type Ask = (wish: Wish) => void;

/** Of the code; one map shows two of them. */
const DIMENSIONS = [2, 4, 8, 16].map((K) => ({ value: String(K), text: String(K) }));
const MOST_SEED = 2 ** 31 - 1;
const COMPARE = "Another training beside this one: the same images and first weights, another β, one pointer";

export class Controls {
  readonly element: HTMLElement;
  /** Room for what is kept of a training, and for what it learns from. */
  readonly keeping = h("div", { class: "lt-row" });
  readonly choosing = h("div", { class: "lt-choosing" });
  readonly dials = h("div", { class: "lc-dials" });
  private readonly go = button("la-button lt-go", { "data-testid": "go" }, () => this.ask(this.goWish), "Train");
  private readonly others: readonly (readonly [Wish, HTMLButtonElement])[];
  private readonly seed = h("input", { type: "number", min: 0, max: MOST_SEED, step: 1, class: "lt-number" });
  private readonly dims = new Select(
    "Dimensions",
    (value) => this.ask({ kind: "choose", choice: { latentDim: Number(value) } }),
    "la",
  );
  private readonly noise = h("input", { type: "checkbox", checked: true });
  private readonly words = h("p", { class: "lt-words", role: "status", "data-testid": "standing" });
  private readonly beside: HTMLButtonElement;
  private goWish: Wish = { kind: "train" };

  /** compare: another training beside it is asked for. */
  constructor(
    private readonly ask: Ask,
    compare: () => void,
  ) {
    this.beside = button("lt-button", { title: COMPARE }, compare, "Compare with another β");
    this.dials.append(this.rateDial());
    const other = (kind: "step" | "epoch" | "reset", text: string, title: string): [Wish, HTMLButtonElement] => {
      const wish: Wish = { kind };
      return [wish, button("lt-button", { title }, () => ask(wish), text)];
    };
    this.others = [
      other("step", "One step", "Learn from one batch"),
      other("epoch", "One epoch", "Learn until every image was seen once more"),
      other("reset", "Reset", "Back to the first weights of this seed"),
    ];
    this.seed.addEventListener("change", () => {
      const seed = Math.round(Number(this.seed.value));
      if (seed >= 0 && seed <= MOST_SEED) ask({ kind: "choose", choice: { seed } });
    });
    this.noise.addEventListener("change", () => ask({ kind: "set", settings: { noise: this.noise.checked } }));
    const options = h(
      "div",
      { class: "lt-row lt-options" },
      h(
        "label",
        { class: "lt-field", title: "The same seed learns the same path, on every machine" },
        "Seed",
        this.seed,
      ),
      h(
        "label",
        { class: "lt-field", title: "Codes are drawn from q(z|x); without noise the mean is decoded" },
        this.noise,
        "Noise",
      ),
      this.dims.element,
    );
    const run = h("div", { class: "lt-row lt-run" }, this.go, ...this.others.map(([, one]) => one));
    const more = h("div", { class: "lt-row lt-more" }, this.beside, this.keeping);
    this.element = h("div", { class: "lt-controls" }, run, options, more, this.choosing, this.dials, this.words);
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
    setHidden(this.beside, states.length > 1);
    this.dims.show(DIMENSIONS, String(state.choice.latentDim));
    const seed = String(state.choice.seed);
    if (this.seed.value !== seed && !this.seed.matches(":focus")) this.seed.value = seed;
  }

  private rateDial(): HTMLElement {
    const dial: Dial = new Dial(
      {
        name: "Learning rate of Adam",
        title: "How far a step goes; from the next step on.",
        low: 1e-5,
        high: 0.1,
        value: DEFAULTS.learningRate,
        isLog: true,
        words: plain,
      },
      () => this.ask({ kind: "set", settings: { learningRate: dial.value } }),
    );
    return dial.element;
  }
}

/** Where the training stands, in a sentence. */
function standing({ phase, step, epoch, terms, failure }: TrainState): string {
  if (failure) return failure;
  if (phase === "waiting") return "Preparing the network …";
  if (!terms) return "Not trained yet: every image is encoded by random weights.";
  const elbo = number(-terms.reconstruction - terms.kl, 2);
  const parts = `reconstruction ${number(-terms.reconstruction, 2)}, KL ${number(terms.kl, 2)}`;
  return `Step ${step}, epoch ${number(epoch, 1)}. ELBO ${elbo} nats an image: ${parts}.`;
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
