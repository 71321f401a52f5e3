/** Who sees that a task is done? Maps and trainings tell of themselves as they change; the tasks of the open step are held against that. */

import { WATCHED, type Watched, type WatchedSource, WHO_IS_WATCHED } from "../../data/watched";
import { SCREEN, type ScreenSource, WHICH_SCREEN } from "../../kernel/screen";
import { holds } from "../../lessons/condition";
import { type KnownClasses, watchedMap } from "../../lessons/map";
import type { SiteStep, SiteTask } from "../../wire/schema";
import type { Progress } from "./progress";

export class TaskWatch {
  private tasks: readonly SiteTask[] = [];
  /** Whose map the tasks are about, or the key of the training. */
  private run = "";
  private readonly known: KnownClasses = new Map();

  constructor(
    private readonly progress: Progress,
    /** A task is done, or a map has changed. */
    private readonly changed: () => void,
  ) {
    addEventListener(SCREEN, (event) => {
      this.see(() => watchedMap((event as CustomEvent<ScreenSource>).detail, this.known));
    });
    addEventListener(WATCHED, (event) => this.see(() => (event as CustomEvent<WatchedSource>).detail.watched()));
  }

  take({ view, blocks }: SiteStep): void {
    this.run = view.begin?.key ?? view.piece?.key ?? view.run;
    this.tasks = blocks.filter((block): block is SiteTask => block.kind === "task");
  }

  /** What holds already when the step is opened. */
  look(): void {
    for (const ask of [WHO_IS_WATCHED, WHICH_SCREEN]) dispatchEvent(new Event(ask));
  }

  private see(watched: () => Watched): void {
    const open = this.tasks.filter(({ key }) => !this.progress.isDone(key));
    if (open.length === 0) return;
    const now = watched();
    if (now.run !== this.run) return;
    const done = open.filter(({ clauses }) => holds(clauses, now)).map(({ key }) => key);
    if (done.length === 0) return;
    this.progress.finish(done);
    this.changed();
  }
}
