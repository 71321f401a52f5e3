/** What is on the first page? The lessons with how far one is, and a card of each run; a field finds runs by words. */

import { keptPlaces } from "../lessons/progress";
import { h, setHidden, setText } from "../ui/dom";
import type { LessonPlace, SiteIndex, SiteLesson, SiteRun } from "../wire/schema";
import { address } from "./address";
import type { Place } from "./frame";
import { browserKeeper } from "./keeper";

/** More cards than these are looked through by words. */
const MANY = 6;

export async function homePage(index: SiteIndex, place: Place): Promise<void> {
  place.title("");
  place.head.append(h("h1", { class: "lp-hidden" }, "Lessons and runs"));
  place.body.replaceChildren(...lessonSection(index.lessons), ...runSection(index.runs));
}

// ---- lessons

function lessonSection(lessons: readonly SiteLesson[]): HTMLElement[] {
  if (lessons.length === 0) return [];
  const places = keptPlaces(browserKeeper());
  const cards = lessons.map((lesson) => h("li", { class: "si-card" }, ...lessonCard(lesson, places[lesson.name])));
  return [section("Lessons", [], h("ul", { class: "si-cards si-lessons" }, ...cards))];
}

function lessonCard(lesson: SiteLesson, place: LessonPlace | undefined): HTMLElement[] {
  const { name, title, summary, minutes, needs, language, lecture } = lesson;
  const at = place && place.step >= 1 && place.step <= lesson.n_steps ? place.step : 0;
  const link = h(
    "a",
    { class: "si-name", href: address("lesson", { lesson: name }, at > 1 ? `step=${at}` : "") },
    title,
  );
  const facts = [
    `${minutes} minutes`,
    `needs ${needs}`,
    ...(lecture ? [`lecture ${lecture}`] : []),
    `language ${language}`,
  ];
  const read = at > 0 ? [h("p", { class: "si-good" }, readWords(lesson, at, place))] : [];
  return [
    h("h3", {}, link),
    h("p", { lang: language }, summary),
    ...read,
    h("p", { class: "si-small" }, facts.join(" · ")),
  ];
}

function readWords({ n_steps, tasks }: SiteLesson, at: number, place: LessonPlace | undefined): string {
  const done = tasks.filter((key) => place?.done.includes(key)).length;
  return `Read until step ${at} of ${n_steps}${tasks.length > 0 ? `, ${done} of ${tasks.length} tasks done` : ""}`;
}

// ---- runs

function runSection(runs: readonly SiteRun[]): HTMLElement[] {
  const cards = runs.map((run) => h("li", { class: "si-card si-run" }, ...runCard(run)));
  const none = h("p", { class: "si-small", role: "status" });
  const field = h("input", {
    type: "search",
    class: "si-field",
    placeholder: "name, data set, model …",
    "aria-label": "Search runs",
  });
  field.addEventListener("input", () => {
    const words = field.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const [i, card] of cards.entries()) {
      const fits = words.every((word) => wordsOf(runs[i]).includes(word));
      setHidden(card, !fits);
      shown += Number(fits);
    }
    setText(none, shown === 0 ? "No run matches. Clear the search to see all." : "");
  });
  field.hidden = runs.length <= MANY;
  return [section("Runs", [field], none, h("ul", { class: "si-cards" }, ...cards))];
}

function wordsOf({ name, data, model, sentence, verdict }: SiteRun): string {
  return `${name} ${data} ${model} ${sentence} ${verdict}`.toLocaleLowerCase();
}

function runCard({ name, sentence, verdict, tone, pictures: [light, dark] }: SiteRun): HTMLElement[] {
  const picture = (file: string, look: string): HTMLElement =>
    h("img", { src: file, alt: "", loading: "lazy", width: 240, height: 120, class: look });
  return [
    h("div", { class: "si-map" }, picture(light, "si-light"), picture(dark, "si-dark")),
    h("h3", {}, h("a", { class: "si-name", href: address("run", { run: name }) }, name)),
    h("p", {}, sentence),
    h("p", { class: `si-verdict si-${tone}` }, verdict),
  ];
}

function section(title: string, beside: readonly HTMLElement[], ...children: readonly HTMLElement[]): HTMLElement {
  return h(
    "section",
    { class: "si-section" },
    h("div", { class: "lp-row" }, h("h2", {}, title), ...beside),
    ...children,
  );
}
