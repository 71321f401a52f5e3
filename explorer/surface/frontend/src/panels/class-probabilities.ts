/** How probable is each class of the decoded picture? Live bars of the run's classifier, one a class, or of the first few of many. */

import type { Classifier } from "../engine/picture-classifier";
import { mostProbable } from "../engine/picture-classifier";
import type { Frame, Panel, Progress } from "../kernel/extension";
import type { PanelEditor } from "../kernel/panel-editor";
import { type Looks, probability } from "../kernel/reading";
import type { MapState } from "../kernel/state";
import { h, setText } from "../ui/dom";
import { classWords, count, percent } from "../ui/format";
import { classColour } from "../ui/palette";

/** So many classes of so short names stand side by side, each in its place. */
const MOST_COLUMNS = 12;
const LONGEST_COLUMN_NAME = 2;
/** Else rows: all of so few, or the most probable of more. */
const MOST_ROWS = 3;
const RANKED_ROWS = 3;
/** A classifier whose fastest answer takes longer waits until the hand rests. The first ones are slow: nothing is compiled yet. */
const CHEAP_MS = 1.5;
const TRIALS = 5;
/** Bars and numbers follow a moving hand so often: each change lays out the page. */
const BARS_MS = 50;
const REST_MS = 90;

interface Bar {
  readonly element: HTMLElement;
  readonly name: HTMLElement;
  readonly fill: HTMLElement;
  readonly value: HTMLElement;
  /** The class whose name and colour it has; −1 before the first. */
  label: number;
  share: number;
}

export class ClassProbabilities implements Panel {
  readonly id = "class-probabilities";
  readonly slot = "decoded-class";
  readonly reads: readonly (keyof MapState)[] = ["data", "probe", "theme", "reading"];
  readonly element: HTMLElement;
  private readonly best = h("strong", { class: "la-nearest-class" });
  private readonly share = h("span", { class: "la-number" });
  /** How often the classifier is right, without which its word is worth nothing. */
  private readonly right = h("span", { class: "la-small la-number", "data-testid": "accuracy" });
  private readonly list = h("div", { class: "la-odds-list", role: "img", "data-testid": "class-bars" });
  private classifier: Classifier | null = null;
  private names: readonly string[] = [];
  private bars: Bar[] = [];
  private isRanked = false;
  private fastest = Infinity;
  private asked = 0;
  private askedAt = -Infinity;
  /** Another picture is shown than the one that was asked about. */
  private isDue = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private last: MapState | null = null;

  constructor(private readonly editor: Pick<PanelEditor, "state" | "set">) {
    this.element = h(
      "div",
      { class: "la-odds", role: "group", "aria-label": "Class probabilities", hidden: true },
      h("p", { class: "la-line" }, h("span", { class: "la-small" }, "Looks like"), this.best, this.share, this.right),
      this.list,
    );
  }

  update({ state, derived }: Frame): void {
    const { last } = this;
    const { data, probe, theme } = (this.last = state);
    if (data.model !== last?.data.model) this.configure(data.classifier, data.header.class_names);
    if (theme !== last?.theme) for (const bar of this.bars) bar.label = -1;
    this.isDue ||= data !== last?.data || probe !== last.probe || theme !== last.theme;
    if (this.isDue) this.follow(derived.picture);
  }

  /** What others tell of the answer they tell in the same frame: it is time, and the next frame's update asks. */
  work({ state: { reading } }: Frame): Progress {
    if (!this.isDue) return "done";
    if (this.isTime) this.editor.set({ reading: { ...reading } });
    return "working";
  }

