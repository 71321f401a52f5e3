/** Is what is asked for at every event measured once, and anew after everything that can have changed it? */

import { afterEach, describe, expect, test, vi } from "vitest";
import { Bounds } from "../../src/ui/bounds";
import { Disposer, Stillness } from "../../src/ui/dom";

/** A page that counts who listens and who is observed; `tell` is the browser's own event. */
class Page {
  readonly heard = new Map<string, Set<() => void>>();
  readonly observed = new Map<unknown, () => void>();
  readonly root = {};

  constructor() {
    const { heard, observed, root } = this;
    vi.stubGlobal("window", {
      addEventListener: (type: string, act: () => void) => heard.set(type, (heard.get(type) ?? new Set()).add(act)),
      removeEventListener: (type: string, act: () => void) => heard.get(type)?.delete(act),
    });
    vi.stubGlobal("document", { documentElement: root });
    vi.stubGlobal(
      "ResizeObserver",
      class {
        constructor(private readonly act: () => void) {}
        observe(element: unknown): void {
          observed.set(element, this.act);
        }
        disconnect(): void {
          observed.clear();
        }
      },
    );
  }

  tell(type: string): void {
    for (const act of this.heard.get(type) ?? []) act();
  }
}

/** An element that moves ten pixels down whenever it is measured. */
function measured(): { readonly element: Element; n: number } {
  const found = { n: 0, element: null as unknown as Element };
  found.element = {
    getBoundingClientRect: () => ({ left: 0, top: 10 * found.n++, width: 224, height: 224 }),
  } as unknown as Element;
  return found;
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("the place of an element", () => {
  test("is measured once a stroke, and anew after a scroll, a resize of the window, of the page or of the element", () => {
    const page = new Page(),
      canvas = measured(),
      bounds = new Bounds(canvas.element);
    bounds.begin();
    for (let k = 0; k < 5; k++) expect(bounds.now.top).toBe(0);
    const changes: (() => void)[] = [
      () => page.tell("scroll"),
      () => page.tell("resize"),
      () => page.observed.get(page.root)?.(),
      () => page.observed.get(canvas.element)?.(),
    ];
    changes.forEach((change, k) => {
      change();
      expect([bounds.now.top, bounds.now.top]).toEqual([10 * (k + 1), 10 * (k + 1)]);
    });
    bounds.begin(); // the next stroke: whatever moved it between them
    expect(bounds.now.top).toBe(50);
  });

  test("leaves nobody listening when the stroke ends", () => {
    const page = new Page(),
      bounds = new Bounds(measured().element);
    bounds.begin();
    bounds.end();
    expect([...page.heard.values()].map(({ size }) => size)).toEqual([0, 0]);
    expect(page.observed.size).toBe(0);
  });
});

describe("whether motion is unwelcome", () => {
  test("is asked once, and follows the browser's word until the surface goes", () => {
    const query = Object.assign(new EventTarget(), { matches: false });
    const ask = vi.fn(() => query);
    vi.stubGlobal("matchMedia", ask);
    const change = (matches: boolean): void => {
      query.matches = matches;
      query.dispatchEvent(new Event("change"));
    };
    const disposer = new Disposer(),
      stillness = new Stillness(disposer);
    expect([stillness.isWanted, stillness.isWanted]).toEqual([false, false]);
    change(true);
    expect(stillness.isWanted).toBe(true);
    disposer.dispose();
    change(false);
    expect(stillness.isWanted).toBe(true);
    expect(ask).toHaveBeenCalledTimes(1);
  });
});
