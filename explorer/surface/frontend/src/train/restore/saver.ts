/** When is a training kept for a reload? Every few seconds, and once more when the page goes, where steps were taken since. */

import type { TrainPage } from "../page";
import { readStored, type StoredPage, type StoredTraining, storedPage, whyNotStored } from "./records";
import type { Store } from "./store";

const EVERY_MS = 2000;

export class Saver {
  /** Which trainings were written last; "" for none. */
  private written = "";
  /** A write is under way. */
  private isBusy = false;
  /** Why nothing is kept, as a part of a sentence; "" where it is. */
  whyNot = "";

  /** page: that of now. */
  constructor(
    private readonly store: Store,
    private readonly page: () => TrainPage,
  ) {
    window.setInterval(() => this.tick(), EVERY_MS);
    window.addEventListener("pagehide", () => void this.save());
  }

  /** What was kept before the reload; null for nothing. */
  async found(): Promise<StoredPage | null> {
    try {
      return readStored(await this.store.get());
    } catch {
      return null;
    }
  }

  private tick(): void {
    if (!this.isBusy) void this.save();
    for (const pane of this.page().all) pane.askToStore();
  }

  private async save(): Promise<void> {
    const { images, all } = this.page();
    const trainings = all.map((pane) => pane.stored()).filter((one): one is StoredTraining => one !== null);
    const name = trainings.map(({ kept, choice }) => `${kept.snapshot.step} ${JSON.stringify(choice)}`).join();
    const written = trainings.length === all.length ? `${images.header.id} ${name}` : "";
    if (written === this.written) return;
    this.whyNot = written ? whyNotStored(trainings, images) : "";
    this.isBusy = true;
    try {
      if (written && !this.whyNot) await this.store.put(storedPage(trainings, images, Date.now()));
      else await this.store.remove();
      this.written = written;
    } catch (error) {
      this.whyNot = `the browser did not keep it (${error instanceof Error ? error.message : String(error)})`;
    }
    this.isBusy = false;
  }
}
