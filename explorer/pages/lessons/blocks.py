"""How is each block of a lesson shown? Text, formulas, numbers, tasks, and questions whose answer comes after one's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st

from explorer.lessons.answers import asked_value, is_near, unit_of
from explorer.lessons.check import Runs, Scene
from explorer.lessons.markdown import Writer, escaped
from explorer.lessons.measures import Measured, MeasureName, measured
from explorer.lessons.prose import Node
from explorer.lessons.records import (
    Block,
    ChoiceAnswer,
    Formula,
    Note,
    NumberAnswer,
    Numbers,
    PlaceAnswer,
    Predict,
    Prose,
    Task,
    Text,
)
from explorer.lessons.told import block_key
from explorer.pages.lessons.formulas import show_formula
from explorer.pages.lessons.places import place_verdict
from explorer.session.lessons import reading as lesson
from explorer.session.lessons.progress import done
from explorer.session.pins import pins_of


@dataclass(frozen=True)
class Teller:
    """What the blocks of a step are filled with."""

    name: str
    """Of the lesson."""
    step: int
    """From 0."""
    scene: Scene
    runs: Runs
    language: str
    """Of the lesson, its code."""

    def text(self, nodes: Prose | Sequence[Node]) -> str:
        """Markdown of prose."""
        return Writer(lambda name: self.number(name).text, self._address).text(nodes)

    def number(self, name: MeasureName) -> Measured:
        """A number of a run, which the lesson was checked to have."""
        return measured(name, self.runs.info(name.run), self.language)

    def key(self, part: int) -> str:
        """Of a block, for its widgets and its answer."""
        return block_key(self.name, self.step, part)

    def _address(self, step: int) -> str:
        return f"?view=lessons&lesson={self.name}&step={step}"


def show_block(block: Block, teller: Teller, part: int) -> None:
    """Nothing for what is seen beside the text, or by the speaker alone."""
    match block:
        case Text(nodes):
            st.markdown(teller.text(nodes))
        case Formula():
            show_formula(block, teller.key(part), lambda name: teller.number(name).text)
        case Numbers(names):
            for name in names:
                found = teller.number(name)
                words = name.name.replace("_", " ") + ("" if name.dimension is None else f" {name.dimension}")
                st.markdown(f"**{escaped(found.text)}** {escaped(words)} of {escaped(name.run)}", help=escaped(found.definition))
        case Task():
            with st.container(border=True, key=teller.key(part).replace(".", "-"), gap="xsmall"):
                _show_task(block, teller, teller.key(part) in done())
        case Predict():
            with st.container(border=True, key=teller.key(part).replace(".", "-"), gap="xsmall"):
                _show_question(block, teller, teller.key(part))
        case Note():
            pass


def _show_task(block: Task, teller: Teller, is_done: bool) -> None:
    """What is to be done; once it was seen to be done that, until then a hint for whoever opens it."""
    st.markdown(f":material/{'check_circle' if is_done else 'flag'}: {teller.text(block.do)}")
    if is_done:
        st.markdown(":green[**Done**]")
    else:
        with st.expander("Hint"):
            st.markdown(teller.text(block.hint))


# --- questions


def _show_question(block: Predict, teller: Teller, key: str) -> None:
    """The question, what is answered with, and after an answer what is true."""
    st.markdown(f":material/help: {teller.text(block.question)}")
    given = lesson.answer(key)
    match block.answer:
        case ChoiceAnswer(right):
            _choose(block, teller, key, given)
            verdict = None if given is None else (int(given) + 1 == right, answer_words(block, teller))
        case NumberAnswer(name, tolerance):
            _ask_number(key, unit_of(name, teller.language))
            found = teller.number(name)
            verdict = None if given is None else (is_near(float(given), asked_value(found), tolerance), answer_words(block, teller))
        case PlaceAnswer(class_name, tolerance):
            _ask_place(teller, key)
            verdict = None if given is None else place_verdict(teller.scene, class_name, given, tolerance)
    if verdict is None:
        return
    is_right, truth = verdict
    words = f"**{'Right' if is_right else 'Not quite'}:** {truth}\n\n{teller.text(block.because)}"
    (st.success if is_right else st.info)(words, icon=":material/check:" if is_right else ":material/lightbulb:")


def answer_words(block: Predict, teller: Teller) -> str:
    """What is true, for who asks the question; Markdown."""
    match block.answer:
        case ChoiceAnswer(right):
            return teller.text(block.choices[right - 1]).strip()
        case NumberAnswer(name):
            return escaped(teller.number(name).text)
        case PlaceAnswer(class_name):
            return f"where the images of class {escaped(class_name)} lie"


def _choose(block: Predict, teller: Teller, key: str, given: int | None) -> None:
    st.radio(
        "Your answer",
        range(len(block.choices)),
        index=given,
        key=f"{key}-choice",
        format_func=lambda i: teller.text(block.choices[i]),
        label_visibility="collapsed",
        on_change=partial(lesson.keep_answer, key, f"{key}-choice"),
    )


def _ask_number(key: str, unit: str) -> None:
    st.number_input(
        f"Your answer{f', {unit}' if unit else ''}",
        value=lesson.answer(key),
        step=None,
        format="%g",
        key=f"{key}-number",
        on_change=partial(lesson.keep_answer, key, f"{key}-number"),
    )


def _ask_place(teller: Teller, key: str) -> None:
    """The place that was pinned last answers."""
    pins = pins_of(teller.scene.run)
    st.caption("Pin the place on the map, then answer with it.")
    if st.button("Answer with the last pin", key=f"{key}-place", disabled=not pins):
        lesson.keep(key, list(pins[-1].z))
        st.rerun()
