/** Which switches does the map have? Layers, what a drag does, zoom, help. */

import type { KeyIntent } from "../editor/keymap";
import { h, type IconName, icon, setText } from "../ui/dom";

type Kind = KeyIntent["kind"];

/** What the switches show. */
export interface ToolbarState {
  readonly manifold: boolean;
  /** Whether the drawer is open. */
  readonly layers: boolean;
  readonly select: boolean;
  readonly box: boolean;
  readonly pan: boolean;
  readonly draw: boolean;
  readonly help: boolean;
}

type Toggle = "manifold" | "layers" | "select" | "box" | "pan" | "draw" | "help";
const OPENS: readonly Toggle[] = ["layers", "help"];

const TOGGLES: readonly (readonly [Toggle, string, string])[] = [
  ["manifold", "Manifold", "decoded pictures as background (m)"],
  ["layers", "Layers", "what lies under and over the points, colours, search (l)"],
];

export class Toolbar {
  readonly element = h("div", { class: "la-toolbar" });
  private readonly title = h("span", { class: "la-title", "data-testid": "map-title" });
  private readonly subtitle = h("span", { class: "la-muted" });
  /** Out of a plane of one's own. */
  private readonly home = h("button", { type: "button", class: "la-chip la-all", hidden: true });
  private readonly toggles = new Map<Toggle, HTMLButtonElement>();

  constructor(private readonly act: (intent: KeyIntent) => void) {
    this.home.addEventListener("click", () => this.act({ kind: "home" }));
    const layers = TOGGLES.map(([kind, label, title]) => this.toggle(kind, label, title));
    const view = [
      this.toggle("select", "", "Drag draws a loop that selects points (x)"),
      this.toggle("box", "", "Drag draws a box that selects points (b)"),
      this.toggle("draw", "", "Drag draws a path, which is then played (d)"),
      this.toggle("pan", "", "Drag moves the map instead of the probe (v)"),
      this.button("minus", "Zoom out (−)", { kind: "zoom", factor: 1 / 1.5 }),
      this.button("plus", "Zoom in (+)", { kind: "zoom", factor: 1.5 }),
      this.button("reset", "Show everything (0)", { kind: "reset" }),
      this.toggle("help", "", "Keys and gestures (?)"),
    ];
    this.element.append(
      h("div", { class: "la-heading" }, this.title, this.subtitle, this.home),
      h("div", { class: "la-tools", role: "group", "aria-label": "Layers" }, ...layers),
      h("div", { class: "la-tools", role: "group", "aria-label": "View" }, ...view),
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

  show(state: ToolbarState): void {
    for (const [kind, button] of this.toggles)
      button.setAttribute(OPENS.includes(kind) ? "aria-expanded" : "aria-pressed", String(state[kind]));
  }

  /** Whether the host keeps paths that are drawn by hand. */
  offerDrawing(isOffered: boolean): void {
    const button = this.toggles.get("draw");
    if (button) button.hidden = !isOffered;
  }

  focus(kind: "help" | "layers"): void {
    this.toggles.get(kind)?.focus();
  }

  private toggle(kind: Toggle, label: string, title: string): HTMLButtonElement {
    const name = label ? `${label}: ${title}` : title; // the visible word comes first, so that speech control finds it
    const button = h(
      "button",
      { type: "button", class: "la-tool", title: name, "aria-label": withoutKey(name) },
      icon(kind as IconName),
    );
    if (label) button.append(h("span", { class: "la-tool-label" }, label));
    button.addEventListener("click", () => this.act({ kind: kind as Exclude<Kind, "move" | "zoom"> }));
    this.toggles.set(kind, button);
    return button;
  }

  private button(name: IconName, title: string, intent: KeyIntent): HTMLButtonElement {
    const button = h(
      "button",
      { type: "button", class: "la-tool", title, "aria-label": withoutKey(title) },
      icon(name),
    );
    button.addEventListener("click", () => this.act(intent));
    return button;
  }
}

function withoutKey(title: string): string {
  return title.replace(/ \(.\)$/, "");
}
