/** How is the random walk started without a keyboard? A button among the details of the code. */

import type { Frame, Panel } from "../kernel/extension";
import type { PanelEditor } from "../kernel/panel-editor";
import type { MapState } from "../kernel/state";
import { chip, setText } from "../ui/dom";

export class RandomWalkButton implements Panel {
  readonly id = "random-walk";
  readonly slot = "tab-details";
  readonly reads: readonly (keyof MapState)[] = ["motion"];
  readonly element: HTMLElement;

  constructor(editor: Pick<PanelEditor, "run">) {
    this.element = chip("Random walk", () => editor.run("random-walk"), {
      class: "la-chip la-all la-wander",
      title:
        "A smooth random walk whose codes are, in the long run, samples from the prior N(0, I); of a model without one, distributed as its codes (w)",
    });
  }

  update({ state: { motion } }: Frame): void {
    setText(this.element, motion.moving === "random-walk" ? "Stop the random walk" : "Random walk");
  }
}
