/** Where does the Train page live? In the app as a Streamlit component, in a notebook as an anywidget, in a file that is opened from disk. */

import { DEFAULTS } from "../engine/learning/records";
import { type BenchHost, NO_HOST } from "../train/bench-host";
import { FIRST_CHOICE } from "../train/model/choice";
import { Saver } from "../train/restore/saver";
import { openStore } from "../train/restore/store";
import { begun, type TrainState } from "../train/state";
import { Watching } from "../train/watching";
import { Workbench } from "../train/workbench";
import { h } from "../ui/dom";
import pageStyle from "../ui/page.css";
import { PayloadError } from "../wire/errors";
import type { TrainingBegin } from "../wire/schema";
import { readAppTraining, readTraining, type TrainingImages } from "../wire/training";
import { unpackText } from "../wire/unpack";
import { base64 } from "./base64";
import { bytesOf, followTheme, type WidgetModel } from "./widget";

interface StreamlitComponent {
  readonly parentElement: HTMLElement | ShadowRoot;
  readonly data: unknown;
  setTriggerValue(name: string, value: unknown): void;
}

/** Of the app's page: where another view is shown it stays, and goes on; null before the first time. */
let bench: Workbench | null = null;
/** How often Streamlit called. */
let calls = 0;

/** Called again whenever data or theme change, and where the view is shown once more. */
export function inApp(program: string, component: StreamlitComponent): (() => void) | undefined {
  const { parentElement: parent, data } = component;
  if (!(data instanceof Uint8Array)) return undefined; // nothing to learn from yet
  const { offers, keeps, begin, images } = readAppTraining(data);
  if (begin) return inLesson(program, parent, begin, images);
  const host: BenchHost = {
    offers,
    choose: (name) => component.setTriggerValue("images", name),
    keep: keeps ? (stem, zip) => component.setTriggerValue("keep", { stem, zip: base64(zip) }) : null,
  };
  const isFirst = bench === null;
  bench ??= new Workbench(program, images, host);
  const here = bench;
  here.update(images, host);
  if (isFirst) void goOn(here);
  if (here.element.parentNode !== parent) parent.append(here.element);
  here.retheme();
  const call = ++calls;
  // a call that was overtaken while its script loaded is cleaned up late: it must not take the newer one with it
  return () => {
    if (calls === call) here.element.remove();
  };
}

/** Of a lesson: it goes on while other steps of the same training are read; another one takes its place. */
let ofLesson: { readonly key: string; readonly bench: Workbench; readonly watching: Watching } | null = null;
/** Apart from those of the app's page, which may come before the lesson's last one has gone. */
let lessonCalls = 0;

export function inLesson(
  program: string,
  parent: HTMLElement | ShadowRoot,
  begin: TrainingBegin,
  images: TrainingImages,
): () => void {
  if (ofLesson?.key !== begin.key) {
    ofLesson?.watching.stop();
    ofLesson?.bench.destroy();
    const bench = new Workbench(program, images, NO_HOST, firstStates(begin));
    bench.element.classList.add("lt-lesson");
    ofLesson = { key: begin.key, bench, watching: new Watching(begin.key, () => bench.page.state) };
  }
  const { bench: here } = ofLesson;
  if (here.element.parentNode !== parent) parent.append(here.element);
  here.retheme();
  const call = ++lessonCalls;
  return () => {
    if (lessonCalls !== call) return;
    here.page.ask({ kind: "pause" }); // nobody looks at it
    here.element.remove();
  };
}

/** One training, or two with another β each. */
function firstStates({ beta, latent_dim, seed, learning_rate, noise, beside }: TrainingBegin): TrainState[] {
  const choice = { ...FIRST_CHOICE, latentDim: latent_dim, seed };
  return [beta, ...(beside === null ? [] : [beside])].map((weight) =>
    begun(choice, { ...DEFAULTS, beta: weight, learningRate: learning_rate, noise }),
  );
}

const LOST = "latent-train";

/** What was trained before a reload goes on, or one sentence says that it is gone; from now on this page is kept for the next one. */
export async function goOn(here: Workbench): Promise<void> {
  const storage = storageOfTab();
  const lost = storage?.getItem(LOST);
  storage?.removeItem(LOST);
  const store = await openStore();
  const saver = store && new Saver(store, () => here.page);
  window.addEventListener("pagehide", () => {
    const why = saver?.whyNot ? `; ${saver.whyNot}` : "";
    if (here.steps > 0) storage?.setItem(LOST, `${here.dataset}, step ${here.steps}${why}`);
  });
  const stored = (await saver?.found()) ?? null;
  if (here.steps > 0 || (stored && here.restore(stored))) return;
  if (lost) here.say(`This page was reloaded, and its training is gone: ${lost}. Keep one as a run before that.`);
}

/** Null where the browser keeps nothing. */
function storageOfTab(): Storage | null {
  try {
    return window.sessionStorage;
  } catch {
    return null;
  }
}

export function inNotebook(program: string, { model, el }: { model: WidgetModel; el: HTMLElement }): () => void {
  // Lumino would take the keys away
  const root = h(
    "div",
    { class: "lp-root lp-cell", "data-lm-suppress-shortcuts": "true" },
    h("style", {}, unpackText(pageStyle)),
  );
  el.append(root);
  const watch = followTheme(root);
  const page = shown(root, program, () => bytesOf(model.get("images")));
  if (page) watch.tell(() => page.retheme());
  return () => {
    watch.stop();
    page?.destroy();
    root.remove();
  };
}

/** `root`: where the page goes · `data`: the element that holds the images in base64. */
export function inFile(program: string, root: HTMLElement, data: Element): void {
  const text = atob((data.textContent ?? "").trim());
  const body = h("main", { class: "lp-sheet" }, h("h1", { class: "lp-hidden" }, "Train in this page"));
  root.replaceChildren(body);
  const bench = shown(body, program, () => Uint8Array.from(text, (letter) => letter.charCodeAt(0)));
  if (bench) void goOn(bench);
}

/** The page in its place; null where its images cannot be read, which a sentence says there. */
function shown(root: HTMLElement, program: string, read: () => Uint8Array): Workbench | null {
  try {
    const page = new Workbench(program, readTraining(read()));
    root.append(page.element);
    page.retheme();
    return page;
  } catch (error) {
    if (!(error instanceof PayloadError)) throw error;
    root.append(h("p", { class: "lp-error", role: "alert" }, error.message));
    return null;
  }
}
