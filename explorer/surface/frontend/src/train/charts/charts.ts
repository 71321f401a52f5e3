/** When are the charts drawn? A few times a second while it runs, since they are read and not watched for every step; at once where it stands. */

import { setHidden } from "../../ui/dom";
import type { TrainingImages } from "../../wire/training";
import { phaseOf } from "../pair";
import type { TrainState } from "../state";
import { BoundChart } from "./bound-chart";
import { allFormulas } from "./formulas";
import { KlChart } from "./kl-chart";
import { LinearGuide } from "./linear-guide";

const BETWEEN_MS = 100;

export class Charts {
  readonly elements: readonly HTMLElement[];
  private readonly bound = new BoundChart();
  private readonly guide: LinearGuide;
  private readonly kl = new KlChart();
  private readonly formulas = { of: allFormulas(false), ofPoints: allFormulas(true) };
  /** performance.now() */
  private drawnAt = -BETWEEN_MS;

  /** changed: there is more to be drawn. */
  constructor(images: TrainingImages, changed: () => void) {
    this.guide = new LinearGuide(images, changed);
    this.elements = [this.kl.element, this.bound.element, this.formulas.of, this.formulas.ofPoints];
  }

  /** Another training. */
  reset(): void {
    this.kl.reset();
  }

  stop(): void {
    this.guide.stop();
  }

  /** states: of one training, or of two · width: CSS pixels. */
  draw(states: readonly TrainState[], width: number): void {
    const now = performance.now();
    if (width === 0 || (phaseOf(states) === "running" && now - this.drawnAt < BETWEEN_MS)) return;
    this.drawnAt = now;
    this.bound.draw(states, width);
    const { isDeterministic } = states[0].choice;
    setHidden(this.kl.element, isDeterministic);
    setHidden(this.formulas.of, isDeterministic);
    setHidden(this.formulas.ofPoints, !isDeterministic);
    if (isDeterministic) return;
    const stairs = states.map((state) => this.guide.stairs(state));
    this.kl.draw(states, width, stairs);
  }
}