  /** Nothing hides them. */
  private configure(classifier: Classifier | null, names: readonly string[]): void {
    clearTimeout(this.timer);
    this.classifier = classifier;
    this.names = names;
    this.tell(null);
    this.fastest = Infinity;
    this.asked = 0;
    this.element.hidden = classifier === null;
    if (!classifier) return;
    this.element.title = definition(classifier);
    const accuracy = classifier.facts?.decoded.accuracy;
    setText(this.right, accuracy === undefined ? "" : `classifier right on ${percent(accuracy)}`);
    const isShort = names.length <= MOST_COLUMNS && names.every((name) => name.length <= LONGEST_COLUMN_NAME);
    this.list.toggleAttribute("data-columns", isShort);
    this.isRanked = !isShort && names.length > MOST_ROWS;
    this.bars = Array.from({ length: this.isRanked ? RANKED_ROWS : names.length }, makeBar);
    this.list.replaceChildren(...this.bars.map(({ element }) => element));
  }

  /** The picture that is shown now; it may be overwritten when this returns. */
  private follow(x_hat: Float32Array): void {
    const { classifier } = this;
    this.isDue = false;
    if (!classifier) return;
    clearTimeout(this.timer);
    const isCheap = this.fastest < CHEAP_MS || this.asked < TRIALS;
    this.isDue = isCheap && !this.isTime;
    if (this.isDue) return;
    if (isCheap) return this.ask(classifier, x_hat);
    const copy = x_hat.slice();
    this.timer = setTimeout(() => this.ask(classifier, copy), REST_MS);
  }

  private get isTime(): boolean {
    return performance.now() - this.askedAt >= BARS_MS;
  }

  dispose(): void {
    clearTimeout(this.timer);
  }

  private ask(classifier: Classifier, x_hat: Float32Array): void {
    if (this.classifier !== classifier) return;
    const start = (this.askedAt = performance.now());
    const p = classifier.probabilities(x_hat);
    this.fastest = Math.min(this.fastest, performance.now() - start);
    this.asked++;
    this.paint(p);
  }

  private tell(looks: Looks | null): void {
    this.editor.set({ reading: { ...this.editor.state().reading, looks } });
  }

  private paint(p: Float32Array): void {
    const top = mostProbable(p, RANKED_ROWS);
    this.tell({ label: top[0], probability: p[top[0]] });
    setText(this.best, classWords(this.names[top[0]]));
    setText(this.share, probability(p[top[0]]));
    const words = `Class probabilities: ${top.map((k) => `${classWords(this.names[k])} ${probability(p[k])}`).join(", ")}`;
    if (this.list.getAttribute("aria-label") !== words) this.list.setAttribute("aria-label", words);
    this.bars.forEach((bar, i) => this.showBar(bar, this.isRanked ? top[i] : i, p));
  }

  private showBar(bar: Bar, label: number, p: Float32Array): void {
    if (bar.label !== label) {
      bar.label = label;
      setText(bar.name, this.names[label]);
      bar.element.title = this.names[label];
      bar.fill.style.backgroundColor = classColour(label, this.last?.theme.isDark === true);
    }
    setText(bar.value, probability(p[label]));
    const share = Math.round(500 * p[label]) / 500; // finer steps than pixels would be work without effect
    if (share === bar.share) return;
    bar.share = share;
    bar.fill.style.setProperty("--la-share", String(share));
  }
}

function makeBar(): Bar {
  const [name, fill, value] = [
    h("span", { class: "la-odds-name" }),
    h("i"),
    h("span", { class: "la-odds-value la-number" }),
  ];
  return {
    element: h("div", { class: "la-odds-bar" }, name, h("span", { class: "la-odds-track" }, fill), value),
    name,
    fill,
    value,
    label: -1,
    share: -1,
  };
}

function definition({ facts }: Classifier): string {
  const what =
    "Class probabilities of the decoded picture, from a small classifier that was trained with this run on images and on their reconstructions, both with the image's class: of images that decode like this, so many are of that class. Where the density of encoded images is low it extrapolates.";
  if (!facts) return what;
  const { images, decoded } = facts;
  return `${what} On test images it is right ${share(images.accuracy)} of the time, on their reconstructions ${share(decoded.accuracy)} (${count(decoded.n)} pictures; calibration error ${share(decoded.ece)}, the mean distance between how sure it is and how often it is right, Guo et al. 2017).`;
}

function share(value: number): string {
  return percent(value, 1);
}
