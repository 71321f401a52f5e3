/** What does a lesson see of a training? Told of a little after something changed, and read only where a lesson asks. */

import { WATCHED, type Watched, type WatchedSource, WHO_IS_WATCHED } from "../kernel/watched";
import type { Disposer } from "../ui/dom";
import type { TrainState } from "./state";

const TELL_MS = 200;
/** Nats an image from which on a dimension counts as active, as in `explorer/lessons/conditions.py`. */
const ACTIVE = 0.05;

export class Watching implements WatchedSource {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private last: TrainState | null = null;

  constructor(
    private readonly state: () => TrainState,
    disposer: Disposer,
  ) {
    disposer.add(() => clearTimeout(this.timer));
    disposer.listen(window, WHO_IS_WATCHED, () => this.tell());
  }

  /** Of the state of now. */
  changed(): void {
    if (this.state() !== this.last) this.timer ??= setTimeout(() => this.tell(), TELL_MS);
    this.last = this.state();
  }

  watched(): Watched {
    const { settings, step, epoch, terms } = this.state();
    const perDim = terms ? Array.from(terms.klPerDim) : [];
    return {
      run: "",
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
    clearTimeout(this.timer);
    this.timer = undefined;
    dispatchEvent(new CustomEvent<WatchedSource>(WATCHED, { detail: this }));
  }
}
