"""Is only that believed of what a browser brings along which can be true of the lessons that are here?"""

from __future__ import annotations

import re

import pytest
import streamlit as st

from explorer.cache.lessons import lessons
from explorer.lessons.conditions import SUBJECTS
from explorer.lessons.pieces import PIECES
from explorer.lessons.records import ChoiceAnswer, NumberAnswer, Predict, Task
from explorer.session.lessons import progress, reading
from tests.places import ROOT

NAME = "08-dimensions-that-die"


@pytest.fixture
def lesson(monkeypatch):
    monkeypatch.setattr(st, "session_state", {})
    return lessons()[NAME].lesson


def keys(lesson, kind, answer=object) -> list[str]:
    return [
        progress.block_key(NAME, at, number)
        for at, step in enumerate(lesson.steps)
        for number, part in enumerate(step.parts)
        if isinstance(part.block, kind) and (kind is Task or isinstance(part.block.answer, answer))
    ]


def bring(lesson, **told) -> None:
    st.session_state[progress.KEY] = told
    progress.take({NAME: lesson})


def test_tasks_that_are_done_count_once_and_others_never(lesson):
    first, second, *_ = keys(lesson, Task)
    bring(lesson, done=[first, "nonsense", "lesson-other-0-0"], places={NAME: {"done": [second, first, 3]}})
    assert progress.done() == sorted({first, second})
    assert progress.tasks_done(NAME, lesson) == (2, len(keys(lesson, Task)))
    bring(lesson, done="nonsense")
    assert progress.done() == sorted({first, second})


def test_answers_that_can_be_answers_come_back_and_do_not_overrule_those_of_now(lesson):
    choice, number = keys(lesson, Predict, ChoiceAnswer)[0], keys(lesson, Predict, NumberAnswer)[0]
    bring(lesson, places={NAME: {"answers": {choice: 2, number: 3.5, "nonsense": 1}}})
    assert (reading.answer(choice), reading.answer(number)) == (2, 3.5)
    assert progress.place(NAME, lesson)["answers"] == {choice: 2, number: 3.5}
    bring(lesson, places={NAME: {"answers": {choice: 0}}})
    assert reading.answer(choice) == 2


@pytest.mark.parametrize("value", ["1", None, -1, 99, 1.5, True, [0], {"a": 1}, float("nan")])
def test_what_is_no_choice_is_left_out(lesson, value):
    choice = keys(lesson, Predict, ChoiceAnswer)[0]
    bring(lesson, places={NAME: {"answers": {choice: value}}})
    assert reading.answer(choice) is None


@pytest.mark.parametrize("place", [None, 3, "x", [], {"step": "2"}, {"step": 0}, {"step": 99}, {"answers": [1]}, {"done": "all"}])
def test_a_damaged_place_is_nothing(lesson, place):
    bring(lesson, places={NAME: place, "another": {"step": 2}})
    assert progress.read_until(NAME) == 0
    assert progress.done() == []


def test_the_step_comes_back_until_one_is_opened(lesson):
    bring(lesson, places={NAME: {"step": 4}})
    assert progress.read_until(NAME) == 4
    progress.opened(NAME, 2)
    bring(lesson, places={NAME: {"step": 4}})
    assert progress.read_until(NAME) == 2


@pytest.mark.parametrize("piece", PIECES)
def test_the_browser_tells_of_every_subject_that_a_condition_of_a_piece_can_be_about_and_of_no_other(piece):
    text = (ROOT / f"explorer/surface/frontend/src/pieces/{piece}.ts").read_text(encoding="utf-8")
    told = text[text.index("  watched(): ") :]
    told = told[told.index("return {") : told.index("\n  }\n")]
    names = set(re.findall(r"\b([a-z]+)\b(?=:|,| \})", told)) & {*SUBJECTS}
    assert names == set(PIECES[piece].subjects)
    assert all(SUBJECTS[name].surface == "piece" for name in PIECES[piece].subjects)


def test_the_browser_tells_of_every_subject_that_a_condition_of_a_map_can_be_about():
    text = (ROOT / "explorer/surface/frontend/src/lessons/map.ts").read_text(encoding="utf-8")
    for name, subject in SUBJECTS.items():
        if subject.surface == "map":
            assert f" {name}: " in text, name
