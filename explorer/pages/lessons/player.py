"""An open lesson: its text at the left and its map at the right, in the state that the step shows; or the speaker's notes."""

from __future__ import annotations

from functools import partial

import streamlit as st

from explorer.cache.lessons import runs_for_lessons
from explorer.lessons.check import Scene, scenes
from explorer.lessons.records import Lesson, Note, Predict, Step, Task
from explorer.lessons.told import block_key, clauses_of
from explorer.pages.lessons.blocks import Teller, answer_words, show_block
from explorer.pages.lessons.places import asks_for_place, place_markers
from explorer.pages.lessons.scene import show_scene, shown
from explorer.session.lessons import progress
from explorer.session.lessons import reading as lesson
from explorer.session.load import State
from explorer.session.pins import pins_of
from explorer.surface.component import lesson_watch
from explorer.surface.lesson_schema import LessonTask, LessonTold

PRESENT_HELP = "Large for a room, a step a screen; arrow keys, Page Up and Page Down of a clicker go through the steps"


def show_lesson(now: State, name: str, read: Lesson) -> None:
    mode = lesson.mode()
    if mode != "read":
        progress.take_step(name, read)
    at = lesson.step(len(read.steps))
    scene = scenes(read)[at]
    progress.opened(name, at + 1)
    if mode == "speaker":
        with st.container(key="lesson-speaker"):
            _show_notes(name, read, at)
    else:
        with st.container(key="lesson" if mode == "read" else "lesson-room"):
            with st.container(key="lesson-text"):
                _show_text(name, read, at, scene)
            with st.container(key="lesson-scene"):
                _show_beside(now, name, read.steps[at], at, scene)
    tasks = [LessonTask(key=block_key(name, at, number), clauses=clauses_of(task.until)) for number, task in _tasks(read, at)]
    lesson_watch(
        LessonTold(
            lesson=name,
            place=progress.place(name, read),
            tasks=tasks,
            run=shown(name, scene),
            n_steps=len(read.steps),
            is_followed=mode != "read",
        ),
        progress.KEY,
    )


def _show_beside(now: State, name: str, step: Step, at: int, scene: Scene) -> None:
    """The map or the training; where a place is asked for, what was pinned just now is an answer that the text above can take."""
    before = pins_of(scene.run)
    show_scene(now, name, scene, partial(place_markers, scene, step, partial(block_key, name, at)))
    if asks_for_place(step) and pins_of(scene.run) != before:
        st.rerun()


def _tasks(read: Lesson, at: int) -> list[tuple[int, Task]]:
    """Those of a step, each with its place in it."""
    return [(number, part.block) for number, part in enumerate(read.steps[at].parts) if isinstance(part.block, Task)]


def _show_text(name: str, read: Lesson, at: int, scene: Scene) -> None:
    teller = Teller(name, at, scene, runs_for_lessons(), read.language)
    step = read.steps[at]
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="lesson-steps"):
        st.button("All lessons", icon=":material/list:", type="tertiary", key="lesson-list", on_click=lesson.go, args=("",))
        st.button("Back", key="lesson-back", disabled=at == 0, on_click=lesson.go, args=(name, at))
        st.button("Next", key="lesson-next", disabled=at + 1 == len(read.steps), on_click=lesson.go, args=(name, at + 2))
        st.caption(f"Step {at + 1} of {len(read.steps)}", width="content")
        _modes(name, at)
    st.markdown(f"## {teller.text(step.title)}")
    for number, part in enumerate(step.parts):
        show_block(part.block, teller, number)


def _modes(name: str, at: int) -> None:
    """From the reader's page to the room's and back; from the room's to the notes in a window of their own."""
    if lesson.mode() == "read":
        st.button(
            "Present",
            icon=":material/present_to_all:",
            type="tertiary",
            key="lesson-present",
            help=PRESENT_HELP,
            on_click=lesson.show_as,
            args=("room",),
        )
        return
    st.button("Leave", icon=":material/close:", type="tertiary", key="lesson-leave", on_click=lesson.show_as, args=("read",))
    st.markdown(f"[Speaker notes](?view=lessons&lesson={name}&step={at + 1}&mode=speaker)", width="content")


def _show_notes(name: str, read: Lesson, at: int) -> None:
    """For who speaks: what is to be said at this step, what comes next, and the same two buttons."""
    teller = Teller(name, at, scenes(read)[at], runs_for_lessons(), read.language)
    step = read.steps[at]
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="lesson-steps"):
        st.button("Back", key="lesson-back", disabled=at == 0, on_click=lesson.go, args=(name, at))
        st.button("Next", key="lesson-next", disabled=at + 1 == len(read.steps), on_click=lesson.go, args=(name, at + 2))
        st.caption(f"Step {at + 1} of {len(read.steps)}. The room's window of this browser goes along.", width="content")
    st.markdown(f"## {teller.text(step.title)}")
    notes = [part.block for part in step.parts if isinstance(part.block, Note)]
    for note in notes:
        st.markdown(teller.text(note.nodes))
    if not notes:
        st.caption("No note for this step.")
    for question in (part.block for part in step.parts if isinstance(part.block, Predict)):
        st.info(f"{teller.text(question.question)}\n\n**{answer_words(question, teller)}**\n\n{teller.text(question.because)}")
    if at + 1 < len(read.steps):
        st.caption(f"Next: {teller.text(read.steps[at + 1].title)}")
