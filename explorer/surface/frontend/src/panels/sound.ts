/** Where are pictures heard that are piano rolls? Under the map, by a program of its own, which is fetched for such a run and for no other. */

import type { Frame, Panel } from "../kernel/extension";
import type { PanelEditor } from "../kernel/panel-editor";
import type { MapState } from "../kernel/state";
import { type ShowSound, SOUND_PROGRAM, type SoundControls, type Sounding } from "../sound/program";
import { h, setHidden, setText } from "../ui/dom";

export class SoundPanel implements Panel {
  readonly id = "sound";
  readonly slot = "below";
  readonly reads: readonly (keyof MapState)[] = ["data", "probe", "motion"];
  readonly element = h("div");
  private controls: SoundControls | null = null;
  private isAsked = false;

  constructor(private readonly editor: Pick<PanelEditor, "state" | "set" | "run">) {}

  update({ state: { data, motion, host }, derived, isStill }: Frame): void {
    const { roll, run } = data.header;
    setHidden(this.element, !roll);
    if (!roll) return;
    if (!this.isAsked) this.ask(host.sound);
    const [, height, width] = run.image_shape;
    const isUnderWay = motion.moving !== null;
    this.controls?.tell({ picture: derived.picture, roll, height, width, isUnderWay, isCalm: isStill });
  }

  dispose(): void {
    this.isAsked = false;
    this.controls?.leave();
  }

  /** address: "" where the program is in the page, or nowhere. */
  private ask(address: string): void {
    this.isAsked = true;
    const there = (window as Sounding)[SOUND_PROGRAM];
    if (there) this.show(there);
    else if (address)
      import(new URL(address, document.baseURI).href).then(
        (program: { readonly default: ShowSound }) => this.show(program.default),
        () => setText(this.element, "The sound did not load. Reload the page."),
      );
  }

  private show(program: ShowSound): void {
    if (!this.isAsked) return; // it came after the map had been left
    this.controls = program(this.element, () => {
      const { moving } = this.editor.state().motion;
      if (moving) this.editor.run(moving === "path" ? "play" : moving);
    });
    this.editor.set({ motion: { ...this.editor.state().motion } }); // the next frame tells it what is shown
  }
}
