/**
 * How is a model chosen? In a form that is folded away: kind, network, likelihood, dimensions and seed, each with its formula. A change begins a
 * new training; where steps would be lost by it only after a person has agreed.
 */

import { type Choice as Option, Segmented, Select } from "../../ui/chooser";
import { button, Disposer, h, setHidden, setText } from "../../ui/dom";
import { count } from "../../ui/format";
import {
  type Choice,
  DIMENSIONS,
  FIRST_CHOICE,
  FIRST_HIDDEN,
  LEAST_SIGMA,
  LIKELIHOODS,
  MODELS,
  MOST_SEED,
  MOST_SIGMA,
  NETWORKS,
  type NetworkKind,
  type PixelKind,
  parsedHidden,
  refusedHidden,
  refusedSeed,
  refusedSigma,
  summary,
} from "./choice";

export class ModelForm {
  readonly element = h("details", { class: "lt-model" });
  private readonly title = h("summary", { class: "lt-button" });
  private readonly model = group("Model", MODELS, (value) => this.change({ isDeterministic: value === "autoencoder" }));
  private readonly network = group("Network", NETWORKS, (value) => this.changeNetwork(value as NetworkKind));
  private readonly pixels = group("Likelihood", LIKELIHOODS, (value) => this.change({ pixels: value as PixelKind }));
  private readonly hidden = field("Widths", { type: "text", inputmode: "numeric" }, (text) => this.changeHidden(text));
  private readonly sigma = field("σ", { type: "number", min: LEAST_SIGMA, max: MOST_SIGMA, step: "any" }, (text) =>
    this.changeSigma(text),
  );
  private readonly seed = field("Seed", { type: "number", min: 0, max: MOST_SEED, step: 1 }, (text) =>
    this.changeSeed(text),
  );
  private readonly dimensions = new Select("Dimensions", (value) => this.change({ latentDim: Number(value) }), "la");
  private readonly words = h("p", { class: "la-small", role: "status", "data-testid": "model-words" });
  private readonly agree = button("la-button", {}, () => this.begin(), "Begin again");
  private readonly stay = button("lt-button", {}, () => this.giveUp(), "Keep this training");
  private readonly disposer = new Disposer();
  /** Of the training that is shown, and its steps. */
  private current = FIRST_CHOICE;
  private steps = 0;
  /** What the form says; other than `current` where a person has not agreed yet. */
  private draft = FIRST_CHOICE;

  /** choose: begins a training of it. */
  constructor(private readonly choose: (choice: Choice) => void) {
    this.seed.element.title = "The same seed learns the same path, on every machine";
    const row = h("div", { class: "lt-row" }, this.dimensions.element, this.seed.element);
    const ask = h("div", { class: "lt-row" }, this.agree, this.stay);
    const panel = h("div", { class: "lt-model-panel" });
    panel.append(
      ...[this.model, this.network].map(({ element }) => element),
      this.hidden.element,
      this.pixels.element,
      this.sigma.element,
      row,
      this.words,
      ask,
    );
    this.element.append(this.title, panel);
    this.element.addEventListener("keydown", (event) => {
      event.stopPropagation(); // hosts have one-letter shortcuts of their own
      if (event.key !== "Escape" || !this.element.open) return;
      this.element.open = false;
      this.title.focus();
    });
    this.disposer.listen(document, "pointerdown", (event) => {
      if (!event.composedPath().includes(this.element)) this.element.open = false;
    });
    this.draw("");
  }

  dispose(): void {
    this.disposer.dispose();
  }

  /** steps: that would be lost. */
  show(choice: Choice, steps: number): void {
    this.steps = steps;
    if (choice === this.current) return;
    this.current = this.draft = choice;
    this.draw("");
  }

  private get isPending(): boolean {
    return this.draft !== this.current;
  }

  private change(part: Partial<Choice>): void {
    const next = { ...this.draft, ...part };
    this.draft = isSame(next, this.current) ? this.current : next;
    if (this.isPending && this.steps === 0) this.begin();
    else this.draw("");
  }

  private changeNetwork(network: NetworkKind): void {
    this.change({ network, hidden: FIRST_HIDDEN[network] });
  }

  private changeHidden(text: string): void {
    const hidden = parsedHidden(text, this.draft.network);
    if (hidden) this.change({ hidden });
    else this.draw(refusedHidden(text, this.draft.network));
  }

  private changeSigma(text: string): void {
    const sigma = Number(text);
    if (text !== "" && sigma >= LEAST_SIGMA && sigma <= MOST_SIGMA) this.change({ sigma });
    else this.draw(refusedSigma(text));
  }

  private changeSeed(text: string): void {
    const seed = Number(text);
    if (text !== "" && Number.isInteger(seed) && seed >= 0 && seed <= MOST_SEED) this.change({ seed });
    else this.draw(refusedSeed(text));
  }

  private begin(): void {
    this.current = this.draft;
    this.choose(this.draft);
    this.draw("");
  }

  private giveUp(): void {
    this.draft = this.current;
    this.draw("");
  }

  /** refused: what a field did not take, "" where it took all. */
  private draw(refused: string): void {
    const { draft, isPending } = this;
    const { network, pixels } = draft;
    setText(this.title, `Model: ${summary(this.current)}`);
    this.title.title = `${summary(this.current)}: choose another model, network or likelihood`;
    this.model.show(draft.isDeterministic ? "autoencoder" : "vae");
    this.network.show(network);
    this.pixels.show(pixels);
    this.hidden.show(network === "conv" ? "Channels" : "Widths", draft.hidden.join(", "));
    this.sigma.show(pixels === "gaussian-learned" ? "σ at first" : "σ", String(draft.sigma));
    this.seed.show("Seed", String(draft.seed));
    this.dimensions.show(DIMENSIONS, String(draft.latentDim));
    setHidden(this.hidden.element, network === "linear");
    setHidden(this.sigma.element, pixels === "bernoulli");
    const lost = isPending
      ? `Another model begins a new training from seed ${draft.seed}: the ${count(this.steps)} steps of this one are lost.`
      : "";
    setText(this.words, refused || lost);
    setHidden(this.words, refused === "" && !isPending);
    for (const one of [this.agree, this.stay]) setHidden(one, !isPending || refused !== "");
  }
}

function isSame(one: Choice, other: Choice): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** A row of options, and the formula of that which is chosen. */
function group(
  legend: string,
  options: readonly Option[],
  change: (value: string) => void,
): { readonly element: HTMLElement; show(value: string): void } {
  const choices = new Segmented(legend, options, change, "la");
  const formula = h("p", { class: "la-small" });
  return {
    element: h(
      "div",
      { class: "lt-choice" },
      h("span", { class: "la-h", "aria-hidden": "true" }, legend),
      choices.element,
      formula,
    ),
    show: (value) => {
      choices.show(value);
      setText(formula, options.find((option) => option.value === value)?.title ?? "");
    },
  };
}

/** A field with its name; it keeps what is written while it has the focus. */
function field(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  change: (text: string) => void,
): { readonly element: HTMLElement; show(name: string, value: string): void } {
  const words = h("span", {}, name);
  const input = h("input", { class: "lt-number", ...attributes });
  input.addEventListener("change", () => change(input.value.trim()));
  return {
    element: h("label", { class: "lt-field" }, words, input),
    show: (shown, value) => {
      setText(words, shown);
      if (input.value !== value && !input.matches(":focus")) input.value = value;
    },
  };
}
