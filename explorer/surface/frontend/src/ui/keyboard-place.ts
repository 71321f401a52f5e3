/** Who had the keyboard before something opened over the page? It gets it back. */

export class KeyboardPlace {
  private before: HTMLElement | null = null;

  /** Opens or closes what lies over the page; returns whether it was the other way. first: what has the keyboard in it. */
  toggle(over: HTMLElement, isOpen: boolean, first: HTMLElement): boolean {
    if (over.hidden !== isOpen) return false;
    const root = over.getRootNode() as Document | ShadowRoot;
    const active = root.activeElement as HTMLElement | null;
    if (!isOpen && over.contains(active)) {
      active?.blur(); // nobody had it: then the page has it at once
      this.before?.focus({ preventScroll: true });
    } // else a hand that went elsewhere took the keyboard along
    over.hidden = !isOpen;
    if (isOpen) {
      this.before = active;
      first.focus({ preventScroll: true });
    }
    return true;
  }
}
