"""How far is this visitor in each lesson? The browser keeps it and brings it along; what it brings is looked through before it counts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import streamlit as st

from explorer.lessons.records import ChoiceAnswer, Lesson, NumberAnswer, PlaceAnswer, Predict, Task
from explorer.lessons.told import block_key
from explorer.session.events import sent
from explorer.session.lessons import reading
from explorer.surface.lesson_schema import LessonAnswer, LessonPlace

KEY = "lesson-progress"
DONE, STEPS, HEARD = "lesson-done", "lesson-steps", "lesson-heard"
FAR = 1e6
MOST_NUMBERS = 512


def take(lessons: Mapping[str, Lesson]) -> None:
    """What the browser has sent: tasks that are done, and what it kept of the lessons that are here."""
    places = sent(KEY, "places")
    told = sent(KEY, "done")
    keys = {key for name, lesson in lessons.items() for key in _blocks(name, lesson, Task)}
    found = set(done())
    if isinstance(told, Sequence) and not isinstance(told, str):
        found |= {str(key) for key in told} & keys
    if isinstance(places, Mapping):
        for name, lesson in lessons.items():
            found |= _take_place(name, lesson, places.get(name)) & keys
    st.session_state[DONE] = sorted(found)


def take_step(name: str, lesson: Lesson) -> None:
    """The step to which another window of the same browser went, once for each; only while the lesson is presented."""
    told = sent(KEY, "step")
    if not isinstance(told, Mapping) or told.get("lesson") != name or told.get("at") == st.session_state.get(HEARD):
        return
    st.session_state[HEARD] = told.get("at")
    number = told.get("step")
    if isinstance(number, int | float) and 1 <= number <= len(lesson.steps):
        reading.go(name, int(number))


def _take_place(name: str, lesson: Lesson, place: object) -> set[str]:
    """Keys that it calls done; its step and its answers count where this session has none."""
    if not isinstance(place, Mapping):
        return set()
    number = place.get("step")
    if isinstance(number, int | float) and 1 <= number <= len(lesson.steps) and name not in _steps():
        _remember(name, int(number))
    answers, questions = place.get("answers"), _blocks(name, lesson, Predict)
    for key, value in answers.items() if isinstance(answers, Mapping) else ():
        block = questions.get(str(key))
        if isinstance(block, Predict) and reading.answer(str(key)) is None and _fits(block, value):
            reading.keep(str(key), value)
    keys = place.get("done")
    return {str(key) for key in keys} if isinstance(keys, Sequence) and not isinstance(keys, str) else set()


def _fits(block: Predict, value: object) -> bool:
    """Whether that can be an answer to the question."""
    match block.answer:
        case ChoiceAnswer():
            return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(block.choices)
        case NumberAnswer():
            return _is_number(value)
        case PlaceAnswer():
            return isinstance(value, list) and 1 <= len(value) <= MOST_NUMBERS and all(map(_is_number, value))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and abs(value) <= FAR


def _blocks(name: str, lesson: Lesson, kind: type[Task] | type[Predict]) -> dict[str, Task | Predict]:
    """Blocks of that kind by their keys."""
    return {
        block_key(name, at, number): part.block
        for at, step in enumerate(lesson.steps)
        for number, part in enumerate(step.parts)
        if isinstance(part.block, kind)
    }


def done() -> list[str]:
    """Keys of the tasks that are done."""
    return list(st.session_state.get(DONE, []))


def read_until(name: str) -> int:
    """The step of a lesson, from 1, that was opened last; 0 before the first time."""
    return int(_steps().get(name, 0))


def opened(name: str, step: int) -> None:
    """A step, from 1, is on the page."""
    if read_until(name) != step:
        _remember(name, step)


def _steps() -> dict[str, int]:
    return dict(st.session_state.get(STEPS, {}))


def _remember(name: str, step: int) -> None:
    st.session_state[STEPS] = {**_steps(), name: step}


def tasks_done(name: str, lesson: Lesson) -> tuple[int, int]:
    """How many of its tasks are done, and how many it has."""
    keys = _blocks(name, lesson, Task)
    return len(keys.keys() & set(done())), len(keys)


def place(name: str, lesson: Lesson) -> LessonPlace:
    """What the browser is to keep of an open lesson."""
    questions = _blocks(name, lesson, Predict)
    answers: dict[str, LessonAnswer] = {key: value for key in questions if (value := reading.answer(key)) is not None}
    return LessonPlace(step=read_until(name), done=[key for key in done() if key in _blocks(name, lesson, Task)], answers=answers)
