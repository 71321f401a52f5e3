/** What is a notebook's cell to a page? A model whose traits it reads, and colours that follow the notebook's. */

import { PayloadError } from "../wire/errors";

/** What anywidget hands over; explorer/hosts/widget.py declares the traits. */
export interface WidgetModel {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  on(event: string, listener: () => void): void;
  off(event: string, listener: () => void): void;
}

/** Bytes arrive as a DataView. */
export function bytesOf(value: unknown): Uint8Array {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  throw new PayloadError("The map's data did not arrive. Run the cell again.");
}

/** JupyterLab, VS Code and Colab each say in their own way whether they are dark; elsewhere the system does. */
function themeOf({ documentElement, body }: Document): "light" | "dark" | null {
  const lab = body.dataset.jpThemeLight;
  if (lab) return lab === "true" ? "light" : "dark";
  if (body.classList.contains("vscode-dark") || documentElement.getAttribute("theme") === "dark") return "dark";
  return body.classList.contains("vscode-light") || documentElement.getAttribute("theme") === "light" ? "light" : null;
}

export interface Watch {
  tell(changed: () => void): void;
  stop(): void;
}

export function followTheme(root: HTMLElement): Watch {
  let changed: (() => void) | null = null;
  const apply = (): void => {
    const theme = themeOf(document);
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
    changed?.();
  };
  const observer = new MutationObserver(apply);
  for (const node of [document.body, document.documentElement]) {
    observer.observe(node, { attributes: true, attributeFilter: ["class", "theme", "data-jp-theme-light"] });
  }
  apply();
  return { tell: (listener) => void (changed = listener), stop: () => observer.disconnect() };
}
