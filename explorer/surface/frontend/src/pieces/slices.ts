/** How does long work leave the page alive? A part of every frame, until it is done or not wanted any more; drawn a few times a second. */

const SLICE_MS = 14;
const SHOW_MS = 90;

export class Slices {
  private frame = 0;

  get isWorking(): boolean {
    return this.frame !== 0;
  }

  /** `work` is given when a slice is over (performance.now), and says whether there is more; what ran before is stopped. `show`: now and then, and last. */
  start(work: (deadline: number) => boolean, show: () => void): void {
    this.stop();
    let shown = 0;
    const go = (): void => {
      this.frame = requestAnimationFrame(go); // `work` may stop it
      const mine = this.frame;
      const now = performance.now();
      const isMore = work(now + SLICE_MS);
      if (this.frame !== mine) return; // stopped, or something else began
      if (!isMore) this.stop();
      if (isMore && now - shown < SHOW_MS) return;
      shown = now;
      show();
    };
    this.frame = requestAnimationFrame(go);
  }

  stop(): void {
    if (this.frame) cancelAnimationFrame(this.frame);
    this.frame = 0;
  }
}
