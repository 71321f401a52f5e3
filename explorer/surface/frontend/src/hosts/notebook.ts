/** How does the page live in a notebook? As an anywidget: its data and its state are the model's traits. */

import type { KeptPin } from "../kernel/pins";
import { h } from "../ui/dom";
import pageStyle from "../ui/page.css";
import { PayloadError } from "../wire/errors";
import { readRunBundle } from "../wire/run-bundle";
import { unpackText } from "../wire/unpack";
import { firstState, Page } from "./page";
import type { PageState } from "./page-url";

/** What anywidget hands over; explorer/hosts/widget.py declares the traits. */
export interface WidgetModel {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  on(event: string, listener: () => void): void;
  off(event: string, listener: () => void): void;
}

const STATE = ["pinned", "map_name", "decoded_as"] as const;

export async function render({ model, el }: { model: WidgetModel; el: HTMLElement }): Promise<() => void> {
  // Lumino would take the arrow keys away from the map
  const root = h(
    "div",
    { class: "lp-root lp-cell", "data-lm-suppress-shortcuts": "true" },
    h("style", {}, unpackText(pageStyle)),
  );
  el.append(root);
  const watch = followTheme(root);
  try {
    const bundle = await readRunBundle(bytesOf(model.get("book")));
    const read = (): PageState => ({ ...firstState(bundle), ...stateOf(model), path: null });
    const page = new Page(bundle, read(), {
      height: Number(model.get("height")),
      changed: ({ pins, map, label }) => {
        model.set("pinned", pins);
        model.set("map_name", map);
        model.set("decoded_as", label);
        model.save_changes();
      },
    });
    root.append(page.element);
    page.refresh(); // now that it has a width
    watch.tell(() => page.refresh());
    const update = (): void => page.set({ ...read(), path: page.path });
    for (const name of STATE) model.on(`change:${name}`, update);
    return () => {
      for (const name of STATE) model.off(`change:${name}`, update);
      watch.stop();
      page.destroy();
      root.remove();
    };
  } catch (error) {
    if (!(error instanceof PayloadError)) console.error(error);
    const sentence =
      error instanceof PayloadError
        ? error.message
        : "The map cannot be shown: its data do not fit together. Run the cell again.";
    root.append(h("p", { class: "lp-error", role: "alert" }, sentence));
    return () => {
      watch.stop();
      root.remove();
    };
  }
}

function stateOf(model: WidgetModel): { pins: readonly KeptPin[]; map: string; label: string | null } {
  return {
    pins: ((model.get("pinned") as readonly (Omit<KeptPin, "name"> & { name?: string })[] | undefined) ?? []).map(
      (pin) => ({ ...pin, name: pin.name ?? "" }),
    ),
    map: String(model.get("map_name") ?? ""),
    label: (model.get("decoded_as") as string | null | undefined) ?? null,
  };
}

/** Bytes arrive as a DataView. */
function bytesOf(value: unknown): Uint8Array {
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

interface Watch {
  tell(changed: () => void): void;
  stop(): void;
}

function followTheme(root: HTMLElement): Watch {
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
