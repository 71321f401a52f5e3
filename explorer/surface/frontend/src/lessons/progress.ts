/** How far is a visitor in each lesson? Kept by the browser, and by nobody else; what is damaged there is nothing. */

import type { LessonAnswer, LessonPlace } from "../wire/schema";

/** Under which name the browser keeps them. */
export const KEPT = "latent-atlas-lessons";
const MOST_LESSONS = 200;
const MOST_ENTRIES = 500;

/** What of a browser is needed; null where it keeps nothing. */
export type Keeper = Pick<Storage, "getItem" | "setItem"> | null;

export type Places = Readonly<Record<string, LessonPlace>>;

export function keptPlaces(keeper: Keeper): Places {
  try {
    const found: unknown = JSON.parse(keeper?.getItem(KEPT) ?? "{}");
    if (found === null || typeof found !== "object" || Array.isArray(found)) return {};
    const sound = Object.entries(found).flatMap(([name, place]) => {
      const read = placeOf(place);
      return read ? [[name, read] as const] : [];
    });
    return Object.fromEntries(sound.slice(-MOST_LESSONS));
  } catch {
    return {};
  }
}

/** The newest last, so that the oldest go where there are too many. */
export function keepPlace(keeper: Keeper, lesson: string, place: LessonPlace): void {
  const { [lesson]: _before, ...others } = keptPlaces(keeper);
  try {
    keeper?.setItem(KEPT, JSON.stringify({ ...others, [lesson]: place }));
  } catch {
    // full or forbidden: then the place lasts as long as the page
  }
}

/** What both know: the step of `now`, and tasks and answers of both, those of `now` first. */
export function joined(now: LessonPlace, before: LessonPlace | undefined): LessonPlace {
  return {
    step: now.step,
    done: [...new Set([...(before?.done ?? []), ...now.done])],
    answers: { ...before?.answers, ...now.answers },
  };
}

function placeOf(found: unknown): LessonPlace | null {
  if (found === null || typeof found !== "object") return null;
  const { step, done, answers } = found as Record<string, unknown>;
  if (!Number.isInteger(step) || !Array.isArray(done) || answers === null || typeof answers !== "object") return null;
  const entries = Object.entries(answers as object).filter((one): one is [string, LessonAnswer] => isAnswer(one[1]));
  return {
    step: step as number,
    done: done.filter((key): key is string => typeof key === "string").slice(0, MOST_ENTRIES),
    answers: Object.fromEntries(entries.slice(0, MOST_ENTRIES)),
  };
}

function isAnswer(value: unknown): value is LessonAnswer {
  if (Array.isArray(value)) return value.length <= MOST_ENTRIES && value.every(Number.isFinite);
  return Number.isFinite(value);
}
