/** Which switches does the map have? Buttons of commands in groups, beside the title of the map. */

import type { Command, CommandButton, CommandState } from "../kernel/extension";
import { button, chip, h, icon, setText } from "../ui/dom";

/** A group of buttons: how it is called, and its commands from left to right. */
export type ToolbarGroup<Editor> = readonly [name: string, commands: readonly Command<Editor>[]];

export class Toolbar<Editor> {
  readonly element = h("div", { class: "la-toolbar" });
  private readonly title = h("span", { class: "la-title", "data-testid": "map-title" });
  private readonly subtitle = h("span", { class: "la-muted" });
  /** Out of a plane of one's own. */
  private readonly home = chip("", () => this.leavePlane(), { hidden: true });
  private readonly buttons = new Map<Command<Editor>, HTMLButtonElement>();

  constructor(
    groups: readonly ToolbarGroup<Editor>[],
    private readonly run: (command: Command<Editor>) => void,
    private readonly leavePlane: () => void,
  ) {
    this.element.append(
      h("div", { class: "la-heading" }, this.title, this.subtitle, this.home),
      ...groups.map(([name, commands]) =>
        h(
          "div",
          { class: "la-tools", role: "group", "aria-label": name },
          ...commands.flatMap((command) => (command.button ? [this.make(command, command.button)] : [])),
        ),
      ),
    );
  }

  setTitle(title: string, subtitle: string): void {
    setText(this.title, title);
    setText(this.subtitle, subtitle);
  }

  /** The map under a plane of one's own, or null without one. */
  setWayBack(title: string | null): void {
    this.home.hidden = title === null;
    setText(this.home, `Back to ${title ?? ""}`);
  }

  show(state: CommandState): void {
    for (const [command, button] of this.buttons) {
      button.hidden = command.enabled?.(state) === false;
      if (command.expanded) button.setAttribute("aria-expanded", String(command.expanded(state)));
      if (command.pressed) button.setAttribute("aria-pressed", String(command.pressed(state)));
    }
  }

  focus(id: string): void {
    for (const [command, button] of this.buttons) if (command.id === id) button.focus();
  }

  private make(command: Command<Editor>, { icon: name, label, title }: CommandButton): HTMLButtonElement {
    const text = label ? `${label}: ${title}` : title; // the visible word comes first, so that speech control finds it
    const content = label ? [h("span", { class: "la-tool-label" }, label)] : [];
    const attributes = { title: text, "aria-label": withoutKey(text) };
    const element = button("la-tool", attributes, () => this.run(command), icon(name), ...content);
    this.buttons.set(command, element);
    return element;
  }
}

function withoutKey(title: string): string {
  return title.replace(/ \(.\)$/, "");
}
