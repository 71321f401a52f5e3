/** What do hand and keys want? Pointer events and key presses become calls of the parts that know what to do. */

import { clamp } from "../../geometry/inverse";
import { GestureMachine, type Intents, listenToGestures, type Mode } from "../../tools/pointer";
import type { Point } from "../../wire/schema";
import { COMMANDS, type EditorCommand } from "../commands";
import type { Context } from "../context";
import { commandFor } from "../keymap";
import type { Pinning } from "./pinning";
import type { Playback } from "./playback";
import type { Probing } from "./probing";
import type { Phase, Selecting } from "./selecting";

export class Input {
  private readonly gestures: GestureMachine;
  private mode: Mode = "idle";

  constructor(
    private readonly context: Context,
    private readonly parts: {
      readonly probing: Probing;
      readonly playback: Playback;
      readonly pinning: Pinning;
      readonly selecting: Selecting;
    },
    act: (command: EditorCommand, key: KeyboardEvent) => void,
  ) {
    const { stage, disposer, store } = context;
    const intents = this.intents();
    this.gestures = new GestureMachine(intents);
    listenToGestures(stage.map, this.gestures, intents, disposer);
    this.listenToKeys(act);
    disposer.add(store.on(["tool"], () => this.showTool()));
  }

  private intents(): Intents {
    const { viewport, hint } = this.context;
    const { probing, playback, pinning, selecting } = this.parts;
    return {
      look: (x, y) => {
        const [left, top] = this.onPlot(x, y);
        if (playback.isMoving && this.mode === "idle") return; // a passing mouse does not stop the film
        probing.toPlace(viewport.toMap(left, top));
        hint.leaveLater();
      },
      pin: (left, top) => {
        probing.toPlace(viewport.toMap(left, top));
        pinning.pin();
      },
      pan: (dx, dy) => {
        viewport.pan(dx, dy);
        this.context.cameraMoved();
      },
      zoom: (factor, left, top) => {
        viewport.zoomBy(factor, left, top);
        this.context.cameraMoved();
      },
      loop: (left: number, top: number, phase: Phase) => selecting.draw(viewport.toMap(left, top), phase),
      mode: (mode) => this.onMode(mode),
    };
  }

  /** A drag may leave the canvas; the probe stays where it can be seen. */
  private onPlot(left: number, top: number): Point {
    const { width, height } = this.context.stage.plot;
    return [clamp(left, 0, width), clamp(top, 0, height)];
  }

  private onMode(mode: Mode): void {
    this.mode = mode;
    const rest = this.gestures.panByDefault || this.gestures.spaceHeld ? "pan" : "";
    this.context.stage.map.dataset.drag = mode === "pan" || mode === "pinch" ? "panning" : rest;
  }

  private showTool(): void {
    const { tool } = this.context.state;
    this.gestures.panByDefault = tool === "pan";
    this.gestures.loopByDefault = tool === "lasso" || tool === "box" || tool === "draw" ? tool : null;
    this.onMode(this.mode);
  }

  private listenToKeys(act: (command: EditorCommand, key: KeyboardEvent) => void): void {
    const { disposer, stage } = this.context;
    disposer.listen(stage.map, "keydown", (event: KeyboardEvent) => {
      if (event.key === " ") {
        event.preventDefault();
        return this.holdSpace(true);
      }
      const command = commandFor(COMMANDS, event);
      if (!command) return;
      event.preventDefault();
      event.stopPropagation(); // hosts have one-letter shortcuts of their own
      act(command, event);
    });
    disposer.listen(stage.map, "keyup", (event: KeyboardEvent) => {
      if (event.key === " ") this.holdSpace(false);
    });
    disposer.listen(stage.map, "blur", () => this.holdSpace(false));
  }

  private holdSpace(isHeld: boolean): void {
    this.gestures.spaceHeld = isHeld;
    this.onMode(this.mode);
  }
}
