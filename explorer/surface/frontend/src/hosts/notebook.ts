/** How does the page live in a notebook? As an anywidget: its data and its state are the model's traits. */

import type { KeptPin } from "../kernel/pins";
import { SHARE } from "../kernel/screen";
import { h, setText } from "../ui/dom";
import pageStyle from "../ui/page.css";
import { PayloadError } from "../wire/errors";
import { type RunBundle, readRunBundle } from "../wire/run-bundle";
import { unpackText } from "../wire/unpack";
import { firstState, Page } from "./page";
import type { BringFilm, ShowFilm } from "./page-film";
import { type PageState, writeFragment } from "./page-url";
import { bytesOf, followTheme, type WidgetModel } from "./widget";

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
      film: filmOf(model),
      changed: ({ pins, map, label }) => {
        model.set("pinned", pins);
        model.set("map_name", map);
        model.set("decoded_as", label);
        model.save_changes();
      },
    });
    const copied = h("p", { class: "lp-copied", role: "status" });
    root.append(page.element, copied);
    page.refresh(); // now that it has a width
    watch.tell(() => page.refresh());
    const update = (): void => page.set({ ...read(), path: page.path });
    for (const name of STATE) model.on(`change:${name}`, update);
    const share = (): void => {
      if (!root.contains((root.getRootNode() as Document | ShadowRoot).activeElement)) return; // another cell's map
      const line = lineOf(bundle, stateOf(model));
      const tell = (isCopied: boolean): void => setText(copied, isCopied ? `Copied: ${line}` : line);
      void (navigator.clipboard?.writeText(line) ?? Promise.reject()).then(
        () => tell(true),
        () => tell(false),
      );
    };
    addEventListener(SHARE, share);
    return () => {
      removeEventListener(SHARE, share);
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

/** The film that the model has; its program is fetched from there when the film is first asked for. */
function filmOf(model: WidgetModel): BringFilm | null {
  const text = String(model.get("film_program") ?? "");
  if (text === "") return null;
  let program: Promise<{ readonly showFilm: ShowFilm }> | null = null;
  return async (place) => {
    program ??= import(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
    return (await program).showFilm(bytesOf(model.get("film")), place);
  };
}

/** What opens this again in a cell. */
function lineOf(bundle: RunBundle, state: Omit<PageState, "path">): string {
  const { id } = bundle.contents.leaves[0].header.run;
  const link = writeFragment({ ...state, path: null }, firstState(bundle));
  return `show(${JSON.stringify(id)}${link && `, link=${JSON.stringify(link)}`})`;
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
