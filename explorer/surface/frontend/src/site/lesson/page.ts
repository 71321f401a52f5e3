/** How is a lesson read without a server? Its text at the left, its map or its training at the right, a step at a time. */

import { KeptScreen } from "../../hosts/screen/kept-screen";
import { button, h } from "../../ui/dom";
import { PayloadError } from "../../wire/errors";
import type { SiteIndex, SiteLessonText, SiteStep } from "../../wire/schema";
import { parted, queried, screenFragment } from "../address";
import { absent, type Place } from "../frame";
import { record } from "../parts";
import { mathProgram } from "../programs";
import { shownBlock } from "./blocks";
import { Progress } from "./progress";
import { type Maths, plain, prose } from "./prose";
import { SceneView } from "./scene";
import type { ShownBlock, Teller } from "./teller";
import { TaskWatch } from "./watch";

export async function lessonPage(index: SiteIndex, place: Place): Promise<void> {
  const name = queried("lesson");
  const listed = index.lessons.find((lesson) => lesson.name === name);
  if (!listed) {
    const names = index.lessons.map((lesson) => lesson.name);
    throw new PayloadError(absent("lesson", name, names));
  }
  const lesson = await record<SiteLessonText>(listed.part);
  const maths = lesson.has_formulas ? await mathProgram(index.programs.math ?? "") : null;
  const player = new Player(index, lesson, maths, place);
  place.body.replaceChildren(player.element);
  await player.begin();
}

class Player {
  readonly element: HTMLElement;
  private readonly text: HTMLElement;
  private readonly counter = h("p", { class: "si-small", role: "status" });
  private readonly back = button("lp-share", {}, () => this.turn(-1), "Back");
  private readonly next = button("lp-share sl-next", {}, () => this.turn(1), "Next");
  private readonly view: SceneView;
  private readonly progress: Progress;
  private readonly watch: TaskWatch;
  private screen: KeptScreen | null = null;
  private blocks: readonly ShownBlock[] = [];
  /** From 0; −1 before the first. */
  private at = -1;

  constructor(
    index: SiteIndex,
    private readonly lesson: SiteLessonText,
    private readonly maths: Maths,
    private readonly place: Place,
  ) {
    this.progress = new Progress(lesson.name);
    this.view = new SceneView(
      index,
      () => this.screen,
      () => this.refresh(),
    );
    this.watch = new TaskWatch(this.progress, () => this.refresh());
    this.text = h("article", { class: "sl-article", lang: lesson.language, tabindex: -1, "aria-label": "Step" });
    const steps = h("div", { class: "lp-row sl-steps" }, this.back, this.next, this.counter);
    this.element = h(
      "div",
      { class: "sl-lesson" },
      h("div", { class: "sl-side" }, steps, this.text),
      this.view.element,
    );
    place.head.append(h("h1", { class: "lp-h1", lang: lesson.language }, lesson.title));
  }

  /** The step of the address, else the one that was read last. */
  async begin(): Promise<void> {
    const named = this.named();
    await this.show(named ?? this.progress.step - 1, named !== null && parted(location.hash).screen !== "");
    this.screen = new KeptScreen(
      screenFragment((changed) =>
        addEventListener("hashchange", () => {
          void this.follow().then(changed);
        }),
      ),
    );
  }

  /** The address is another one: a link to a step, or the browser's own way back. */
  private async follow(): Promise<void> {
    const { page, screen } = parted(location.hash);
    await this.show(this.named() ?? this.at, page !== "" || screen !== "");
  }

  /** The step that the address names, from 0; null for none. */
  private named(): number | null {
    const step = Number(new URLSearchParams(parted(location.hash).own).get("step") ?? NaN);
    return Number.isInteger(step) && step >= 1 && step <= this.lesson.steps.length ? step - 1 : null;
  }

  /** With an entry in the history: the browser's way back is the step before. */
  private turn(by: number): void {
    location.hash = `step=${this.at + by + 1}`;
  }

  private async show(wanted: number, isLinked: boolean): Promise<void> {
    const { lesson } = this;
    const at = Math.min(Math.max(wanted, 0), lesson.steps.length - 1);
    const step = lesson.steps[at];
    const isOther = at !== this.at;
    const isFirst = this.at < 0;
    this.at = at;
    if (isOther) this.tell(step, isFirst);
    this.progress.open(at + 1);
    this.watch.take(step);
    await this.view.show(step.view, !isLinked);
    this.watch.look();
  }

  private tell(step: SiteStep, isFirst: boolean): void {
    const { lesson, at, maths, text, place } = this;
    this.blocks = step.blocks.map((block) => shownBlock(block, this.teller()));
    text.replaceChildren(h("h2", {}, ...prose(step.title, maths)), ...this.blocks.map(({ element }) => element));
    this.counter.textContent = `Step ${at + 1} of ${lesson.steps.length}`;
    this.back.disabled = at === 0;
    this.next.disabled = at + 1 === lesson.steps.length;
    place.title(`${plain(step.title)} · ${lesson.title}`);
    if (isFirst) return;
    text.scrollTo(0, 0); // a step begins at its top
    text.focus({ preventScroll: true });
    if (this.element.getBoundingClientRect().top < 0) this.element.scrollIntoView();
  }

  private teller(): Teller {
    const { progress, view, maths } = this;
    return {
      maths,
      isDone: (key) => progress.isDone(key),
      answer: (key) => progress.answer(key),
      keep: (key, answer) => progress.keep(key, answer),
      lastPin: () => view.lastPin,
      place: (z) => view.place(z),
    };
  }

  private refresh(): void {
    for (const { update } of this.blocks) update?.();
  }
}
