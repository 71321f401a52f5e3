"""The lessons: a list, and the open one, its text at the left and its map at the right, in the state that the step shows."""

from __future__ import annotations

import streamlit as st

from explorer.cache.lessons import Found, lessons, runs_for_lessons
from explorer.cache.runs import get_run
from explorer.lessons.check import Scene, scenes
from explorer.lessons.markdown import escaped
from explorer.lessons.records import Lesson, Train
from explorer.pages.lessons.blocks import Teller, show_block
from explorer.session import events
from explorer.session.lessons import reading as lesson
from explorer.session.load import State
from explorer.session.pins import sync_link
from explorer.surface.schema import Options
from explorer.widgets.live_map import live_map
from explorer.widgets.map_chooser import chosen_map
from explorer.widgets.map_marks import pins_shown
from trainer.console import program

KEY = "lesson-surface"


def show(now: State) -> None:
    """The whole page."""
    found = lessons()
    name = lesson.opened()
    chosen = found.get(name)
    if chosen is not None and chosen.lesson is not None:
        _show_lesson(now, chosen.name, chosen.lesson)
        return
    if name:
        st.warning(f"There is no sound lesson “{escaped(name[:60])}”; the list has those that are here.", icon=":material/info:")
    _show_list(list(found.values()))


# --- the list


def _show_list(found: list[Found]) -> None:
    st.markdown("## Lessons")
    with st.container(key="lessons-list", gap="small"):
        for one in found:
            with st.container(border=True, gap=None, key=f"lesson-{one.name.replace('.', '-')}"):
                _show_card(one)
    st.caption(
        "A lesson is a Markdown file. Put your own into a folder, name the folder in LATENT\\_LESSONS, and they stand here too: "
        "explorer/lessons/README.md has the form."
    )


def _show_card(one: Found) -> None:
    """What it is, and the button that opens it; of a faulty one the first problem."""
    if one.lesson is None:
        st.markdown(f"**{escaped(one.path.name)}** is faulty: {escaped(one.problem)}")
        st.code(f"{program()} lesson check {one.path.name}", language="bash")
        return
    read = one.lesson
    st.button(read.title, key=f"open-{one.name}", type="tertiary", on_click=lesson.go, args=(one.name,))
    st.markdown(escaped(read.summary))
    lecture = f" · lecture {escaped(read.lecture)}" if read.lecture else ""
    st.caption(f"{read.minutes} minutes · needs {escaped(read.needs)}{lecture} · language {escaped(read.language)}")


# --- a lesson


def _show_lesson(now: State, name: str, read: Lesson) -> None:
    at = lesson.step(len(read.steps))
    scene = scenes(read)[at]
    with st.container(key="lesson"):
        with st.container(key="lesson-text"):
            _show_text(name, read, at, scene)
        with st.container(key="lesson-scene"):
            _show_scene(now, name, scene)


def _show_text(name: str, read: Lesson, at: int, scene: Scene) -> None:
    teller = Teller(name, at, scene, runs_for_lessons())
    step = read.steps[at]
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="lesson-steps"):
        st.button("All lessons", icon=":material/list:", type="tertiary", key="lesson-list", on_click=lesson.go, args=("",))
        st.button("Back", key="lesson-back", disabled=at == 0, on_click=lesson.go, args=(name, at))
        st.button("Next", key="lesson-next", disabled=at + 1 == len(read.steps), on_click=lesson.go, args=(name, at + 2))
        st.caption(f"Step {at + 1} of {len(read.steps)}", width="content")
    st.markdown(f"## {teller.text(step.title)}")
    for number, part in enumerate(step.parts):
        show_block(part.block, teller, number)


def _show_scene(now: State, name: str, scene: Scene) -> None:
    """The map beside the text; of a training what to set, and the way to the page that trains."""
    if scene.train is not None:
        _show_training(scene.train)
        return
    run = get_run(scene.run)
    lesson.stage(f"{name}/{scene.since}", scene.run, now.run_id, list(run.projections), scene.show, now.reads_link)
    if now.run_id != scene.run:
        st.button(f"Show {escaped(scene.run)} again", key="lesson-again", on_click=lesson.stage_again)
        run = get_run(now.run_id)
    projection, axes = chosen_map(run)
    now = events.take_pins(now, events.surface_event(KEY), projection)
    live_map(now.run_id, projection, axes, KEY, pins=pins_shown(now, run, projection), options=Options())
    sync_link(now.run_id)


def _show_training(of: Train) -> None:
    """What is to be set on the page that trains, and the way there: the lesson is still open in its own tab."""
    beside = f", and beside it a second one with β = {of.beside:g}" if of.beside is not None else ""
    with st.container(border=True, key="lesson-training"):
        st.markdown("**A training in the page**")
        st.markdown(
            f"Images: {escaped(of.data)} · β = {of.beta:g} · {of.dimensions} latent dimensions · seed {of.seed} · "
            f"learning rate {of.rate:g} · noise {'on' if of.noise else 'off'}{beside}."
        )
        st.markdown("[Open the Train page in a tab beside this one](?view=train) and set it so.")
