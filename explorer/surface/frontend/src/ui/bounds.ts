/**
 * Where is an element in the window? Measured when a hand begins, and again only after something that can have moved it.
 *
 * Measuring makes the browser lay out the page at once, where something was written on it since; a hand on it asks a hundred times a second.
 */

/** CSS pixels of the window. */
export type Box = Readonly<Pick<DOMRect, "left" | "top" | "width" | "height">>;

export class Bounds {
  private box: Box | null = null;
  private readonly forget = (): void => {
    this.box = null;
  };
  private readonly observer = new ResizeObserver(this.forget);

  constructor(private readonly element: Element) {}

  /** Measures anew, and again after every scroll and every change of size of the element, the page or the window, until `end`. */
  begin(): void {
    this.forget();
    window.addEventListener("scroll", this.forget, { capture: true, passive: true }); // of any element around it
    window.addEventListener("resize", this.forget);
    this.observer.observe(this.element);
    this.observer.observe(document.documentElement);
  }

  end(): void {
    window.removeEventListener("scroll", this.forget, { capture: true });
    window.removeEventListener("resize", this.forget);
    this.observer.disconnect();
  }

  get now(): Box {
    this.box ??= this.element.getBoundingClientRect();
    return this.box;
  }
}
