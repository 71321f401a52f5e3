/** What do hand and keys want? A drag is the chosen tool's, a key gives a command. */

import { placeInView, type ToolEditor } from "../../kernel/map-tool";
import { toolOf } from "../../tools/index";
import { pan } from "../../tools/pan-zoom";
import { GestureMachine, listenToGestures } from "../../tools/pointer";
import { COMMANDS, type EditorCommand } from "../commands";
import type { Context } from "../context";
import { commandFor } from "../keymap";

export class Input {
  private readonly gestures: GestureMachine;

  constructor(
    private readonly context: Context,
    editor: ToolEditor,
    act: (command: EditorCommand, key: KeyboardEvent) => void,
  ) {
    const { stage, disposer, store } = context;
    this.gestures = new GestureMachine(editor, {
      pan,
      tool: () => toolOf(context.state.tool),
      hover: (left, top) => {
        if (!context.state.motion.moving) editor.toPlace(placeInView(context.state, left, top)); // a passing mouse does not stop the film
      },
      cursor: (name) => (stage.map.dataset.drag = name),
    });
    listenToGestures(stage.map, this.gestures, editor.zoom, disposer);
    this.listenToKeys(act);
    disposer.listen(window, "pointerdown", (event: PointerEvent) => this.leave(event), { capture: true });
    disposer.add(store.on(["tool"], () => this.gestures.showCursor()));
  }

  /** What lies over the map closes when a hand goes elsewhere; its own button does that itself, and on the map nothing else happens. */
  private leave(event: Event): void {
    const { state, store, stage } = this.context;
    const path = event.composedPath();
    const within = `.la-over, [data-command="${state.open}"]`;
    if (!state.open || path.some((one) => one instanceof Element && one.matches(within))) return;
    store.set({ open: null });
    if (path.includes(stage.map)) event.stopPropagation();
  }

  private listenToKeys(act: (command: EditorCommand, key: KeyboardEvent) => void): void {
    const { disposer, stage } = this.context;
    const give = (event: KeyboardEvent): void => {
      const command = commandFor(COMMANDS, event);
      if (!command) return;
      event.preventDefault();
      event.stopPropagation(); // hosts have one-letter shortcuts of their own
      act(command, event);
    };
    disposer.listen(stage.map, "keydown", (event: KeyboardEvent) => {
      if (event.key !== " ") return give(event);
      event.preventDefault();
      this.gestures.holdSpace(true);
    });
    disposer.listen(window, "keydown", (event: KeyboardEvent) => {
      const { ownsPage, state } = this.context;
      if (event.defaultPrevented || stage.map.getClientRects().length === 0) return; // a film may stand in the place of the map
      if (event.key === "Escape" && (state.open || state.isPresenting)) return give(event); // wherever the keyboard is
      if (state.isPresenting && /^Page(Up|Down)$/.test(event.key)) return event.preventDefault(); // a clicker's keys would scroll the page behind
      if (!ownsPage && !state.isPresenting && !stage.map.matches(":hover")) return; // of several maps the one under the hand
      if (commandFor(COMMANDS, event)?.isEverywhere || isForTheMap(event.composedPath()[0], event.key)) give(event);
    });
    disposer.listen(stage.map, "keyup", (event: KeyboardEvent) => {
      if (event.key === " ") this.gestures.holdSpace(false);
    });
    disposer.listen(stage.map, "blur", () => this.gestures.holdSpace(false));
  }
}

/** What takes a click by these keys itself, wherever it stands on the page. */
const OPERATED =
  "a, button, summary, [role=tab], [role=radio], [role=option], [role=menuitem], [role=slider], [tabindex='0']";
const OPERATING = /^(Enter|Tab|Escape|Arrow.*)$/;

/** Whether a key that was pressed elsewhere on the page is meant for the map: not while something is typed, or worked by that very key. */
export function isForTheMap(target: EventTarget | undefined, key: string): boolean {
  if (!(target instanceof Element) || target === document.body) return true;
  if (target.matches("input, select, textarea, [contenteditable=true], [role=textbox], [role=combobox]")) return false;
  return !(OPERATING.test(key) && target.closest(OPERATED));
}
