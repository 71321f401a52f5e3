/** Which switches does the map have? Buttons of commands in groups, beside the title of the map. */

import { visiblePoints } from "../kernel/derive";
import type { CommandButton, Frame, Panel, ToolbarCommand } from "../kernel/extension";
import type { PanelEditor } from "../kernel/panel-editor";
import type { MapState } from "../kernel/state";
import { button, chip, h, icon, setText } from "../ui/dom";
import { count } from "../ui/format";

export class Toolbar implements Panel {
  readonly id = "toolbar";
  readonly slot = "above";
  readonly reads: readonly (keyof MapState)[] = [
    "data",
    "shown",
    "layers",
    "tool",
    "open",
    "tab",
    "isSideOpen",
    "host",
  ];
  readonly element = h("div", { class: "la-toolbar" });
  private readonly title = h("span", { class: "la-title", "data-testid": "map-title" });
  private readonly subtitle = h("span", { class: "la-muted" });
  /** Out of a plane of one's own. */
  private readonly home = chip("", () => this.editor.run("leave-plane"), { hidden: true });
  private readonly buttons = new Map<ToolbarCommand, HTMLButtonElement>();

  constructor(private readonly editor: Pick<PanelEditor, "toolbar" | "run">) {
    this.element.append(
      h("div", { class: "la-heading" }, this.title, this.subtitle, this.home),
      ...editor.toolbar.map(([name, commands]) =>
        h(
          "div",
          { class: "la-tools", role: "group", "aria-label": name },
          ...commands.flatMap((command) => (command.button ? [this.make(command, command.button)] : [])),
        ),
      ),
    );
  }

  update({ state }: Frame): void {
    const { data, shown } = state;
    const points = `${count(data.nPoints)} test images`;
    const visible = visiblePoints(data, shown);
    setText(this.title, data.header.projection.title);
    setText(this.subtitle, visible < data.nPoints ? `${count(visible)} of ${points}` : points);
    this.home.hidden = data.plane === null;
    setText(this.home, `Back to ${data.plane ? data.hostTitle : ""}`);
    for (const [command, button] of this.buttons) {
      button.hidden = command.enabled?.(state) === false;
      if (command.expanded) button.setAttribute("aria-expanded", String(command.expanded(state)));
      if (command.pressed) button.setAttribute("aria-pressed", String(command.pressed(state)));
    }
  }

  private make(command: ToolbarCommand, { icon: name, label, title, isMinor }: CommandButton): HTMLButtonElement {
    const text = label ? `${label}: ${title}` : title; // the visible word comes first, so that speech control finds it
    const content = label ? [h("span", { class: "la-tool-label" }, label)] : [];
    const attributes = {
      title: text,
      "aria-label": withoutKey(text),
      "data-minor": isMinor === true,
      "data-command": command.id,
    };
    const element = button("la-tool", attributes, () => this.editor.run(command.id), icon(name), ...content);
    this.buttons.set(command, element);
    return element;
  }
}

function withoutKey(title: string): string {
  return title.replace(/ \((.|Ctrl\+.)\)$/, "");
}
