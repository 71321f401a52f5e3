/** Who watches a lesson's tasks, and remembers how far a visitor is? A component of the app that shows nothing. */

import { WATCHED, type Watched, type WatchedSource, WHO_IS_WATCHED } from "../data/watched";
import { SCREEN, type ScreenSource, WHICH_SCREEN } from "../kernel/screen";
import { holds } from "../lessons/condition";
import { type KnownClasses, watchedMap } from "../lessons/map";
import { joined, KEPT, type Keeper, keepPlace, keptPlaces, type Places } from "../lessons/progress";
import { Disposer } from "../ui/dom";
import type { LessonPlace, LessonTold } from "../wire/schema";
import { leaving } from "./streamlit-cleanup";

interface Component {
  readonly parentElement: HTMLElement | ShadowRoot;
  readonly data: unknown;
  setStateValue(name: string, value: unknown): void;
}

interface Mounted {
  readonly disposer: Disposer;
  component: Component;
  told: LessonTold;
  /** Tasks that were seen to be done here, and are told until the app knows. */
  done: readonly string[];
  /** How often it was told of them without an answer. */
  tries: number;
  again: ReturnType<typeof setTimeout> | undefined;
  /** The step that this window is at, as all windows know; 0 before the first. */
  step: number;
  /** Which lesson's place was told of last. */
  recalled: string | null;
  calls: number;
}

/** Of all windows of this browser. */
const LINE = "latent-atlas-lesson";
/** A rerun that is overtaken by another one may lose what it was told; so long after it is told again, and so often. */
const AGAIN_MS = 3000;
const MOST_TRIES = 10;
const SCROLLED = "[data-testid=stMain], .st-key-lesson-text";
const TAKES_ARROWS =
  "input, select, textarea, [contenteditable=true], [role=application], [role=slider], [role=tab], [role=radio]";

const mounted = new WeakMap<Node, Mounted>();

/** Called again whenever data or theme change. */
export function inApp(component: Component): (() => void) | undefined {
  const { parentElement: parent, data } = component;
  const before = mounted.get(parent);
  if (data === null || typeof data !== "object" || !("lesson" in data)) return before && left(parent, before);
  const told = data as LessonTold;
  const here = before ?? begun(component, told);
  mounted.set(parent, here);
  if (told.lesson !== here.told.lesson) here.done = [];
  here.component = component;
  here.told = told;
  recall(here);
  follow(here);
  for (const ask of [WHO_IS_WATCHED, WHICH_SCREEN]) dispatchEvent(new Event(ask)); // what is done already when the step is opened
  return left(parent, here);
}

function left(parent: Node, here: Mounted): () => void {
  return leaving(mounted, parent, here, () => here.disposer.dispose());
}

function begun(component: Component, told: LessonTold): Mounted {
  const disposer = new Disposer();
  const here: Mounted = {
    disposer,
    component,
    told,
    done: [],
    tries: 0,
    again: undefined,
    step: 0,
    recalled: null,
    calls: 0,
  };
  const known: KnownClasses = new Map();
  disposer.add(() => clearTimeout(here.again));
  disposer.listen(window, WATCHED, (event) =>
    watch(here, () => (event as CustomEvent<WatchedSource>).detail.watched()),
  );
  disposer.listen(window, SCREEN, (event) =>
    watch(here, () => watchedMap((event as CustomEvent<ScreenSource>).detail, known)),
  );
  if ("BroadcastChannel" in window) {
    const line = new BroadcastChannel(LINE);
    disposer.add(() => line.close());
    line.addEventListener("message", (event: MessageEvent) => hear(here, event.data));
  }
  disposer.listen(window, "storage", (event) => hearKept(here, event as StorageEvent));
  disposer.listen(window, "keydown", (event) => turn(here, event), { capture: true });
  return here;
}

/** Where the step is another one, the windows that follow hear of it. */
function follow(here: Mounted): void {
  const { lesson, place, is_followed } = here.told;
  const isNew = here.step !== place.step;
  here.step = place.step;
  if (isNew) for (const one of document.querySelectorAll(SCROLLED)) one.scrollTo(0, 0); // a step begins at its top
  if (!is_followed || !isNew || !("BroadcastChannel" in window)) return;
  const line = new BroadcastChannel(LINE);
  line.postMessage({ lesson, step: place.step });
  line.close();
}

function hear(here: Mounted, told: unknown): void {
  const { lesson, n_steps, is_followed } = here.told;
  if (!is_followed || told === null || typeof told !== "object") return;
  const { lesson: of, step } = told as Record<string, unknown>;
  if (of !== lesson || !Number.isInteger(step) || step === here.step) return;
  if ((step as number) < 1 || (step as number) > n_steps) return;
  here.step = step as number; // not told again
  here.component.setStateValue("step", { lesson, step, at: Date.now() });
}

/** A clicker's keys, and the arrows where nothing else has them, go through the steps while the lesson is presented. */
function turn({ told }: Mounted, event: KeyboardEvent): void {
  const by = { PageDown: 1, ArrowRight: 1, PageUp: -1, ArrowLeft: -1 }[event.key];
  if (!told.is_followed || by === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  const [target] = event.composedPath();
  const isArrow = event.key.startsWith("Arrow");
  if (isArrow && target instanceof Element && target.matches(TAKES_ARROWS)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  document.querySelector<HTMLElement>(`.st-key-lesson-${by > 0 ? "next" : "back"} button`)?.click();
}

/** The app hears what this browser kept, once a lesson; from then on the browser keeps what the app knows. */
function recall(here: Mounted): void {
  const { told, component } = here;
  const keeper = keeperOfBrowser();
  const places = keptPlaces(keeper);
  if (here.recalled !== told.lesson) {
    here.recalled = told.lesson;
    if (Object.keys(places).length > 0) setTimeout(() => component.setStateValue("places", places)); // not while Streamlit mounts
  }
  keep(here, places);
}

/** before: what the browser kept until now. */
function keep({ told, done }: Mounted, before: Places): void {
  if (told.lesson === "") return;
  keepPlace(keeperOfBrowser(), told.lesson, joined(withDone(told.place, done), before[told.lesson]));
}

/** Another window of this browser got further. */
function hearKept({ component }: Mounted, event: StorageEvent): void {
  if (event.key === KEPT) component.setStateValue("places", keptPlaces(keeperOfBrowser()));
}

/** see: what is on the screen now, where there is a task that it may do. */
function watch(here: Mounted, see: () => Watched): void {
  const { told } = here;
  const open = told.tasks.filter(({ key }) => !told.place.done.includes(key) && !here.done.includes(key));
  if (open.length === 0) return;
  const watched = see();
  if (watched.run !== told.run) return;
  const found = open.filter(({ clauses }) => holds(clauses, watched)).map(({ key }) => key);
  if (found.length === 0) return;
  here.done = [...here.done, ...found];
  here.tries = 0;
  tellDone(here);
  keep(here, keptPlaces(keeperOfBrowser())); // at once: who leaves before the app has answered has done it too
}

/** Again until the app knows; not for ever, for it may know no such task any more. */
function tellDone(here: Mounted): void {
  clearTimeout(here.again);
  const isKnown = here.done.every((key) => here.told.place.done.includes(key));
  if (isKnown || here.tries >= MOST_TRIES) return;
  here.tries += 1;
  here.component.setStateValue("done", here.done);
  here.again = setTimeout(() => tellDone(here), AGAIN_MS);
}

function withDone(place: LessonPlace, done: readonly string[]): LessonPlace {
  return { ...place, done: [...new Set([...place.done, ...done])] };
}

function keeperOfBrowser(): Keeper {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}
