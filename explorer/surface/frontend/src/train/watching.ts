/** What does a lesson see of the training beside it? Told of a few times a second while it moves, and read only where a lesson asks. */

import { WATCHED, type Watched, type WatchedSource, WHO_IS_WATCHED } from "../data/watched";
import { Disposer } from "../ui/dom";
import type { TrainState } from "./state";

const TELL_MS = 200;
/** Nats an image from which on a dimension counts as active, as in `explorer/lessons/conditions.py`. */
const ACTIVE = 0.05;

export class Watching implements WatchedSource {
  private readonly disposer = new Disposer();
  private last: TrainState | null = null;

  /** run: how the lesson knows the training · state: of it now. */
  constructor(
    private readonly run: string,
    private readonly state: () => TrainState,
  ) {
    const timer = setInterval(() => this.state() !== this.last && this.tell(), TELL_MS);
    this.disposer.add(() => clearInterval(timer));
    this.disposer.listen(window, WHO_IS_WATCHED, () => this.tell());
  }

  stop(): void {
    this.disposer.dispose();
  }

  watched(): Watched {
    const { settings, step, epoch, terms } = this.state();
    const perDim = terms ? Array.from(terms.klPerDim) : [];
    return {
      run: this.run,
      numbers: {
        beta: settings.beta,
        step,
        epoch,
        kl: terms?.kl ?? null,
        distortion: terms?.reconstruction ?? null,
        elbo: terms && -terms.reconstruction - terms.kl,
        active: terms && perDim.filter((kl) => kl >= ACTIVE).length,
        ...Object.fromEntries(perDim.map((kl, k) => [`kl ${k + 1}`, kl])),
      },
      names: {},
    };
  }

  private tell(): void {
    this.last = this.state();
    dispatchEvent(new CustomEvent<WatchedSource>(WATCHED, { detail: this }));
  }
}
