/** What do tests of panels need of a page? Elements that hold children, attributes and listeners; nothing is laid out, no canvas is painted. */

import { afterAll, vi } from "vitest";

type Child = FakeNode | string;

class FakeNode {
  parent: FakeElement | null = null;

  get parentElement(): FakeElement | null {
    return this.parent;
  }

  get nextSibling(): FakeNode | null {
    const { parent } = this;
    return parent?.nodes[parent.nodes.indexOf(this) + 1] ?? null;
  }

  remove(): void {
    const { parent } = this;
    if (parent) parent.nodes = parent.nodes.filter((one) => one !== this);
    this.parent = null;
  }

  before(...added: Child[]): void {
    this.parent?.insert(this.parent.nodes.indexOf(this), added);
  }

  after(...added: Child[]): void {
    this.parent?.insert(this.parent.nodes.indexOf(this) + 1, added);
  }
}

class FakeText extends FakeNode {
  constructor(public data: string) {
    super();
  }

  get textContent(): string {
    return this.data;
  }
}

export class FakeElement extends FakeNode {
  nodes: FakeNode[] = [];
  readonly dataset: Record<string, string> = {};
  readonly style: Record<string, unknown> = { setProperty: () => undefined };
  readonly heard = new Map<string, ((event: unknown) => void)[]>();
  private readonly attributes = new Map<string, string>();
  value = "";
  checked = false;
  open = false;
  title = "";
  width = 0;
  height = 0;
  clientWidth = 800;
  clientHeight = 600;

  constructor(readonly tag: string) {
    super();
  }

  get children(): FakeElement[] {
    return this.nodes.filter((one): one is FakeElement => one instanceof FakeElement);
  }

  get options(): FakeElement[] {
    return this.children;
  }

  get firstChild(): FakeNode | null {
    return this.nodes[0] ?? null;
  }

  get firstElementChild(): FakeElement | null {
    return this.children[0] ?? null;
  }

  get lastElementChild(): FakeElement | null {
    return this.children.at(-1) ?? null;
  }

  get textContent(): string {
    return this.nodes.map((one) => (one as FakeText | FakeElement).textContent).join("");
  }

  set textContent(text: string) {
    this.replaceChildren(text);
  }

  get hidden(): boolean {
    return this.attributes.has("hidden");
  }

  set hidden(isHidden: boolean) {
    this.toggleAttribute("hidden", isHidden);
  }

  insert(at: number, added: readonly Child[]): void {
    const nodes = added.map((one) => (typeof one === "string" ? new FakeText(one) : one));
    for (const one of nodes) one.remove();
    this.nodes.splice(Math.min(at, this.nodes.length), 0, ...nodes);
    for (const one of nodes) one.parent = this;
  }

  append(...added: Child[]): void {
    this.insert(this.nodes.length, added);
  }

  prepend(...added: Child[]): void {
    this.insert(0, added);
  }

  replaceChildren(...added: Child[]): void {
    for (const one of this.nodes) one.parent = null;
    this.nodes = [];
    this.append(...added);
  }

  setAttribute(name: string, value: string): void {
    this.attributes.set(name, value);
    if (name === "value") this.value = value;
    if (name.startsWith("data-")) this.dataset[name.slice(5)] = value;
  }

  getAttribute(name: string): string | null {
    return this.attributes.get(name) ?? null;
  }

  hasAttribute(name: string): boolean {
    return this.attributes.has(name);
  }

  removeAttribute(name: string): void {
    this.attributes.delete(name);
  }

  toggleAttribute(name: string, isOn: boolean): void {
    if (isOn) this.attributes.set(name, "");
    else this.attributes.delete(name);
  }

  addEventListener(type: string, act: (event: unknown) => void): void {
    this.heard.set(type, [...(this.heard.get(type) ?? []), act]);
  }

  removeEventListener(): void {}

  /** All below it. */
  all(): FakeElement[] {
    return this.children.flatMap((one) => [one, ...one.all()]);
  }

  querySelectorAll(): FakeElement[] {
    return this.all().filter(({ dataset }) => dataset["name"] !== undefined);
  }

  querySelector(): null {
    return null;
  }

  getContext(): null {
    return null;
  }

  focus(): void {
    focused = this;
  }

  blur(): void {
    focused = null;
  }

  contains(other: FakeElement | null): boolean {
    return other === this || this.all().some((one) => one === other);
  }

  getRootNode(): { readonly activeElement: FakeElement | null } {
    return { activeElement: focused };
  }

  scrollIntoView(): void {}

  /** The element of this label, or with this text. */
  find(label: string): FakeElement {
    const found = this.all().find((one) => one.getAttribute("aria-label") === label || one.textContent === label);
    if (!found) throw new Error(`Nothing found for “${label}”.`);
    return found;
  }

  press(): void {
    this.tell("click", { detail: 1 });
  }

  tell(type: string, event: object = {}): void {
    for (const act of this.heard.get(type) ?? []) act({ stopPropagation() {}, preventDefault() {}, ...event });
  }
}

let focused: FakeElement | null = null;

/** The element that has the keyboard. */
export function focus(): FakeElement | null {
  return focused;
}

/** As tests look at what a panel has made. */
export function fake(element: unknown): FakeElement {
  return element as FakeElement;
}

/** Stands in for the page in one file of tests; files share their globals, so it goes when the file is done. */
export function withoutPage(isStill = false): void {
  afterAll(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });
  const make = (tag: string): FakeElement => new FakeElement(tag);
  vi.stubGlobal("document", {
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
    createElement: make,
    createElementNS: (_: string, tag: string) => make(tag),
  });
  vi.stubGlobal("Text", FakeText);
  vi.stubGlobal("matchMedia", () => ({
    matches: isStill,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
  }));
  const target = { addEventListener: () => undefined, removeEventListener: () => undefined };
  const size = { devicePixelRatio: 1, innerHeight: 900, innerWidth: 1200 };
  for (const [name, value] of Object.entries(size)) vi.stubGlobal(name, value); // as in a browser, also without the window's name
  vi.stubGlobal("window", { ...target, ...size, dispatchEvent: () => true });
  vi.stubGlobal(
    "ResizeObserver",
    class {
      observe(): void {}
      disconnect(): void {}
    },
  );
  vi.stubGlobal("getComputedStyle", () => ({ getPropertyValue: () => "", fontFamily: "", colorScheme: "" }));
  vi.stubGlobal("requestAnimationFrame", () => 1);
  vi.stubGlobal("cancelAnimationFrame", () => undefined);
}
