/** How is an element made without ever parsing a string as HTML? */

type Attributes = Readonly<Record<string, string | number | boolean>>;
type Child = Node | string;

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children);
  return element;
}

/** A button with what a click does. look: its classes in the style sheet. */
export function button(
  look: string,
  attributes: Attributes,
  act: (event: MouseEvent) => void,
  ...children: readonly Child[]
): HTMLButtonElement {
  const element = h("button", { type: "button", class: look, ...attributes }, ...children);
  element.addEventListener("click", act);
  return element;
}

/** The small round button with a word. */
export function chip(text: string, act: () => void, attributes: Attributes = {}): HTMLButtonElement {
  return button("la-chip la-all", attributes, act, text);
}

/** Words about a key: `text.css` leaves them out where there is likely no keyboard. */
export function keyHint(text: string): HTMLElement {
  return h("span", { class: "la-key-words" }, text);
}

const SVG = "http://www.w3.org/2000/svg";

/** A small drawing of our own; decorative, so hidden from assistive technology. */
export function svg(viewBox: string, paths: readonly Attributes[], attributes: Attributes = {}): SVGSVGElement {
  const element = document.createElementNS(SVG, "svg");
  for (const [name, value] of Object.entries({ viewBox, "aria-hidden": "true", focusable: "false", ...attributes })) {
    element.setAttribute(name, String(value));
  }
  for (const path of paths) {
    const part = document.createElementNS(SVG, "path");
    for (const [name, value] of Object.entries(path)) part.setAttribute(name, String(value));
    element.append(part);
  }
  return element;
}

/** Line icons on a 20×20 field, 1.5 wide. */
const ICONS = {
  manifold: "M3 3h6v6H3zM11 3h6v6h-6zM3 11h6v6H3zM11 11h6v6h-6z",
  rings: "M10 3a7 7 0 1 0 0 14a7 7 0 1 0 0-14zM10 7a3 3 0 1 0 0 6a3 3 0 1 0 0-6z",
  shapes: "M2.5 16.5 6.5 9l4 7.5zM11 3.5h6v6h-6zM14.5 12a2.4 2.4 0 1 0 0 4.8a2.4 2.4 0 1 0 0-4.8z",
  layers: "M10 2.5 2.5 6.5 10 10.5l7.5-4zM2.5 10l7.5 4 7.5-4M2.5 13.5l7.5 4 7.5-4",
  select:
    "M4.2 13.6C1.6 8.6 4.8 3 10.2 3c4.6 0 7.8 2.7 7.3 6-.6 3.9-5.700 5.200-9.300 4.200-2.700-.7-4.900.500-4.300 2.200.4 1.300 2 1.600 3.300.7",
  pan: "M10 2v16M2 10h16M10 2 7.8 4.2M10 2l2.2 2.2M10 18l-2.2-2.2M10 18l2.2-2.2M2 10l2.2-2.2M2 10l2.2 2.2M18 10l-2.2-2.2M18 10l-2.2 2.2",
  plus: "M10 4v12M4 10h12",
  minus: "M4 10h12",
  reset: "M3 7V3h4M17 7V3h-4M3 13v4h4M17 13v4h-4",
  help: "M7.3 7.4a2.7 2.7 0 1 1 4.2 2.3c-1 .6-1.5 1.1-1.5 2.3M10 15.2v.1",
  play: "M6 3.8v12.4L16 10z",
  pause: "M6.5 4v12M13.5 4v12",
  loop: "M4 9a6 6 0 0 1 10.6-3.2L16.5 8M16.5 4v4h-4M16 11a6 6 0 0 1-10.6 3.2L3.5 12M3.5 16v-4h4",
  close: "M5 5l10 10M15 5 5 15",
  undo: "M7 4 3.500 7.500 7 11M3.500 7.500h8a5 5 0 0 1 0 10H8",
  redo: "M13 4l3.500 3.500L13 11M16.500 7.500h-8a5 5 0 0 0 0 10H12",
  draw: "M3 16c1-6 4-9 6-6s3 4 8-5M14 4l3 1-1 3",
  find: "M9 3.500a5.500 5.500 0 1 0 0 11a5.500 5.500 0 1 0 0-11zM13 13l4 4",
  export: "M10 3v9M6.500 6.500 10 3l3.500 3.500M4 11v5.500h12V11",
  side: "M3 4h14v12H3zM12 4v12",
  box: "M3 6V3h3M9 3h3M15 3h2v2M17 8v4M17 15v2h-2M12 17H9M6 17H3v-2M3 12V9",
} as const;

export type IconName = keyof typeof ICONS;

export function icon(name: IconName): SVGSVGElement {
  return svg("0 0 20 20", [{ d: ICONS[name] }], { class: `la-icon la-icon-${name}` });
}

/** Written only where it changes: the same word again would have its style computed anew, every frame. */
export function setHidden(element: HTMLElement, isHidden: boolean): void {
  if (element.hidden !== isHidden) element.hidden = isHidden;
}

/** Changes text only where it differs: an unchanged node costs no layout. */
export function setText(element: Element, text: string): void {
  const { firstChild: only } = element;
  if (only instanceof Text && only === element.lastChild) {
    if (only.data !== text) only.data = text; // keeps its node
  } else if (element.textContent !== text) element.textContent = text;
}

export function prefersReducedMotion(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** The same for who asks at every frame: the browser says when it changes, since every answer of its own is a style computed anew. */
export class Stillness {
  isWanted: boolean;

  constructor(disposer: Disposer) {
    const query = matchMedia("(prefers-reduced-motion: reduce)");
    this.isWanted = query.matches;
    disposer.listen(query, "change", () => {
      this.isWanted = query.matches;
    });
  }
}

/** Everything that must be undone when the surface goes, in one place. */
export class Disposer {
  private readonly steps: (() => void)[] = [];

  add(step: () => void): void {
    this.steps.push(step);
  }

  listen<K extends keyof HTMLElementEventMap>(
    target: EventTarget,
    type: K | string,
    listener: (event: HTMLElementEventMap[K]) => void,
    options?: AddEventListenerOptions,
  ): void {
    const handler = listener as EventListener;
    target.addEventListener(type, handler, options);
    this.add(() => target.removeEventListener(type, handler, options));
  }

  dispose(): void {
    for (const step of this.steps.splice(0).reverse()) step();
  }
}
