/** How does long work leave the page alive? A part of every frame, until it is done or not wanted any more. */

const SLICE_MS = 14;

export class Slices {
  private frame = 0;

  get isWorking(): boolean {
    return this.frame !== 0;
  }

  /** `work` is given when a slice is over (performance.now), and says whether there is more; what ran before is stopped. */
  start(work: (deadline: number) => boolean): void {
    this.stop();
    const go = (): void => {
      this.frame = requestAnimationFrame(go); // `work` may stop it
      if (!work(performance.now() + SLICE_MS)) this.stop();
    };
    this.frame = requestAnimationFrame(go);
  }

  stop(): void {
    if (this.frame) cancelAnimationFrame(this.frame);
    this.frame = 0;
  }
}
