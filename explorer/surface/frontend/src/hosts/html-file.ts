/** How does the page live in a file that is opened from disk? Its data are in the file, its state is in the address. */

import { share } from "../kernel/screen";
import { button, h } from "../ui/dom";
import { figureWords, unbroken } from "../ui/figure-words";
import { count } from "../ui/format";
import { PayloadError } from "../wire/errors";
import { DAMAGED, type RunBundle, readRunBundle } from "../wire/run-bundle";
import { merged } from "./fragment";
import { firstState, Page } from "./page";
import { type BringFilm, FILM_PROGRAM, type ShowFilm } from "./page-film";
import { readFragment, writeFragment } from "./page-url";

/** `root`: where the page goes · `data`: the element that holds the bundle in base64. */
export async function standalone(root: HTMLElement, data: Element): Promise<void> {
  try {
    const bundle = await readRunBundle(fromBase64(data.textContent ?? ""));
    data.remove(); // megabytes of text that nobody reads again
    show(root, bundle);
  } catch (error) {
    if (!(error instanceof PayloadError)) console.error(error);
    const sentence =
      error instanceof PayloadError
        ? error.message
        : "This page cannot be shown: its data do not fit together. Export it again.";
    root.replaceChildren(h("main", { class: "lp-sheet" }, h("p", { class: "lp-error", role: "alert" }, sentence)));
  }
}

function show(root: HTMLElement, bundle: RunBundle): void {
  const defaults = firstState(bundle);
  if (location.hash.length < 2) openAsSaved(document.getElementById("latent-atlas-view"));
  const { latent_dim } = bundle.contents.leaves[0].header.run;
  const asked = (): ReturnType<typeof readFragment> =>
    readFragment(location.hash, latent_dim, bundle.contents.paths, defaults);
  const body = h("div", {});
  root.replaceChildren(h("main", { class: "lp-sheet" }, head(bundle), body, foot(bundle)));
  const page = new Page(bundle, asked(), {
    height: 0,
    film: filmOf(document.getElementById("latent-atlas-film")),
    changed: (state) => setFragment(merged(location.hash, writeFragment(state, defaults), true)),
  });
  body.append(page.element);
  page.refresh(); // now that it has a width
  addEventListener("hashchange", () => page.set({ ...asked(), path: page.path }));
}

/** Without a link of its own the page shows what was on the screen when it was saved. */
function openAsSaved(view: Element | null): void {
  if (view) setFragment(new TextDecoder().decode(fromBase64(view.textContent ?? "")));
}

/** The film that is in the file; its program is the one that comes after this. */
function filmOf(data: Element | null): BringFilm | null {
  if (!data) return null;
  return async (place) => {
    const program = (window as Window & { [FILM_PROGRAM]?: ShowFilm })[FILM_PROGRAM];
    if (!program) throw new PayloadError("The program of the film is not in this page. Export it again.");
    return program(fromBase64(data.textContent ?? ""), place);
  };
}

/** Without an entry in the history: going back leaves the page, it does not undo pins. */
function setFragment(text: string): void {
  try {
    history.replaceState(null, "", `#${text}`);
  } catch {
    location.hash = text; // a browser that allows files no history
  }
}

function head({ contents }: RunBundle): HTMLElement {
  const { title, facts } = contents;
  return h(
    "header",
    { class: "lp-head" },
    h(
      "div",
      { class: "lp-row" },
      h("p", { class: "lp-brand" }, "Latent Atlas"),
      h("h1", { class: "lp-h1" }, title),
      button("lp-share", { title: "a link that opens exactly this, and its QR code" }, () => share(true), "Copy link"),
    ),
    h("p", { class: "lp-facts" }, facts.map(unbroken).join(" · ")),
    figureWords(contents),
  );
}

function foot({ contents: { source } }: RunBundle): HTMLElement {
  const licence = source.licence ? `, ${source.licence}` : "";
  const words = `Points are codes of ${count(source.n)} test images of ${source.dataset}${licence}; the images themselves are not in this file. Everything runs in this page: it makes no network requests, and what you draw stays here.`;
  return h("footer", { class: "lp-foot" }, words);
}

function fromBase64(text: string): Uint8Array {
  try {
    const binary = atob(text.trim());
    const bytes = new Uint8Array(binary.length);
    for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
    return bytes;
  } catch {
    throw new PayloadError(DAMAGED);
  }
}
