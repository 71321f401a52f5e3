/** Who had the keyboard before something opened over the page? It gets it back. */

export class KeyboardPlace {
  private before: HTMLElement | null = null;

  /** For an element that has just been shown. */
  take(element: HTMLElement): void {
    const root = element.getRootNode() as Document | ShadowRoot;
    this.before = root.activeElement as HTMLElement | null;
    element.focus({ preventScroll: true });
  }

  giveBack(): void {
    this.before?.focus({ preventScroll: true });
    this.before = null;
  }
}
